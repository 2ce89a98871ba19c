"""A schema in words, for servers that take none."""

import json
from dataclasses import replace

from mutators.llm.base import Request

_INSTEAD = "Answer with one JSON value that follows this JSON schema, and with nothing else:"


def in_the_prompt(request: Request) -> Request:
    """A request that says in its system text what its schema says."""
    if request.schema is None:
        return request
    instead = f"{_INSTEAD}\n{json.dumps(request.schema)}"
    return replace(request, system=f"{request.system}\n\n{instead}".strip(), schema=None)
