"""What earlier runs measured that bears on a run to come: how long they were, what steps cost."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, JsonValue

from archive.entry import StepRecord
from archive.ledger import Call, StepSpending
from archive.library import Json, Library, RunSummary
from archive.reading import RunReader
from goexplore.config import RunConfig
from goexplore.events import Ending
from mutators.llm.base import Message, Request, Role, Usage
from mutators.llm.ledgered import most_prompt_tokens

Numbers = NDArray[np.float64]

CALLS, PROMPT, CACHED, COMPLETION = range(4)
"""The columns of what a line costs."""

ENOUGH = 3
"""Runs of which the nearest are taken alone."""

_PARTS = ("selection", "mutation", "admission")
_ASKING: Mapping[str, str] = {
    Role.SELECT: "selection",
    Role.JUDGE: "selection",
    Role.ACT: "mutation",
    Role.MUTATE: "mutation",
    Role.ADMIT: "admission",
    Role.NOTE: "notes",
}
"""Which part asks in a role, where models do not tell."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Calls that are told together: of a model, in a role."""

    role: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a run measured, a row for each of its steps, the roots' first.

    ended: it came to an end of its own, its goal or the end of what there was to try; else its
    budget, its user or its crash ended it, or nothing yet. costs: by line, columns as `CALLS` to
    `COMPLETION`. most: by line, the most that its largest call might have taken: what had to be
    left of a budget for it to be made.
    """

    name: str
    ended: bool
    verifications: Numbers
    seconds: Numbers
    costs: Mapping[Line, Numbers]
    most: Mapping[Line, Usage]

    @property
    def steps(self) -> int:
        """How many it took, the roots' not counted."""
        return len(self.verifications) - 1

    @property
    def calls(self) -> int:
        """How many calls of models it made."""
        return int(sum(costs[:, CALLS].sum() for costs in self.costs.values()))


Source = Literal["runs", "other models", "rehearsal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Runs to foretell another one from.

    source: earlier runs that asked the same models, or others, or rehearsals. asked: the models
    that they did ask, by name.
    """

    source: Source
    runs: tuple[Measured, ...]
    asked: tuple[str, ...] = ()


class _Asked(BaseModel):
    """What is kept of a request; see `Request.canonical`. `embed`: a text to embed instead."""

    system: str = ""
    messages: tuple[tuple[Literal["user", "assistant"], str], ...] = ()
    embed: str = ""
    max_tokens: int = 0
    schema_: dict[str, JsonValue] | None = Field(alias="schema", default=None)


def history_of(library: Library, config: RunConfig) -> History:
    """The runs of a library that are most like one to come.

    They explore the same kind of domain, with the same parts and the same horizon. If some asked
    the same models, only those count; of those that count, if enough explored the very same
    world, only they.
    """
    like = [each for each in library.runs() if each.steps > 0 and _likeness(each.spec, config)]
    same = [each for each in like if _models(each.spec) == _models(config.spec)]
    chosen = same or like
    near = [each for each in chosen if each.spec["domain"] == config.spec["domain"]]
    taken = near if len(near) >= ENOUGH else chosen
    read = (_with_models(library, each, config) for each in taken)
    return History(
        source="runs" if same else "other models",
        # One that was killed before it asked anything says nothing of costs.
        runs=tuple(run for run in read if run.costs),
        asked=tuple(
            sorted({name for each in taken for name in _models(each.spec).values()} - {""})
        ),
    )


def measured(run: RunReader, summary: RunSummary) -> Measured:
    """What a run measured."""
    records = list(run.step_records())
    elapsed = np.array([record.elapsed for record in records])
    costs = _costs(records, run.spending_by_step())
    return Measured(
        name=summary.name,
        ended=at_its_end(summary),
        verifications=np.array([float(record.verifications) for record in records]),
        seconds=np.diff(np.sort(elapsed), prepend=0.0),
        costs=costs,
        most={line: _most(run.largest_call(line.role, line.model)) for line in costs},
    )


def _most(call: Call | None) -> Usage:
    if call is None:
        return Usage()
    asked = _Asked.model_validate_json(call.request)
    request = Request(
        system=asked.system + asked.embed,
        messages=tuple(Message(speaker=speaker, text=text) for speaker, text in asked.messages),
        max_tokens=asked.max_tokens,
        schema=asked.schema_,
    )
    return Usage(prompt=most_prompt_tokens(request), completion=request.max_tokens)


def at_its_end(run: RunSummary) -> bool:
    """Whether a run reached its goal, or had nothing left to try."""
    ending = run.last_detail.partition(":")[0]
    return run.last_event == "ended" and ending in (Ending.GOAL, Ending.EXHAUSTED)


def _costs(records: Sequence[StepRecord], spent: Sequence[StepSpending]) -> dict[Line, Numbers]:
    # What was asked for a step that was never recorded counts for the next one that was.
    places = np.searchsorted([record.number for record in records], [each.step for each in spent])
    found: defaultdict[Line, Numbers] = defaultdict(lambda: np.zeros((len(records), 4)))
    for place, each in zip(np.minimum(places, len(records) - 1), spent, strict=True):
        found[Line(each.role, each.model)][place] += (
            each.calls,
            each.prompt_tokens,
            each.cached_tokens,
            each.completion_tokens,
        )
    return dict(found)


def _likeness(spec: Mapping[str, Json], config: RunConfig) -> bool:
    mine = config.spec
    same_parts = all(
        _without_model(spec.get(part)) == _without_model(mine.get(part))
        for part in (*_PARTS, "notes")
    )
    same_world = _part(spec, "domain").get("kind") == config.domain.part.name
    return same_parts and same_world and spec.get("horizon") == mine["horizon"]


def _without_model(part: Json) -> Json:
    if not isinstance(part, Mapping):
        return part
    return {
        key: [_without_model(arm) for arm in value] if isinstance(value, list) else value
        for key, value in part.items()
        if key != "model"
    }


def _part(spec: Mapping[str, Json], part: str) -> Mapping[str, Json]:
    found = spec.get(part)
    return found if isinstance(found, Mapping) else {}


def _models(spec: Mapping[str, Json]) -> dict[str, str]:
    """The models of a run, by who asks them: a part, an arm of one, or the notes."""
    return {place: str(keys.get("model") or "") for place, keys in _askers(spec)}


def _askers(spec: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for part in (*_PARTS, "notes"):
        keys = _part(spec, part)
        yield part, keys
        arms = keys.get("arms")
        for place, arm in enumerate(arms if isinstance(arms, list) else []):
            if isinstance(arm, Mapping):
                yield f"{part}.{place}", arm


def _with_models(library: Library, summary: RunSummary, config: RunConfig) -> Measured:
    """What a run measured, as if it had asked the models of the run to come."""
    found = measured(library.read(summary.name), summary)
    was, will = _models(summary.spec), _models(config.spec)
    costs: dict[Line, Numbers] = {}
    most: dict[Line, Usage] = {}
    for line, rows in found.costs.items():
        renamed = Line(line.role, _successor(line, was, will))
        costs[renamed] = costs[renamed] + rows if renamed in costs else rows
        most[renamed] = found.most[line]
    return replace(found, costs=costs, most=most)


def _successor(line: Line, was: Mapping[str, str], will: Mapping[str, str]) -> str:
    """The model that will be asked where a run asked another."""
    asked = [place for place in was if was[place] == line.model]
    wanted = {will[place] for place in asked if will.get(place)}
    by_role = will.get(_ASKING.get(line.role, "mutation"), "")
    return by_role if by_role in wanted else min(wanted, default=line.model)
