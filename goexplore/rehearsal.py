"""A run tried out with made-up answers, to see what it would ask where nothing was measured yet.

The prompts are the real ones, of the real world; the answers are any that keep to the form that
was asked for, so that the search is one by chance. Nothing is sent to anyone, and what comes of
it is thrown away.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import log
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import cast

from archive.library import Library
from goexplore.budget import Budget
from goexplore.config import PreparedRun, RunConfig, prepare
from goexplore.connections import Connections, Facts, Silent
from goexplore.history import History, Measured, measured
from mutators.base import MutatorError
from mutators.llm.base import LLM, Alternative, Answer, Finish, Json, Model, Request, Usage
from mutators.llm.stopping import StopSign
from mutators.llm.vectors import packed

RUNS = 3
"""How many rehearsals there are."""

STEPS = 30
"""How many steps each takes at most."""

SECONDS = 5.0
"""After which a rehearsal takes no further step."""

_BYTES_PER_TOKEN = 4
_TEXT = "made up"


class Imagined:
    """A model that makes up answers: as long as they may be, of which the form alone is right."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._random = Random(0)

    @property
    def model(self) -> Model:
        return self._model

    def ask(self, request: Request) -> Answer:
        """An answer that keeps to the schema; its tokens are guessed from the prompt's bytes."""
        texts = [request.system, *(message.text for message in request.messages)]
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        usage = Usage(prompt=size // _BYTES_PER_TOKEN, completion=request.max_tokens)
        either = tuple(Alternative(word, log(1 / 2)) for word in ("Yes", "No"))
        return Answer(
            text=self._text(request),
            finish=Finish.STOP,
            usage=usage,
            seconds=0.0,
            alternatives=either[: request.alternatives],
        )

    def _text(self, request: Request) -> str:
        if request.schema:
            return json.dumps(made_up(request.schema, self._random))
        if self._model.dimension:
            return "\n".join(self._vector() for _ in request.messages)
        return _TEXT

    def _vector(self) -> str:
        made = packed([self._random.gauss() for _ in range(self._model.dimension)])
        return made or ""


class Imagining(Connections):
    """Connects nobody: every model is imagined."""

    def __init__(self) -> None:
        super().__init__({})

    def llm(self, name: str, facts: Facts, sign: StopSign | None = None) -> LLM:
        """A model that makes up its answers.

        Raises:
            LLMError: it is written in no way that a model is.
        """
        del sign
        return Imagined(Silent.of(name, facts).model)


def rehearsed(configs: Sequence[RunConfig]) -> History:
    """What a few short rehearsals of runs measured: prompts of about their size, longest answers.

    Raises:
        SetupError: a part cannot be made with its parameters.
        DomainError: the world cannot be explored.
        LLMError: a model cannot be asked, whatever it would say.
    """
    with _stage() as library:
        runs = [_rehearsed(library, configs[n % len(configs)], n) for n in range(RUNS)]
    return History(source="rehearsal", runs=tuple(runs))


def examine(config: RunConfig) -> None:
    """See whether a run could begin, as far as that can be known without asking anyone.

    Raises:
        SetupError: a part cannot be made with its parameters.
        DomainError: the world cannot be explored.
        LLMError: a model cannot be asked, such as one of unknown price under a budget in dollars.
    """
    with _stage() as library:
        prepare(config, library=library, connections=Imagining()).close()


@contextmanager
def _stage() -> Generator[Library]:
    """A library that is thrown away."""
    with (
        TemporaryDirectory(prefix="goexplore-estimate-") as folder,
        Library(f"sqlite:///{Path(folder) / 'rehearsal.db'}") as library,
    ):
        yield library


def _rehearsed(library: Library, config: RunConfig, place: int) -> Measured:
    seed = config.run.seed + place
    changed = {"seed": seed, "name": f"rehearsal-{place}", "workers": 1, "processes": 0}
    run = config.run.model_copy(update={**changed, "deterministic": False})
    short = replace(config, run=run, budget=Budget(steps=STEPS, seconds=SECONDS))
    with prepare(short, library=library, connections=Imagining()) as prepared:
        _run(prepared)
    return measured(library.read(prepared.name), library.find(prepared.name))


def _run(prepared: PreparedRun) -> None:
    """Rehearse; a part that cannot go on with made-up answers has shown what it asks."""
    try:
        prepared.engine.run()
    except MutatorError:
        if not prepared.archive.spending():
            raise


def made_up(schema: Mapping[str, Json], random: Random) -> Json:
    """Any value of the form that a JSON schema describes, as far as our schemas go."""
    match schema:
        case {"enum": [*values]}:
            return random.choice(values)
        case {"type": "object"}:
            properties = cast("Mapping[str, Mapping[str, Json]]", schema.get("properties", {}))
            return {name: made_up(each, random) for name, each in properties.items()}
        case {"type": "array"}:
            return []
        case {"type": "integer" | "number"}:
            return _number(schema, random)
        case {"type": "boolean"}:
            return random.random() < 0.5  # noqa: PLR2004  # a fair coin
        case _:
            return _TEXT


def _number(schema: Mapping[str, Json], random: Random) -> int:
    low, high = schema.get("minimum", 0), schema.get("maximum", 100)
    if isinstance(low, int | float) and isinstance(high, int | float):
        return random.randint(int(low), int(high))
    return 0
