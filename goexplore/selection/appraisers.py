"""What is thought of a state that has just been reached: whether to keep it, what it is worth."""

from pathlib import Path
from random import Random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from archive.admission import AdmissionRule, Better, BetterOrShorter, Holder
from archive.entry import Admission, Appraisal, Evaluation, Failure
from goexplore.appraisal import Child
from goexplore.selection.scorers import seen
from mutators.llm.asking import Asking
from mutators.llm.base import Json, Role
from mutators.llm.parsing import object_schema, parse
from mutators.llm.questions import Questions

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


def _words(child: Child) -> dict[str, object]:
    """What a prompt may say of a child."""
    return {
        "before": _seen(child.parent.evaluation) if child.parent else "(it is the beginning)",
        "action": _action(child),
        "entry": _seen(child.evaluation),
    }


def _action(child: Child) -> str:
    option = child.candidate.option
    if option is None or child.parent is None:
        return child.candidate.rationale or "(a change to it)"
    return child.parent.evaluation.options[option].text


def _seen(evaluation: Evaluation) -> str:
    return f"{seen(evaluation.observation or evaluation.cell)}\n(score {evaluation.objective:g})"
