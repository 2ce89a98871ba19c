"""Names to parts: ours, those of installed packages, or any `module:Class`.

A part is a factory, a class or a function, whose parameters are annotated and can be given by
name. What a run file says of a part is checked against its signature.

Some parameters have a meaning of their own. `asking` is a model, which a run file names by the key
`model`, in the part's own section or for all in `[run]`; with a default the part can do without.
`embedder` is one that embeds texts, named in the part's own section. `brief` is the domain's own
unless a run file gives another. A domain that takes `sandboxes` gets those of `[sandbox]`. A
mutator that takes `arms` is given other mutators, each of which a run file describes as it does a
section. `past` is the run, to look things up in, and `notes` what a model has noted down of it as
`[notes]` says, or `None`.

An installed package offers parts by entry points in the groups `goexplore.domain`,
`goexplore.selection`, `goexplore.mutation`, `goexplore.admission` and `goexplore.cells`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from inspect import Parameter, signature
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model
from pydantic.errors import PydanticUserError

from archive.admission import AdmissionRule
from goexplore.cells.base import Cells
from goexplore.domain import Domain, DomainError
from goexplore.selection.base import Judge, Selector
from mutators.base import Arm, Mutator, MutatorError, Notebook, Past
from mutators.llm.asking import Asking
from mutators.llm.embedding import Embedder
from sandboxes.pool import Pool

Kind = Literal["domain", "selection", "mutation", "admission", "cells"]
Factory = Callable[..., object]

_SELECTION = "goexplore.selection.parts"
_JUDGES = "goexplore.selection.judges"

OURS: Mapping[Kind, Mapping[str, str]] = {
    "domain": {
        "game24": "goexplore.domains.game24:Game24",
        "program": "goexplore.domains.program:Program",
    },
    "selection": {
        "beam": f"{_SELECTION}:beam",
        "best-first": f"{_SELECTION}:best_first",
        "by-counts": f"{_JUDGES}:by_counts",
        "choose": f"{_JUDGES}:choose",
        "clade": f"{_SELECTION}:clade",
        "compare": f"{_JUDGES}:compare",
        "dgm": f"{_SELECTION}:dgm",
        "epsilon-greedy": f"{_SELECTION}:epsilon_greedy",
        "epsilon-lexicase": f"{_SELECTION}:epsilon_lexicase",
        "go-explore-2019": f"{_SELECTION}:go_explore_2019",
        "go-explore-2021": f"{_SELECTION}:go_explore_2021",
        "greedy": f"{_SELECTION}:greedy",
        "guided": f"{_JUDGES}:guided",
        "lexicase": f"{_SELECTION}:lexicase",
        "mixture": f"{_JUDGES}:mixture",
        "likelihood": f"{_JUDGES}:likelihood",
        "newest": f"{_SELECTION}:newest",
        "novelty": f"{_JUDGES}:novelty",
        "oldest": f"{_SELECTION}:oldest",
        "pareto": f"{_SELECTION}:pareto",
        "rate": f"{_JUDGES}:rate",
        "softmax": f"{_SELECTION}:softmax",
        "start": f"{_SELECTION}:start",
        "tournament": f"{_SELECTION}:tournament",
        "uniform": f"{_SELECTION}:uniform",
    },
    "mutation": {
        "append-action": "mutators.actions:AppendAction",
        "choose-action": "mutators.choose_action:ChooseAction",
        "crossover": "mutators.rewriting:Crossover",
        "diff": "mutators.rewriting:Diff",
        "fix": "mutators.rewriting:Fix",
        "inspired": "mutators.rewriting:Inspired",
        "mixture": "mutators.mixture:Mixture",
        "reflexion": "mutators.reflexion:Reflexion",
        "rewrite": "mutators.rewriting:Rewrite",
    },
    "admission": {
        "better": "archive.admission:Better",
        "better-or-shorter": "archive.admission:BetterOrShorter",
        "interesting": "goexplore.selection.appraisers:Interesting",
        "keep-all": "archive.admission:KeepAll",
    },
    "cells": {
        "cvt": "goexplore.cells.voronoi:Voronoi",
        "domain": "goexplore.cells.domain:FromDomain",
        "grid": "goexplore.cells.grid:Grid",
        "nearest": "goexplore.cells.nearest:Nearest",
    },
}
"""Where the parts that come along are; they are imported when they are asked for."""

_OF_THE_RUN = ("sandboxes", "past", "notes")
"""Parameters that no run file gives in the section of a part."""

ArmKeys = dict[str, JsonValue]
"""What a run file says of an arm: its `kind`, a `name` if it wants one, and what the kind takes."""

_WORDS: Mapping[Kind, tuple[str, ...]] = {
    "domain": ("goal", "roots", "verify"),
    "selection": ("select|draw",),
    "mutation": ("name", "can_propose", "propose"),
    "admission": ("judge",),
    "cells": ("place",),
}


class SetupError(Exception):
    """A run that cannot be set up as it was asked for."""


class UnknownPart(SetupError):
    """No part of that kind and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that a run is put together from. `parameters` checks what it is made with.

    asks: whether it takes a model. needs: whether it cannot do without. embeds: whether it takes
    one that embeds texts. sandboxed: whether it takes sandboxes. mixes: whether it takes arms.
    looks: whether it looks things up in its run. noted: whether it takes notes on it.
    """

    kind: Kind
    name: str
    factory: Factory
    parameters: type[BaseModel]
    asks: bool
    needs: bool
    embeds: bool
    sandboxed: bool
    mixes: bool
    looks: bool
    noted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a part may be made with beside its own parameters; `brief` is the domain's.

    arms: what each of its arms may be made with, in their order.
    """

    asking: Asking | None = None
    embedder: Embedder | None = None
    brief: str = ""
    sandboxes: Pool | None = None
    arms: tuple["Given", ...] = ()
    past: Past | None = None
    notes: Notebook | None = None


_NOTHING = Given()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A part with the parameters that it is to be made with.

    arms: the parts that it draws among. name: its own as an arm; empty for none.
    """

    part: Part
    parameters: BaseModel
    arms: tuple["Choice", ...] = ()
    name: str = ""

    @property
    def model(self) -> str | None:
        """The name of the model that it asks; `None` for none."""
        return self._named("model") if self.part.asks else None

    @property
    def embedder(self) -> str | None:
        """The name of the model that embeds texts for it; `None` for none."""
        return self._named("embedder") if self.part.embeds else None

    @property
    def asks(self) -> bool:
        """Whether it takes a model, or an arm of it does."""
        return self.part.asks or any(arm.asks for arm in self.arms)

    @property
    def noted(self) -> bool:
        """Whether it takes notes, or an arm of it does."""
        return self.part.noted or any(arm.noted for arm in self.arms)

    @property
    def models(self) -> list[str]:
        """The names of all models that it and its arms ask, and of those that embed texts."""
        named = [name for name in (self.model, self.embedder) if name]
        return [*named, *(name for arm in self.arms for name in arm.models)]

    def _named(self, key: str) -> str | None:
        return str(getattr(self.parameters, key, "")) or None

    def make(self, offered: Given = _NOTHING) -> object:
        """The part itself, with the models that it names and the brief of the domain.

        Raises:
            SetupError: it cannot be made with these parameters, or is no part of this kind.
        """
        if self.part.needs and offered.asking is None:
            raise SetupError(f"[{self.part.kind}] {self.part.name} asks a model, and there is none")
        if self.part.sandboxed and offered.sandboxes is None:
            raise SetupError(f"[{self.part.kind}] {self.part.name} needs sandboxes")
        given = self._given(offered)
        try:
            made = self.part.factory(**given)
        except (ValueError, DomainError, MutatorError) as error:
            raise SetupError(f"[{self.part.kind}] {self.part.name}: {error}") from error
        for words in _WORDS[self.part.kind]:
            if not any(hasattr(made, word) for word in words.split("|")):
                lacks = " nor ".join(map(repr, words.split("|")))
                raise SetupError(f"{self.part.name} is no {self.part.kind}: it has no {lacks}")
        return made

    def _given(self, offered: Given) -> dict[str, object]:
        """What the part is made with, by the names of its parameters."""
        given: dict[str, object] = {
            name: getattr(self.parameters, name) for name in type(self.parameters).model_fields
        }
        part = self.part
        if part.asks:
            del given["model"]
        if "brief" in given:
            given["brief"] = given["brief"] or offered.brief
        special: Mapping[str, tuple[bool, object]] = {
            "asking": (part.asks, offered.asking),
            "embedder": (part.embeds, offered.embedder),
            "sandboxes": (part.sandboxed, offered.sandboxes),
            "past": (part.looks, offered.past),
            "notes": (part.noted, offered.notes),
        }
        given |= {name: value for name, (taken, value) in special.items() if taken}
        if part.mixes:
            given["arms"] = self._made_arms(offered.arms)
        return given

    def _made_arms(self, offered: Sequence[Given]) -> list[Arm]:
        return [
            Arm(mutator=arm.mutator(given), name=arm.name, model=arm.model or "")
            for arm, given in zip(self.arms, offered, strict=True)
        ]

    def domain(self, offered: Given = _NOTHING) -> Domain:
        """The part as a domain."""
        return cast(Domain, self.make(offered))

    def selector(self, offered: Given = _NOTHING) -> Selector | Judge:
        """The part as a selector or a judge."""
        return cast("Selector | Judge", self.make(offered))

    def mutator(self, offered: Given = _NOTHING) -> Mutator:
        """The part as a mutator."""
        return cast(Mutator, self.make(offered))

    def rule(self, offered: Given = _NOTHING) -> AdmissionRule:
        """The part as a rule of admission."""
        return cast(AdmissionRule, self.make(offered))

    def cells(self, offered: Given = _NOTHING) -> Cells:
        """The part as cells."""
        return cast(Cells, self.make(offered))


def names(kind: Kind) -> list[str]:
    """The names of all parts of a kind, ours and installed packages'."""
    return sorted({*OURS[kind], *_installed(kind)})


@lru_cache(maxsize=256)
def find(kind: Kind, name: str) -> Part:
    """The part of a name.

    Raises:
        UnknownPart: there is none.
        SetupError: it cannot be made from a run file.
    """
    factory = _factory(kind, name)
    taken = signature(factory).parameters
    asking = taken.get("asking")
    return Part(
        kind=kind,
        name=name,
        factory=factory,
        parameters=_parameters(kind, name, factory),
        asks=asking is not None,
        needs=asking is not None and asking.default is Parameter.empty,
        embeds="embedder" in taken,
        sandboxed="sandboxes" in taken,
        mixes=kind == "mutation" and "arms" in taken,
        looks="past" in taken,
        noted="notes" in taken,
    )


def nearest(name: str, known: Mapping[str, object] | list[str]) -> str | None:
    """The known name that looks most like another; `None` if none does."""
    return next(iter(get_close_matches(name, list(known), 1)), None)


def _factory(kind: Kind, name: str) -> Factory:
    if place := OURS[kind].get(name):
        return _loaded(kind, name, place)
    if entry_point := _installed(kind).get(name):
        return _loaded(kind, name, entry_point.value)
    if ":" in name:
        return _loaded(kind, name, name)
    known = ", ".join(names(kind))
    close = nearest(name, names(kind))
    hint = f"did you mean {close!r}? Known are" if close else "known are"
    raise UnknownPart(f"no {kind} named {name!r}; {hint} {known}, or write module:Class")


def _installed(kind: Kind) -> dict[str, EntryPoint]:
    return {found.name: found for found in entry_points(group=f"goexplore.{kind}")}


def _loaded(kind: Kind, name: str, place: str) -> Factory:
    module, _, path = place.partition(":")
    try:
        found: object = import_module(module)
        for word in path.split("."):
            found = getattr(found, word)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownPart(f"no {kind} named {name!r}: {error}") from error
    if not callable(found):
        raise UnknownPart(f"no {kind} named {name!r}: {place} is neither a class nor a function")
    return found


def _parameters(kind: Kind, name: str, factory: Factory) -> type[BaseModel]:
    """A model with a field for each parameter of a factory."""
    given = signature(factory, eval_str=True).parameters.values()
    fields = dict(_field(each) for each in given if each.name not in _OF_THE_RUN)
    if odd := [each.name for each in given if not _by_name(each)]:
        raise SetupError(f"{kind} {name}: its parameter {odd[0]!r} cannot be given by name")
    config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )
    try:
        return create_model(f"{kind} {name}", __config__=config, **fields)  # type: ignore[call-overload,no-any-return]  # fields are known at run time only
    except PydanticUserError as error:
        raise SetupError(
            f"{kind} {name} cannot be made from a run file: {error.message}"
        ) from error


def _field(parameter: Parameter) -> tuple[str, tuple[object, object]]:
    if parameter.name == "asking":
        return "model", (str, "")
    if parameter.name in ("brief", "embedder"):
        return parameter.name, (str, "")
    if parameter.name == "arms":
        return parameter.name, (Annotated[tuple[ArmKeys, ...], Field(min_length=2)], ...)
    return parameter.name, (parameter.annotation, _default(parameter))


def _default(parameter: Parameter) -> object:
    return ... if parameter.default is Parameter.empty else parameter.default


def _by_name(parameter: Parameter) -> bool:
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return parameter.kind in by_name and parameter.name != "kind"
