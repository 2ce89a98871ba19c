"""How a run is put together: layers of settings, checked, become a run.

A run file is TOML with the sections of `Sections`. Below it lie the defaults, the environment and
a preset, above it single overrides and the options of the command line; of two layers that name
different kinds of a part, the lower one's parameters for it do not count.
"""

import json
import re
import tomllib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from importlib.resources import files
from math import gcd, inf
from pathlib import Path
from typing import Annotated, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from archive.admission import AdmissionRule
from archive.closing import Closing
from archive.entry import Entry, EntryId, TurnRecord
from archive.ledger import Call, Cost, Ledger
from archive.library import Json, Library
from archive.sql import SqlArchive
from goexplore.appraisal import Appraiser
from goexplore.budget import Budget
from goexplore.catalog import (
    OURS,
    ArmKeys,
    Choice,
    Given,
    Kind,
    Part,
    SetupError,
    find,
    names,
    nearest,
)
from goexplore.cells.base import Cells
from goexplore.connections import Connections, Facts, Silent, Unasked, Unembedded, Unread
from goexplore.domain import Briefed, Domain
from goexplore.engine import Engine
from goexplore.events import Observer
from goexplore.fingerprint import fingerprint
from goexplore.islands import Islands
from goexplore.processes import InProcesses
from goexplore.twins import Same, Twins
from goexplore.view import Order
from mutators.base import Past
from mutators.llm.asking import Asking
from mutators.llm.base import LLM
from mutators.llm.embedding import LedgeredEmbedder, check_dimension
from mutators.llm.ledgered import Ledgered
from mutators.llm.models import ModelFacts
from mutators.llm.purse import Purse
from mutators.llm.stopping import StopSign
from mutators.notes import CHARACTERS, EVERY, Notes
from sandboxes.base import Kind as SandboxKind
from sandboxes.limits import MIB, Room
from sandboxes.pool import Pool

ARCHIVE_VARIABLE = "GOEXPLORE_ARCHIVE"
DEFAULT_PRESET = "default"

_KINDS: tuple[Kind, ...] = get_args(Kind)
_UNSAID: Mapping[Kind, str] = {"cells": "domain"}
"""Kinds of parts that need not be named. What is not said is no part of what makes a run."""


BEGUN_AGAIN = "begins with another's entries"
"""The event of a run into which those of another are being copied."""

_ISLANDS = ("islands", "migration_every", "migrants")


class ConfigError(SetupError):
    """Settings that make no run; the message says where, what, and what is known."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RunSection(_Section):
    """What makes a run beside its parts; see `goexplore.engine.Engine`.

    model: what the parts ask that name no model of their own.
    processes: worker processes that candidates are run in; 0 runs them in threads of this one.
    islands, migration_every, migrants: see `goexplore.islands.Islands`.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    model: Annotated[str, Field(min_length=1)] | None = None
    seed: int = 0
    workers: Annotated[int, Field(ge=1, le=1024)] = 1
    processes: Annotated[int, Field(ge=0, le=1024)] = 0
    horizon: Annotated[int, Field(ge=1)] = 1
    deterministic: bool = False
    lag: Annotated[int, Field(ge=1)] | None = None
    islands: Annotated[int, Field(ge=1, le=1024)] = 1
    migration_every: Annotated[int, Field(ge=1)] = 20
    migrants: Annotated[int, Field(ge=0)] = 1


class BudgetSection(_Section):
    """What a run may spend; without a limit where nothing is said. See `goexplore.budget`."""

    steps: Annotated[int, Field(ge=0)] | None = None
    verifications: Annotated[int, Field(ge=0)] | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    tokens: Annotated[int, Field(ge=0)] | None = None
    dollars: Annotated[float, Field(ge=0)] | None = None

    def budget(self) -> Budget:
        """The same as the engine takes it."""
        said = {name: inf if value is None else value for name, value in self}
        return Budget(**said)


class SandboxSection(_Section):
    """Where untrusted code runs; see `sandboxes.settings.Settings` and `sandboxes.limits.Room`.

    image: what the image of the sandboxes is built on; packages: what pip installs in it.
    memory_mib, disk_mib: mebibytes.
    """

    kind: SandboxKind = "strict"
    engine: str = ""
    image: str = ""
    packages: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    memory_mib: Annotated[int, Field(ge=32)] = 256
    disk_mib: Annotated[int, Field(ge=1)] = 64
    processors: Annotated[float, Field(gt=0)] = 1.0
    processes: Annotated[int, Field(ge=1)] = 64
    allow_unconfined: bool = False

    def room(self) -> Room:
        """What a sandbox has."""
        return Room(
            memory=self.memory_mib * MIB,
            disk=self.disk_mib * MIB,
            processors=self.processors,
            processes=self.processes,
        )


class DuplicatesSection(_Section):
    """Which children are not run, since they have been tried; see `goexplore.twins.Twins`.

    same: without a word, "code" where candidates run in sandboxes, and else "none".
    """

    same: Same | None = None
    near: Annotated[float, Field(gt=0, le=1)] | None = None


class NotesSection(_Section):
    """What a model notes down of a run for those who change programs; see `mutators.notes.Notes`.

    every: entries from one note to the next; 0 for no notes. model: who writes them; else that of
    `[run]`, else the first that the mutation names. characters: of a note that are kept.
    """

    every: Annotated[int, Field(ge=0)] = EVERY
    model: Annotated[str, Field(min_length=1)] | None = None
    characters: Annotated[int, Field(ge=100, le=100_000)] = CHARACTERS
    prompts: Path | None = None


class ArchiveSection(_Section):
    """Where the entries are kept: `sqlite:///FILE` or `postgresql+psycopg://USER@HOST/NAME`."""

    url: str = "sqlite:///goexplore.db"


_PLAIN: Mapping[str, type[_Section]] = {
    "run": RunSection,
    "budget": BudgetSection,
    "archive": ArchiveSection,
    "sandbox": SandboxSection,
    "duplicates": DuplicatesSection,
    "notes": NotesSection,
}
SECTIONS = ("run", *_KINDS, "duplicates", "notes", "budget", "models", "archive", "sandbox")

_STORED = (*_KINDS, "duplicates", "notes", "sandbox")
"""Sections that are part of a spec."""

Settings = Mapping[str, Mapping[str, object]]
"""Sections of keys with their values, as TOML has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Settings and where they are from, as a message says it.

    folder: what their relative paths are relative to.
    """

    source: str
    settings: Settings
    folder: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named layer that comes along."""

    name: str
    description: str
    source: str
    layer: Layer


# Layers


def preset(name: str) -> Preset:
    """The preset of a name.

    Raises:
        ConfigError: there is none.
    """
    known = sorted(each.name.removesuffix(".toml") for each in _preset_folder().iterdir())
    if name not in known:
        raise ConfigError(f"no preset named {name!r}{_hint(name, known)}")
    table = tomllib.loads(_preset_folder().joinpath(f"{name}.toml").read_text("utf-8"))
    words = {key: str(table.pop(key)) for key in ("description", "source")}
    return Preset(name=name, layer=_layer(f"preset {name}", table), **words)


def presets() -> list[Preset]:
    """All presets, by name."""
    return [preset(each) for each in sorted(f.name[:-5] for f in _preset_folder().iterdir())]


def run_file(path: Path) -> Layer:
    """The layer that a run file holds.

    Raises:
        ConfigError: it cannot be read, or has a section that does not exist.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file in UTF-8 (byte {error.start})") from error
    try:
        return replace(_layer(str(path), tomllib.loads(text)), folder=path.parent)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: no TOML: {error}") from error


def overrides(texts: Sequence[str]) -> Layer:
    """The layer of some `section.key=value`; a value is TOML, a bare word is text.

    Raises:
        ConfigError: one is none.
    """
    table: dict[str, dict[str, object]] = {}
    for text in texts:
        match = re.fullmatch(r"\s*([\w-]+)\.([\w-]+)\s*=(.*)", text, re.DOTALL)
        if match is None:
            raise ConfigError(f"-s {text}: write SECTION.KEY=VALUE, such as selection.kind=dgm")
        section, key, value = match.groups()
        table.setdefault(section, {})[key] = _value(value.strip())
    return _layer("-s", table)


def environment(variables: Mapping[str, str]) -> Layer:
    """The layer that the environment makes: where the archive is."""
    url = variables.get(ARCHIVE_VARIABLE)
    return _layer(ARCHIVE_VARIABLE, {"archive": {"url": url}} if url else {})


def keys(variables: Mapping[str, str]) -> dict[str, str]:
    """The keys of models that the environment holds, by provider."""
    found = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
    return {provider: variables[name] for provider, name in found.items() if variables.get(name)}


def options(settings: Settings) -> Layer:
    """The layer that the options of the command line make; what was not given is `None`."""
    given = {
        section: {key: value for key, value in keys.items() if value is not None}
        for section, keys in settings.items()
    }
    return Layer(source="command line", settings={s: keys for s, keys in given.items() if keys})


def stored(name: str, spec: Mapping[str, Json]) -> Layer:
    """The layer that brings a run back from its spec."""
    kept = ("seed", "horizon", "deterministic", "lag", *_ISLANDS)
    known = {key: spec[key] for key in kept if key in spec}
    run = {key: value for key, value in known.items() if value is not None}
    parts: dict[str, object] = {part: spec[part] for part in _STORED if part in spec}
    return _layer(f"run {name}", {"run": {"name": name, **run}, **parts})


def _preset_folder() -> Path:
    return Path(str(files("goexplore") / "presets"))


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _layer(source: str, table: Mapping[str, object]) -> Layer:
    for section, keys in table.items():
        if section not in SECTIONS:
            raise ConfigError(f"{source}: {_no_section(section, keys)}")
        if not isinstance(keys, Mapping):
            raise ConfigError(f"{source}: {section} = {keys!r} should be a section, [{section}]")
    # TOML and JSON have no keys but text.
    return Layer(source=source, settings=cast(Settings, table))


def _no_section(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"there is no section [{name}]{_hint(name, SECTIONS)}"
    homes = [section for section, model in _PLAIN.items() if name in model.model_fields]
    hint = f"; it belongs into [{homes[0]}]" if homes else ""
    return f"{name!r} stands outside of a section{hint}"


def _hint(name: str, known: Sequence[str]) -> str:
    close = nearest(name, list(known))
    if close:
        return f"; did you mean {close!r}?"
    return f"; known are {', '.join(known)}" if known else "; it has none"


# The run that they make


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """A run, checked and not yet begun."""

    run: RunSection
    domain: Choice
    selection: Choice
    mutation: Choice
    admission: Choice
    cells: Choice
    budget: Budget
    models: Facts
    url: str
    sandbox: SandboxSection
    duplicates: DuplicatesSection
    notes: NotesSection

    @property
    def spec(self) -> dict[str, Json]:
        """What makes the run the run that it is, as JSON: not what it may spend or how fast."""
        run = self.run
        return {
            **{kind: keys for kind, keys in self._parts().items() if keys != _unsaid(kind)},
            **self._held(),
            **self._noted(),
            **self._files(),
            **self._skipped(),
            "seed": run.seed,
            "horizon": run.horizon,
            "deterministic": run.deterministic,
            "lag": self.lag,
            **self._ring(),
        }

    @property
    def settings(self) -> dict[str, dict[str, Json]]:
        """The sections of a run file that says all of it."""
        budget = {unit.name: getattr(self.budget, unit.name) for unit in fields(self.budget)}
        return {
            "run": self.run.model_dump(exclude_none=True),
            # TOML has no word for nothing.
            **{kind: _said(keys) for kind, keys in self._parts().items()},
            "notes": self.notes.model_dump(mode="json", exclude_none=True),
            "budget": {unit: value for unit, value in budget.items() if value < inf},
            "models": json.loads(json.dumps(self.models)),
            "archive": {"url": self.url},
            "sandbox": self.sandbox.model_dump(mode="json"),
            "duplicates": self.duplicates.model_dump(exclude_none=True),
        }

    @property
    def archive(self) -> str:
        """The URL of its archive, without a password."""
        return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", self.url)

    @property
    def islands(self) -> Islands:
        """The archives that it has beside each other."""
        run = self.run
        return Islands(count=run.islands, every=run.migration_every, migrants=run.migrants)

    @property
    def lag(self) -> int | None:
        """How far selection lags behind where that is part of what the run finds."""
        return (self.run.lag or self.run.workers) if self.run.deterministic else None

    @property
    def name(self) -> str:
        """The name it was given, or one that the same settings always give."""
        return self.run.name or f"{self._words()}-{self._digest()}"

    @property
    def same(self) -> Same:
        """Which children count as tried already."""
        return self.duplicates.same or ("code" if self.domain.part.sandboxed else "none")

    def choice(self, kind: Kind) -> Choice:
        """The part of a kind."""
        return next(each for each in self.choices if each.part.kind == kind)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All its parts."""
        return (self.domain, self.selection, self.mutation, self.admission, self.cells)

    @property
    def asked(self) -> list[str]:
        """The models that its parts ask, and those that embed texts for them."""
        named = {name for choice in self.choices for name in choice.models}
        return sorted({*named, *([self.noting] if self.noting else [])})

    @property
    def noting(self) -> str | None:
        """The model that writes notes; `None` where nobody reads any."""
        if not self.notes.every or not self.mutation.noted:
            return None
        return self.notes.model or self.run.model or next(iter(self.mutation.models), None)

    def _parts(self) -> dict[Kind, dict[str, Json]]:
        return {kind: plain(self.choice(kind)) for kind in _KINDS}

    def _files(self) -> dict[str, Json]:
        """What the files hold that its domain names; with others, scores mean something else."""
        named: dict[str, object] = dict(self.domain.parameters)
        found: dict[str, Json] = {
            key: fingerprint(path) for key, path in named.items() if isinstance(path, Path)
        }
        return {"files": found} if found else {}

    def _held(self) -> dict[str, Json]:
        """What holds its candidates; not where the engine is, nor leave to do without."""
        if not self.domain.part.sandboxed:
            return {}
        section = self.sandbox.model_dump(mode="json", exclude={"engine", "allow_unconfined"})
        return {"sandbox": section}

    def _ring(self) -> dict[str, Json]:
        """Its islands, where it has some."""
        return {key: getattr(self.run, key) for key in _ISLANDS} if self.run.islands > 1 else {}

    def _skipped(self) -> dict[str, Json]:
        """What is said of duplicates; nothing where that is nothing."""
        said = self.duplicates.model_dump(exclude_none=True)
        return {"duplicates": said} if said else {}

    def _noted(self) -> dict[str, Json]:
        """What is noted down of it, where anybody reads that."""
        if not self.mutation.noted:
            return {}
        return {"notes": {**self.notes.model_dump(mode="json"), "model": self.noting}}

    def _words(self) -> str:
        values = [v for v in self.domain.parameters.model_dump(mode="json").values() if v]
        first = json.dumps(values[:1]) if values and isinstance(values[0], list) else ""
        words = re.findall("[A-Za-z0-9]+", f"{self.domain.part.name.rpartition(':')[2]} {first}")
        return "-".join(words)[:60].lower()

    def _digest(self) -> str:
        return sha256(json.dumps(self.spec, sort_keys=True).encode()).hexdigest()[:6]


def _said(keys: Mapping[str, Json]) -> dict[str, Json]:
    return {key: _said_of(value) for key, value in keys.items() if value is not None}


def _said_of(value: Json) -> Json:
    if isinstance(value, Mapping):
        return _said(value)
    return [_said_of(each) for each in value] if isinstance(value, list) else value


def _unsaid(kind: Kind) -> dict[str, Json] | None:
    return {"kind": _UNSAID[kind]} if kind in _UNSAID else None


def plain(choice: Choice) -> dict[str, Json]:
    """A part with its parameters, as JSON."""
    parameters: dict[str, Json] = json.loads(choice.parameters.model_dump_json())
    named: dict[str, Json] = {"name": choice.name} if choice.name else {}
    return {"kind": choice.part.name, **named, **parameters}


def checked(layers: Sequence[Layer]) -> RunConfig:
    """The run that layers of settings make, the lowest first.

    Raises:
        ConfigError: they make none.
        SetupError: they name a part that is not there.
    """
    stack = _Stack(layers)
    config = RunConfig(
        run=stack.section("run", RunSection),
        domain=stack.choice("domain"),
        selection=stack.choice("selection"),
        mutation=stack.choice("mutation"),
        admission=stack.choice("admission"),
        cells=stack.choice("cells"),
        budget=stack.section("budget", BudgetSection).budget(),
        models=stack.models(),
        url=stack.section("archive", ArchiveSection).url,
        sandbox=stack.section("sandbox", SandboxSection),
        duplicates=stack.section("duplicates", DuplicatesSection),
        notes=stack.section("notes", NotesSection),
    )
    if config.same == "none" and config.duplicates.near is not None:
        raise ConfigError(
            "[duplicates] near does nothing where same is 'none'; say same = \"code\" beside it"
        )
    if config.run.model and not any(choice.asks for choice in config.choices):
        raise ConfigError(
            f"no part of this run asks a model, so {config.run.model!r} would do nothing; "
            "choose a preset that does, such as ige (goexplore presets lists them)"
        )
    _check_rounds(config)
    if config.selection.part.name == "novelty" and _embeds(config.cells):
        raise ConfigError(
            "[selection] novelty and [cells] nearest would both keep an embedding of each entry; "
            "name measures for the cells"
        )
    if config.notes.model and not config.mutation.noted:
        raise ConfigError(
            f"[notes] model = {json.dumps(config.notes.model)} would do nothing: "
            f"[mutation] {config.mutation.part.name} reads no notes"
        )
    return config


def _check_rounds(config: RunConfig) -> None:
    """See that what is done at every so-manieth step comes round to every island."""
    every, islands = getattr(config.selection.parameters, "remove", 0), config.run.islands
    if every and gcd(every, islands) > 1:
        raise ConfigError(
            f"[selection] remove = {every} would never come to some of the {islands} islands; "
            "take a number that has no divisor in common with theirs"
        )


def _embeds(cells: Choice) -> bool:
    """Whether cells are found by embeddings, be it without a model."""
    return cells.part.embeds and not getattr(cells.parameters, "measures", ())


def checked_url(layers: Sequence[Layer]) -> str:
    """The URL of the archive that layers of settings name, the lowest first."""
    return _Stack(layers).section("archive", ArchiveSection).url


def checked_sandbox(layers: Sequence[Layer]) -> SandboxSection:
    """What layers of settings say of sandboxes, the lowest first."""
    return _Stack(layers).section("sandbox", SandboxSection)


def checked_domain(layers: Sequence[Layer]) -> Choice:
    """The world that layers of settings name, the lowest first."""
    return _Stack(layers).choice("domain")


def schema() -> dict[str, object]:
    """The JSON schema of run files, with the parts that come along and any `module:Class`."""
    sections: dict[str, object] = {
        name: model.model_json_schema() for name, model in _PLAIN.items()
    }
    known_of_models = ModelFacts.model_json_schema()
    sections["models"] = {"type": "object", "additionalProperties": known_of_models}
    for kind in _KINDS:
        known = [_schema_of(find(kind, name)) for name in OURS[kind]]
        sections[kind] = {"anyOf": [*known, _schema_of_other(kind)]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A run file of goexplore",
        "type": "object",
        "properties": {section: sections[section] for section in SECTIONS},
        "additionalProperties": False,
    }


def _schema_of_other(kind: Kind) -> dict[str, object]:
    return {
        "type": "object",
        "description": "A part of an installed package, or module:Class.",
        "properties": {"kind": {"type": "string", "not": {"enum": list(OURS[kind])}}},
        "required": ["kind"],
    }


def _schema_of(part: Part) -> dict[str, object]:
    found = part.parameters.model_json_schema()
    properties = {"kind": {"const": part.name}, **found.get("properties", {})}
    return {**found, "properties": properties}


def _known(kind: Kind) -> str:
    return f"{', '.join(names(kind))}, or write module:Class"


Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Stack:
    """Layers, one upon the other."""

    layers: Sequence[Layer]

    def section(self, section: str, model: type[Model]) -> Model:
        """The keys of a section, checked."""
        values = self._placed(section, model)
        try:
            # JSON, since only there is strictness what TOML means: an array for a tuple.
            return model.model_validate_json(json.dumps(values, default=str))
        except ValidationError as error:
            known = list(model.model_fields)
            fault = self._fault(section, error.errors()[0], values, known)
            raise ConfigError(fault) from error

    def models(self) -> Facts:
        """What is said of models; `mutators.llm.models` checks it when one is asked."""
        merged: dict[str, Mapping[str, object]] = {}
        for layer in self.layers:
            for name, facts in layer.settings.get("models", {}).items():
                if not isinstance(facts, Mapping):
                    raise ConfigError(f"{layer.source}: [models] {name!r} should be a section")
                merged[name] = cast("Mapping[str, object]", facts)
        return merged

    def choice(self, kind: Kind) -> Choice:
        """The part of a kind with its parameters, checked."""
        name = self._keys(kind, with_kind=True).get("kind", _UNSAID.get(kind))
        if not isinstance(name, str):
            source = self._source(kind, "kind")
            raise ConfigError(f"{source}[{kind}] needs a 'kind'; known are {_known(kind)}")
        part = find(kind, name)
        parameters = self.section(kind, part.parameters)
        choice = Choice(part=part, parameters=parameters)
        if part.mixes:
            return self._mixed(choice)
        if not part.asks or choice.model:
            return choice
        model = self.section("run", RunSection).model
        if part.needs and not model:
            raise ConfigError(
                f"{self._source(kind, 'kind')}[{kind}] {name} asks a model: name one with "
                f"--model, or as 'model' in [run] or [{kind}]"
            )
        return Choice(part=part, parameters=parameters.model_copy(update={"model": model or ""}))

    def _mixed(self, choice: Choice) -> Choice:
        """A part that draws among others, with all of them."""
        keys = cast("Sequence[ArmKeys]", dict(choice.parameters)["arms"])
        kind = choice.part.kind
        arms = tuple(self._arm(kind, place, each) for place, each in enumerate(keys, start=1))
        said = tuple(plain(arm) for arm in arms)
        return replace(
            choice, parameters=choice.parameters.model_copy(update={"arms": said}), arms=arms
        )

    def _arm(self, kind: Kind, place: int, keys: ArmKeys) -> Choice:
        """An arm, checked as the section of a part is."""
        source = f"{self._source(kind, 'arms')}arm {place}"
        name = keys.get("name", "")
        if not isinstance(name, str):
            raise ConfigError(f"{source}: [{kind}] name = {json.dumps(name)} should be text")
        own = {key: value for key, value in keys.items() if key != "name"}
        model = self.section("run", RunSection).model
        stack = _Stack(
            [
                Layer(source="", settings={"run": {"model": model}}),
                Layer(source=source, settings={kind: own}, folder=self._folder(kind, "arms")),
            ]
        )
        of = own.get("kind")
        if not isinstance(of, str):
            raise ConfigError(f"{source}: [{kind}] needs a 'kind'; known are {_known(kind)}")
        if find(kind, of).mixes:
            raise ConfigError(f"{source}: [{kind}] a {of} cannot be an arm of another")
        return replace(stack.choice(kind), name=name)

    def _keys(self, section: str, *, with_kind: bool = False) -> dict[str, object]:
        merged: dict[str, object] = {}
        for layer in self.layers:
            keys = layer.settings.get(section, {})
            if section in _KINDS and keys.get("kind", merged.get("kind")) != merged.get("kind"):
                merged = {}
            merged |= keys
        return {k: v for k, v in merged.items() if k != "kind" or with_kind or section in _PLAIN}

    def _placed(self, section: str, model: type[BaseModel]) -> dict[str, object]:
        """The keys of a section, with paths that hold wherever the run goes on."""
        values = self._keys(section)
        for key, field in model.model_fields.items():
            paths = Path in (field.annotation, *get_args(field.annotation))
            if paths and isinstance(value := values.get(key), str):
                values[key] = str((self._folder(section, key) / value).resolve())
        return values

    def _folder(self, section: str, key: str) -> Path:
        holding = (each for each in reversed(self.layers) if key in each.settings.get(section, {}))
        return next(layer.folder for layer in holding)

    def _source(self, section: str, key: str) -> str:
        holding = (each for each in reversed(self.layers) if key in each.settings.get(section, {}))
        return next((f"{layer.source}: " for layer in holding), "")

    def _fault(
        self, section: str, fault: ErrorDetails, values: Mapping[str, object], known: Sequence[str]
    ) -> str:
        key, *inside = map(str, fault["loc"])
        if key not in values:
            return f"{self._source(section, 'kind')}[{section}] needs a key {key!r}"
        source = self._source(section, key)
        if fault["type"] == "extra_forbidden":
            return f"{source}[{section}] has no key {key!r}{_hint(key, known)}"
        place = f"at {'.'.join(inside)}: " if inside else ""
        message = fault["msg"].replace("Input should", "should", 1).replace("Field", "field", 1)
        value = json.dumps(values[key], default=str)
        return f"{source}[{section}] {key} = {value}: {place}{message}"


# Sandboxes

Tell = Callable[[str, str], None]
"""Hears how the image of sandboxes comes on: a stage of `sandboxes.images.build`, and a step."""


def _say_nothing(stage: str, detail: str) -> None:
    """Nobody waits."""


def sandboxes_of(
    section: SandboxSection,
    *,
    size: int,
    run: str = "",
    room: Room | None = None,
    tell: Tell = _say_nothing,
) -> Pool:
    """Sandboxes as a section of a run file says, at most so many at a time.

    run: whose they are. room: instead of the one that it says. tell: hears how their image comes
    on.

    Raises:
        SetupError: they contradict each other.
        SandboxError: there can be none.
    """
    # The engine's library takes half a second to load, for which other runs need not wait.
    from sandboxes.images.build import Recipe  # noqa: PLC0415
    from sandboxes.settings import Settings as Wanted  # noqa: PLC0415
    from sandboxes.settings import source  # noqa: PLC0415

    try:
        wanted = Wanted(
            kind=section.kind,
            engine=section.engine,
            recipe=Recipe(base=section.image, packages=section.packages),
            room=room or section.room(),
            hosts=section.hosts,
            allow_unconfined=section.allow_unconfined,
        )
    except ValueError as error:
        raise SetupError(f"[sandbox] {error}") from error
    return Pool(source(wanted, run=run, tell=tell), size=size, attempts=2)


@contextmanager
def world_of(config: RunConfig, tell: Tell = _say_nothing) -> Generator[Domain]:
    """The world of a run, for as long as it is used. tell: hears how its image comes on.

    Raises:
        SetupError: it cannot be made with its parameters.
        SandboxError: it takes sandboxes, and there can be none.
    """
    if not config.domain.part.sandboxed:
        yield config.domain.domain()
        return
    if config.run.processes:
        raise SetupError(
            f"[run] processes = {config.run.processes}: candidates of {config.domain.part.name} "
            "run in sandboxes, which are processes already; [run] workers says how many"
        )
    # As many as candidates can be run at once.
    size, name = config.run.workers, config.name
    with sandboxes_of(config.sandbox, size=size, run=name, tell=tell) as sandboxes:
        yield config.domain.domain(Given(sandboxes=sandboxes))


def placing(config: RunConfig) -> tuple[Cells, AdmissionRule]:
    """The cells of a run and its rule, to look at what it has found; no model is asked.

    Raises:
        SetupError: one of them cannot be made with its parameters.
    """
    models = _connected(config, Connections({}), StopSign(), silent=True)
    cells = config.cells.cells(_unasked(config.cells, models, "", None))
    return cells, config.admission.rule(_unasked(config.admission, models, "", None))


# The run, ready to go


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaying:
    """The steps of a run as they were chosen, and what models answered then."""

    turns: tuple[TurnRecord | Order, ...]
    answers: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRun(Closing):
    """A run with its parts made and its archive open. Close it, or use it in a `with`."""

    name: str
    archive: SqlArchive
    engine: Engine
    domain: Domain
    cells: Cells
    held: ExitStack

    def close(self) -> None:
        """Write what waits, let others have the run, and end its processes."""
        self.held.close()


def prepare(
    config: RunConfig,
    *,
    library: Library,
    version: str = "",
    observers: Sequence[Observer] = (),
    connections: Connections | None = None,
    replaying: "Replaying | None" = None,
    tell: Tell = _say_nothing,
) -> PreparedRun:
    """Make the parts of a run and open its archive.

    connections: to the models that it asks, with their keys; without, only such as need none.
    replaying: take these steps and no others, with these answers and none of a model's.
    tell: hears how the image of its sandboxes comes on.

    Raises:
        SetupError: a part cannot be made with its parameters.
        DomainError: the world cannot be explored; nothing has been recorded then.
        LLMError: a model cannot be asked; nothing has been recorded then.
        ArchiveError: the archive cannot be opened.
        SandboxError: sandboxes cannot be had.
    """
    with ExitStack() as held:
        domain = held.enter_context(world_of(config, tell))
        # A world with nothing to begin with leaves no empty run behind, nor does a part of no use.
        domain.roots()
        brief = domain.brief if isinstance(domain, Briefed) else ""
        sign = StopSign()
        connected = connections or Connections({})
        models = _connected(config, connected, sign, silent=replaying is not None)
        noting = _unasked_notes(config, models, brief)
        for choice in config.choices[1:]:
            choice.make(_unasked(choice, models, brief, noting))
        world = domain
        if config.run.processes:
            world = held.enter_context(InProcesses(domain, config.run.processes))
        archive = held.enter_context(library.open(config.name, config.spec, version))
        _check_whole(archive, config.name)
        purse = _purse(config, archive) if models else None
        ledger = replaying.answers if replaying else archive.ledger
        through = _Through(
            models=models,
            past=_Past(archive, ledger),
            purse=purse,
            brief=brief,
            seed=config.run.seed,
        )
        notes = through.notes(config)
        islands = config.islands
        selectors = [
            config.selection.selector(through.given(config.selection)) for _ in range(islands.count)
        ]
        rule = config.admission.rule(through.given(config.admission))
        cells = config.cells.cells(through.given(config.cells))
        engine = Engine(
            archive=archive,
            domain=world,
            selector=selectors,
            islands=islands,
            mutator=config.mutation.mutator(through.given(config.mutation, notes)),
            rule=rule,
            cells=cells,
            # What one thinks of a child holds for all of its kind.
            appraisers=[part for part in (selectors[0], rule) if isinstance(part, Appraiser)],
            twins=_twins(config, archive),
            remembering=[notes] if notes else [],
            budget=config.budget,
            purse=purse,
            sign=sign,
            turns=replaying.turns if replaying else None,
            seed=config.run.seed,
            horizon=config.run.horizon,
            workers=config.run.workers,
            deterministic=config.run.deterministic,
            lag=config.lag,
            observers=observers,
        )
        return PreparedRun(
            name=config.name,
            archive=archive,
            engine=engine,
            domain=domain,
            cells=cells,
            held=held.pop_all(),
        )


def _check_whole(archive: SqlArchive, name: str) -> None:
    events = archive.events()
    if events and events[-1].kind == BEGUN_AGAIN:
        raise SetupError(
            f"run {name!r} has not got all entries of {events[-1].detail!r} yet; "
            f"give the same 'goexplore recell {events[-1].detail} ... --name {name}' again"
        )


@dataclass(frozen=True, slots=True)
class _Past:
    """A run and its ledger, to look things up in; see `mutators.base.Past`."""

    archive: SqlArchive
    ledger: Ledger

    def entry(self, entry: EntryId) -> Entry:
        return self.archive.entry(entry)

    def costs(self, first: int, last: int) -> Iterable[Cost]:
        return self.ledger.costs(first, last)

    def answered(self, step: int, role: str) -> Sequence[Call]:
        return self.ledger.answered(step, role)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Through:
    """The models of a run as its parts get them: through the ledger, within the budget."""

    models: Mapping[str, LLM]
    past: _Past
    purse: Purse | None
    brief: str
    seed: int

    def given(self, choice: Choice, notes: Notes | None = None) -> Given:
        """What a part is made with."""
        asks, embeds, purse = choice.model, choice.embedder, self.purse
        return Given(
            asking=self._asking(asks, purse) if asks and purse else None,
            embedder=self._embedder(embeds, purse) if embeds and purse else None,
            brief=self.brief,
            arms=tuple(self.given(arm, notes) for arm in choice.arms),
            past=self.past,
            notes=notes,
        )

    def notes(self, config: RunConfig) -> Notes | None:
        """What is noted down of the run; `None` where nobody reads that."""
        if not config.noting or not self.purse:
            return None
        return _notes(config, self._asking(config.noting, self.purse), self.brief, self.past)

    def _asking(self, name: str, purse: Purse) -> Ledgered:
        model = self.models[name]
        return Ledgered(model, ledger=self.past.ledger, purse=purse, seed=self.seed)

    def _embedder(self, name: str, purse: Purse) -> LedgeredEmbedder:
        return LedgeredEmbedder(self.models[name], ledger=self.past.ledger, purse=purse)


def _notes(config: RunConfig, asking: Asking, brief: str, past: Past) -> Notes:
    section = config.notes
    return Notes(
        asking,
        brief,
        past=past,
        every=section.every,
        characters=section.characters,
        prompts=section.prompts,
    )


def _unasked_notes(config: RunConfig, models: Mapping[str, LLM], brief: str) -> Notes | None:
    """What shows whether notes can be made, as `_unasked` does of parts."""
    if not config.noting:
        return None
    return _notes(config, Unasked(models[config.noting].model), brief, Unread())


def _unasked(choice: Choice, models: Mapping[str, LLM], brief: str, notes: Notes | None) -> Given:
    """What shows whether a part can be made, before anything is recorded."""
    asks, embeds = choice.model, choice.embedder
    if embeds:
        check_dimension(models[embeds].model)
    return Given(
        asking=Unasked(models[asks].model) if asks else None,
        embedder=Unembedded(models[embeds].model) if embeds else None,
        brief=brief,
        arms=tuple(_unasked(arm, models, brief, notes) for arm in choice.arms),
        past=Unread(),
        notes=notes,
    )


def _connected(
    config: RunConfig, connections: Connections, sign: StopSign, *, silent: bool
) -> dict[str, LLM]:
    if silent:
        return {name: Silent.of(name, config.models) for name in config.asked}
    return {name: connections.llm(name, config.models, sign) for name in config.asked}


def _twins(config: RunConfig, archive: SqlArchive) -> Twins | None:
    if config.same == "none":
        return None
    return Twins(archive, same=config.same, near=config.duplicates.near)


def _purse(config: RunConfig, archive: SqlArchive) -> Purse:
    before = archive.spending()
    return Purse(
        tokens=config.budget.tokens,
        dollars=config.budget.dollars,
        spent_tokens=sum(spent.prompt_tokens + spent.completion_tokens for spent in before),
        spent_dollars=sum(spent.dollars for spent in before),
    )
