"""A run for other programs: JSON lines, GraphML, DOT; and a digest of it all."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from io import BytesIO

import networkx as nx

from archive.entry import Appraisal, Entry, Evaluation, Failure
from archive.lineage import graph, nodes
from archive.reading import RunReader

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def jsonl(reader: RunReader) -> Iterator[str]:
    """A line an entry, whole, in order of their ids: the same search gives the same lines.

    A snapshot is given by its SHA-256 alone.
    """
    for entry in reader.entries():
        yield json.dumps(_plain(entry), sort_keys=True) + "\n"


def digest(reader: RunReader) -> str:
    """SHA-256 of all entries and selections, without times: equal for equal searches."""
    summed = sha256()
    for line in jsonl(reader):
        summed.update(line.encode())
    for step in reader.step_records():
        chosen = (
            step.number,
            step.chosen,
            step.choices,
            step.probability,
            step.granted,
            step.as_of,
        )
        summed.update(repr(chosen).encode())
    return summed.hexdigest()


def graphml(reader: RunReader) -> Iterator[str]:
    """The lineage of a run as GraphML; see `archive.lineage.graph` for what a node has."""
    written = BytesIO()
    whole = graph(reader)
    for _, attributes in whole.nodes(data=True):
        attributes.update({k: _xml(v) for k, v in attributes.items() if isinstance(v, str)})
    nx.write_graphml(whole, written)  # pyright: ignore[reportUnknownMemberType]  # returns None
    yield written.getvalue().decode()


def dot(reader: RunReader) -> Iterator[str]:
    """The lineage of a run in Graphviz's language; admitted entries stand out."""
    yield "digraph run {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n"
    for node in nodes(reader):
        score = "" if node.objective is None else f"\n{node.objective:g}"
        label = _quoted(f"#{node.id} {node.cell or node.why}{score}")
        style = "" if node.status.admitted else ", color=gray, fontcolor=gray"
        yield f"  {node.id} [label={label}{style}];\n"
        for parent in node.parents:
            yield f"  {parent} -> {node.id};\n"
    yield "}\n"


def _xml(text: str) -> str:
    # XML knows no control characters, and UTF-8 no lone surrogates.
    return _NOT_IN_XML.sub("\ufffd", text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _plain(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "step": entry.step,
        "parents": entry.parents,
        "depth": entry.depth,
        "tree": dict(entry.candidate.tree),
        "mutator": entry.candidate.mutator,
        "rationale": entry.candidate.rationale,
        "option": entry.candidate.option,
        "status": entry.admission.status.name.lower(),
        "why": entry.admission.why,
        "result": _plain_result(entry),
        **_plain_appraisal(entry.appraisal),
        **({"island": entry.island} if entry.island else {}),
    }


def _plain_appraisal(appraisal: Appraisal | None) -> dict[str, object]:
    if appraisal is None:
        return {}
    vector = sha256(appraisal.vector).hexdigest() if appraisal.vector else None
    return {
        "interest": appraisal.interest,
        "refused": appraisal.refused,
        "kept_anyway": appraisal.anyway,
        "vector": vector,
    }


def _plain_result(entry: Entry) -> dict[str, object]:
    result = entry.result
    if isinstance(result, Failure):
        return {"cause": result.cause.value, "message": result.message, "log": result.log}
    return {
        "cell": result.cell,
        "objective": result.objective,
        "measures": dict(result.measures),
        "tasks": {task.task: task.score for task in result.tasks},
        "observation": result.observation,
        "options": [[option.text, option.promise] for option in result.options],
        "terminal": result.terminal,
        "snapshot": None if result.snapshot is None else sha256(result.snapshot).hexdigest(),
        **({} if result.domain_cell is None else {"domain_cell": result.domain_cell}),
        **_plain_estimate(result),
    }


def _plain_estimate(result: Evaluation) -> dict[str, object]:
    interval = {"interval": asdict(result.interval)} if result.interval else {}
    before = {} if result.first_seen is None else {"first_seen": result.first_seen}
    return {**interval, **before}
