"""Children of game states: the action that a foundation model chooses."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from archive.entry import Candidate, Cause, Failure
from mutators.actions import ACTIONS_FILE, append, everything_tried
from mutators.base import Parent
from mutators.llm.asking import Asking
from mutators.llm.base import Answer, Message, Request, Role
from mutators.llm.parsing import choice_schema, parse_choice
from mutators.prompt import load

SHORTLIST = 30
"""How many options a model is offered at most, and how many tried ones it is shown."""

LAST_ACTIONS = 10
"""How many of the actions that led to a state a model is shown at most."""

_PLACEHOLDERS = ("actions", "observation", "tried", "options", "count")


class ChooseAction:
    """Appends the untried option that a model chooses, as in Intelligent Go-Explore.

    The options stand in a random order, so that no place in the list is favoured. An answer that
    cannot be used is shown to the model once with what is wrong with it; one that was cut off,
    refused or left empty is not.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        temperature: float = 0.7,
        max_tokens: int = 200,
        prompts: Path | None = None,
    ) -> None:
        """Set it up.

        brief: the world's rules and its goal; see `goexplore.domain.Briefed`.
        max_tokens: of an answer.
        prompts: a folder with one's own `choose-action.system.txt`, `choose-action.user.txt` and
            `choose-action.repair.txt`.

        Raises:
            PromptError: one of these files is not there or cannot be used.
        """
        self._asking = asking
        self._temperature = temperature
        self._max_tokens = max_tokens
        system = load("choose-action.system.txt", known=["brief"], folder=prompts)
        self._system = system.substitute(brief=brief)
        self._user = load(
            "choose-action.user.txt", known=_PLACEHOLDERS, needed=["options"], folder=prompts
        )
        self._repair = load(
            "choose-action.repair.txt", known=["error", "count"], needed=["error"], folder=prompts
        )

    @property
    def name(self) -> str:
        return "choose-action"

    def can_propose(self, parent: Parent) -> bool:
        return bool(parent.untried)

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        """See `Mutator`.

        Raises:
            LLMError: the model cannot be asked.
            BudgetSpent: the budget does not allow to ask it.
        """
        if not self.can_propose(parent):
            return everything_tried()
        offered = random.sample(parent.untried, min(SHORTLIST, len(parent.untried)))
        number = self._choose(parent, offered)
        if isinstance(number, Failure):
            return number
        return append(parent, offered[number - 1], mutator=self.name)

    def _choose(self, parent: Parent, offered: Sequence[int]) -> int | Failure:
        """The number of the option that the model chooses, after one repair if need be."""
        request = self._request(parent, offered)
        answer = self._ask(request, parent, 1)
        number = parse_choice(answer, len(offered))
        if not isinstance(number, Failure) or number.cause is not Cause.UNPARSABLE:
            return number
        error = self._repair.substitute(error=number.message, count=len(offered))
        repaired = self._ask(_continued(request, answer, error), parent, 2)
        return parse_choice(repaired, len(offered))

    def _request(self, parent: Parent, offered: Sequence[int]) -> Request:
        texts = [option.text for option in parent.evaluation.options]
        untried = set(parent.untried)
        user = self._user.substitute(
            actions=_last_actions(parent.tree.get(ACTIONS_FILE, "").splitlines()),
            observation=parent.evaluation.observation or "(nothing is shown of it)",
            tried=_tried([text for n, text in enumerate(texts) if n not in untried]),
            options=_lines(f"{n}. {texts[option]}" for n, option in enumerate(offered, start=1)),
            count=len(offered),
        )
        return Request(
            system=self._system,
            messages=(Message(speaker="user", text=user),),
            max_tokens=self._max_tokens,
            schema=choice_schema(len(offered)),
            temperature=self._temperature,
        )

    def _ask(self, request: Request, parent: Parent, call: int) -> Answer:
        # Timing has no part in the sample's name: a step that was killed asks for the same.
        sample = f"{parent.step}.{parent.place}.{call}"
        return self._asking.ask(request, role=Role.ACT, step=parent.step, sample=sample)


def _continued(request: Request, answer: Answer, text: str) -> Request:
    """A request that goes on after an answer."""
    reply = Message(speaker="assistant", text=answer.text)
    question = Message(speaker="user", text=text)
    return replace(request, messages=(*request.messages, reply, question))


def _last_actions(actions: Sequence[str]) -> str:
    if not actions:
        return "(none: this is the beginning)"
    earlier = len(actions) - LAST_ACTIONS
    left_out = [f"({earlier} before these)"] if earlier > 0 else []
    return _lines([*left_out, *(f"- {action}" for action in actions[-LAST_ACTIONS:])])


def _tried(options: Sequence[str]) -> str:
    if not options:
        return "(nothing)"
    more = len(options) - SHORTLIST
    left_out = [f"(and {more} more)"] if more > 0 else []
    return _lines([*(f"- {option}" for option in options[:SHORTLIST]), *left_out])


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
