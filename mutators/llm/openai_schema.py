"""A JSON schema as OpenAI's wire formats name it."""

from collections.abc import Mapping

from mutators.llm.base import Json


def named(schema: Mapping[str, Json]) -> dict[str, Json]:
    """A schema with a name, and whether an answer is held to it strictly."""
    return {"name": "answer", "schema": dict(schema), "strict": _strict(dict(schema))}


def _strict(schema: Json) -> bool:
    """Whether OpenAI can hold an answer to a schema: its objects are closed and complete."""
    if isinstance(schema, list):
        return all(_strict(each) for each in schema)
    if not isinstance(schema, dict):
        return True
    return _closed(schema) and all(_strict(each) for each in schema.values())


def _closed(schema: dict[str, Json]) -> bool:
    fields, required = schema.get("properties"), schema.get("required")
    if schema.get("type") != "object":
        return True
    if not isinstance(fields, dict) or not isinstance(required, list):
        return False
    return schema.get("additionalProperties") is False and set(fields) == set(map(str, required))
