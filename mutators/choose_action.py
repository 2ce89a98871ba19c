"""Children of game states: the action that a foundation model chooses."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from archive.entry import Candidate, Failure
from mutators.actions import ACTIONS_FILE, append, everything_tried
from mutators.base import Parent, Taken
from mutators.llm.asking import Asking
from mutators.llm.base import Answer, Role
from mutators.llm.parsing import (
    THOUGHT,
    Choice,
    Considered,
    choice_schema,
    parse_choice,
)
from mutators.llm.questions import Questions
from mutators.packing import Cut, Section

SHORTLIST = 30
"""How many options a model is offered at most, and how many tried ones it is shown."""

LAST_ACTIONS = 10
"""How many of the actions that led to a state a model is shown at most."""

_PLACEHOLDERS = ("actions", "taken", "observation", "tried", "options", "count", "lessons")


class ChooseAction:
    """Appends the option that a model chooses, as in Intelligent Go-Explore.

    The options stand in a random order, so that no place in the list is favoured.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        temperature: float = 0.7,
        max_tokens: int = 200,
        think: bool = False,
        repeat: bool = False,
        prompts: Path | None = None,
    ) -> None:
        """Set it up.

        brief: the world's rules and its goal; see `goexplore.domain.Briefed`.
        max_tokens: of an answer.
        think: have the model write down a thought before each action, which the following
            actions of the step are shown: ReAct (Yao et al. 2023, arXiv:2210.03629).
        repeat: offer all options, those already tried included, and do not say which those are:
            a model without an archive.
        prompts: a folder with one's own `choose-action.system.txt`, `choose-action.user.txt` and
            `choose-action.repair.txt`; with `think` they are named `react` instead.

        Raises:
            PromptError: one of these files is not there or cannot be used.
        """
        self._think = think
        self._repeat = repeat
        self._questions = Questions(
            asking,
            brief,
            role=Role.ACT,
            stem=self.name,
            known=_PLACEHOLDERS,
            needed=["options"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
        )

    @property
    def name(self) -> str:
        return "react" if self._think else "choose-action"

    def can_propose(self, parent: Parent) -> bool:
        return bool(self._offer(parent))

    def propose(
        self, parent: Parent, random: Random, lessons: Sequence[str] = ()
    ) -> Candidate | Failure:
        """See `Mutator`. `lessons`: what the model is told to have learned before.

        Raises:
            LLMError: the model cannot be asked.
            BudgetSpent: the budget does not allow to ask it.
        """
        offer = self._offer(parent)
        if not offer:
            return everything_tried()
        offered = random.sample(offer, min(SHORTLIST, len(offer)))
        thought = dict(THOUGHT) if self._think else {}
        choice = self._questions.put(
            self._words(parent, offered, lessons),
            choice_schema(len(offered), **thought),
            lambda answer: self._read(answer, len(offered)),
            step=parent.step,
            sample=f"{parent.step}.{parent.place}",
        )
        if isinstance(choice, Failure):
            return choice
        why = choice.thought if isinstance(choice, Considered) else ""
        return append(parent, offered[choice.choice - 1], mutator=self.name, rationale=why)

    def _offer(self, parent: Parent) -> Sequence[int]:
        return range(len(parent.evaluation.options)) if self._repeat else parent.untried

    def _read(self, answer: Answer, count: int) -> Choice | Failure:
        return parse_choice(answer, count, Considered if self._think else Choice)

    def _words(
        self, parent: Parent, offered: Sequence[int], lessons: Sequence[str]
    ) -> dict[str, object]:
        texts = [option.text for option in parent.evaluation.options]
        untried = set(parent.untried)
        tried = [] if self._repeat else [t for n, t in enumerate(texts) if n not in untried]
        actions = parent.tree.get(ACTIONS_FILE, "").splitlines()
        seen = parent.evaluation.observation or "(nothing is shown of it)"
        return {
            "actions": Section.of("actions", _last_actions(actions), 1, Cut.HEAD),
            "taken": Section.of("taken", told(parent.taken[-LAST_ACTIONS:]), 3, Cut.HEAD),
            "observation": Section.of("observation", seen, 4, Cut.MIDDLE),
            "tried": Section.of("tried", _tried(tried), 0, Cut.TAIL),
            "options": _lines(f"{n}. {texts[option]}" for n, option in enumerate(offered, start=1)),
            "count": len(offered),
            "lessons": Section.of("lessons", as_list(lessons), 2, Cut.HEAD),
        }


def _last_actions(actions: Sequence[str]) -> str:
    if not actions:
        return "(none: this is the beginning)"
    earlier = len(actions) - LAST_ACTIONS
    left_out = [f"({earlier} before these)"] if earlier > 0 else []
    return _lines([*left_out, *(f"- {action}" for action in actions[-LAST_ACTIONS:])])


def told(taken: Sequence[Taken]) -> str:
    """What a step has done, with what was thought and seen."""
    return _lines(map(_said_and_done, taken)) or "(nothing yet)"


def as_list(lessons: Sequence[str]) -> str:
    """What has been learned, a line each."""
    return _lines(f"- {lesson}" for lesson in lessons) or "(nothing yet)"


def _said_and_done(taken: Taken) -> str:
    done = f"- {taken.action}: {taken.seen}"
    return f"(thought: {taken.thought})\n{done}" if taken.thought else done


def _tried(options: Sequence[str]) -> str:
    if not options:
        return "(nothing)"
    more = len(options) - SHORTLIST
    left_out = [f"(and {more} more)"] if more > 0 else []
    return _lines([*(f"- {option}" for option in options[:SHORTLIST]), *left_out])


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
