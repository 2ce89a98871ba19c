"""What is thought of a state that has just been reached: whether to keep it, what it is worth."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from archive.admission import AdmissionRule, Better, BetterOrShorter, Holder
from archive.entry import Admission, Appraisal, Entry, EntryId, Evaluation, Failure
from goexplore.appraisal import Child
from mutators.llm.asking import Asking
from mutators.llm.base import Json, Message, Request, Role
from mutators.llm.embedding import Embedder
from mutators.llm.likelihood import chance_of_yes
from mutators.llm.ngrams import HashedNgrams
from mutators.llm.parsing import object_schema, parse
from mutators.llm.questions import Questions
from mutators.llm.vectors import Vectors, packed, unpacked
from mutators.packing import Cut, Section, pack, room
from mutators.prompt import load

Vector = NDArray[np.float32]

KNOWN = 4096
"""How many entries a new one is compared with at most."""

_ALTERNATIVES = 20
"""As many as OpenAI tells."""

RULES: dict[str, AdmissionRule] = {"better": Better(), "better-or-shorter": BetterOrShorter()}

_TOP = 4
_MARK: Json = {"type": "integer", "enum": [*range(_TOP + 1)]}


class _Keep(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    reason: str
    keep: bool


class Interesting:
    """A rule that asks a model, too, about each state that is the first in its cell.

    The filter of Intelligent Go-Explore (Lu et al. 2025, section 3.4): what is not interestingly
    new is refused, for good, and only if the model is sure that it cannot lead to a solution.
    States from which nothing can follow are not worth a question. An answer that cannot be used
    refuses nothing.

    rule: between a newcomer to a cell and its holder.
    audit: the share of what is refused that is kept all the same, so that it can be known how
        often refusing was wrong.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        rule: Literal["better", "better-or-shorter"] = "better-or-shorter",
        audit: float = 0.05,
        temperature: float = 0.0,
        max_tokens: int = 200,
        prompts: Path | None = None,
    ) -> None:
        self._rule = RULES[rule]
        self._audit = audit
        self._questions = Questions(
            asking,
            brief,
            role=Role.ADMIT,
            stem="admit",
            known=("before", "action", "entry"),
            needed=["entry"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
        )

    def judge(self, newcomer: Evaluation, size: int, holder: Holder | None) -> Admission:
        """See `AdmissionRule`."""
        return self._rule.judge(newcomer, size, holder)

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        """See `Appraiser`."""
        if child.final or not child.founds or child.parent is None:
            return None
        if child.refused is not None:
            return Appraisal(refused=child.refused)
        said = self._ask(child)
        if isinstance(said, Failure):
            return None
        if said.keep:
            return Appraisal(refused="")
        reason = said.reason.strip() or "no reason given"
        return Appraisal(refused=reason, anyway=random.random() < self._audit)

    def _ask(self, child: Child) -> _Keep | Failure:
        return self._questions.put(
            _words(child),
            object_schema({"reason": {"type": "string"}, "keep": {"type": "boolean"}}),
            lambda answer: parse(answer, _Keep),
            step=child.step,
            sample=f"{child.step}.{child.place}.admit",
        )


class _Rating(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    reach: int = Field(ge=0, le=_TOP)
    novelty: int = Field(ge=0, le=_TOP)
    room: int = Field(ge=0, le=_TOP)

    @property
    def interest(self) -> float:
        """From 0 to 1: the mean, but nothing where nothing can be reached any more."""
        return (self.reach + self.novelty + self.room) / (3 * _TOP) if self.reach else 0.0


class Rating:
    """Has a model rate each state once, on a rubric of three questions."""

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        temperature: float = 0.0,
        max_tokens: int = 100,
        prompts: Path | None = None,
    ) -> None:
        self._questions = Questions(
            asking,
            brief,
            role=Role.JUDGE,
            stem="rate",
            known=("before", "action", "entry"),
            needed=["entry"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
        )

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        """See `Appraiser`. What cannot be explored is not rated, nor what got no usable answer."""
        del random
        if child.final:
            return None
        said = self._questions.put(
            _words(child),
            object_schema({"reach": _MARK, "novelty": _MARK, "room": _MARK}),
            lambda answer: parse(answer, _Rating),
            step=child.step,
            sample=f"{child.step}.{child.place}.rate",
        )
        return None if isinstance(said, Failure) else Appraisal(interest=said.interest)


def _words(child: Child) -> dict[str, Section]:
    """What a prompt may say of a child."""
    return {
        "before": Section(name="before", text=_before(child), priority=0, cut=Cut.MIDDLE),
        "action": Section(name="action", text=_action(child), priority=1),
        "entry": Section(name="entry", text=_seen(child.evaluation), priority=2, cut=Cut.MIDDLE),
    }


def _before(child: Child) -> str:
    return _seen(child.parent.evaluation) if child.parent else "(it is the beginning)"


def _action(child: Child) -> str:
    option = child.candidate.option
    if option is None or child.parent is None:
        return child.candidate.rationale or "(a change to it)"
    return child.parent.evaluation.options[option].text


def _seen(evaluation: Evaluation) -> str:
    return f"{evaluation.observation or evaluation.cell}\n(score {evaluation.objective:g})"


class Likelihood:
    """Has a model say yes or no to each state, and takes how likely the yes was.

    P(yes) / (P(yes) + P(no)) by the probabilities of the answer's first token: a judgement without
    a scale to be read off, for models that tell (see `mutators.llm.likelihood`).

    Raises:
        LLMError: the model does not say how likely its tokens are.
        PromptError: one of the prompts is not there or cannot be used.
    """

    def __init__(self, asking: Asking, brief: str, *, prompts: Path | None = None) -> None:
        self._asking = asking
        system = load("likelihood.system.txt", known=["brief"], folder=prompts)
        self._system = system.substitute(brief=brief)
        known = ("before", "action", "entry")
        self._user = load("likelihood.user.txt", known=known, needed=["entry"], folder=prompts)
        asking.model.check(self._request("", ""))

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        """See `Appraiser`. Nothing where neither yes nor no was likely."""
        del random
        if child.final:
            return None
        words = _words(child)
        fixed = dict.fromkeys(words, "")
        left = room(self._asking.model, 1, self._system, self._user.substitute(fixed))
        fitting = pack(list(words.values()), tokens=left, model=self._asking.model)
        answer = self._asking.ask(
            self._request(self._user.substitute(fitting.texts), fitting.left_out),
            role=Role.JUDGE,
            step=child.step,
            sample=f"{child.step}.{child.place}.likelihood",
        )
        chance = chance_of_yes(answer)
        return None if chance is None else Appraisal(interest=chance)

    def _request(self, text: str, left_out: str) -> Request:
        return Request(
            system=self._system,
            messages=(Message(speaker="user", text=text),),
            max_tokens=1,
            temperature=0.0,
            alternatives=_ALTERNATIVES,
            left_out=left_out,
        )


class Novelty:
    """Says how far each state is from those that are known: no model needs to be asked.

    The mean distance to the k nearest neighbours (Lehman and Stanley 2011, "Abandoning Objectives",
    Evolutionary Computation 19, with k = 15), here of embeddings and by their cosine. Of more than
    `KNOWN` entries as many are looked at, spread evenly over the run, so that the cost of a state
    stays flat.

    embedder: of what is seen of a state; by default hashed n-grams, without a model.
    """

    def __init__(self, embedder: Embedder | None = None, *, neighbours: int = 15) -> None:
        self._embedder: Embedder = embedder or HashedNgrams()
        self._neighbours = neighbours
        self._ids: list[EntryId] = []
        self._vectors = np.empty((0, self._embedder.dimension), np.float32)
        self._lock = Lock()

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        """See `Appraiser`."""
        del random
        evaluation = child.evaluation
        text = evaluation.observation or "\n".join(child.candidate.tree.values())
        (made,) = self._embedder.embed([text], step=child.step)
        # As it is kept, so that the same comes out in a later session.
        line = packed(made.tolist()) or ""
        vector = unpacked([line], self._embedder.dimension)[0]
        return Appraisal(interest=self._distance(vector, child.as_of), vector=line.encode())

    def _distance(self, vector: Vector, as_of: EntryId) -> float:
        """From 0, for what is known, to 1."""
        known = self._known(as_of)
        if not len(known):
            return 1.0
        distances = np.sort(1.0 - known @ vector)[: self._neighbours]
        return float(np.clip(distances.mean(), 0.0, 1.0))

    def _known(self, as_of: EntryId) -> Vectors:
        with self._lock:
            count = bisect_right(self._ids, as_of)
            if count <= KNOWN:
                return self._vectors[:count]
            return self._vectors[np.linspace(0, count - 1, KNOWN).astype(np.int64)]

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `Remembering`: what was admitted is known."""
        for entry in entries:
            if entry.appraisal and entry.appraisal.vector and entry.admission.status.admitted:
                line = entry.appraisal.vector.decode()
                self._add(entry.id, unpacked([line], self._embedder.dimension)[0])

    def _add(self, entry: EntryId, vector: Vector) -> None:
        with self._lock:
            count = len(self._ids)
            if count == len(self._vectors):
                more = np.empty((max(256, count), self._embedder.dimension), np.float32)
                self._vectors = np.concatenate([self._vectors, more])
            self._vectors[count] = vector
            self._ids.append(entry)
