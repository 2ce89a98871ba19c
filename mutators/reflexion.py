"""Children of game states by a model that looks back on its failed attempts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from threading import Lock

from pydantic import BaseModel, ConfigDict

from archive.entry import Candidate, Entry, EntryId, Failure
from mutators.actions import ACTIONS_FILE
from mutators.base import Parent, Taken
from mutators.choose_action import ChooseAction, as_list, told
from mutators.llm.asking import Asking
from mutators.llm.base import Role
from mutators.llm.parsing import object_schema, parse
from mutators.llm.questions import Questions
from mutators.packing import Cut, Section


class _Lesson(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    lesson: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Episode:
    """A step that is over. `last`: its last entry. `ending`: what was seen last."""

    step: int
    last: EntryId
    taken: tuple[Taken, ...]
    ending: str


class Reflexion:
    """Acts as ReAct does, and is told what it has learned from its last attempts.

    Reflexion (Shinn et al. 2023, arXiv:2303.11366): after each attempt that has not reached the
    goal the model writes down what to do differently; an attempt is a step from the start.

    memory: of how many attempts the lessons are kept; the paper takes 1 to 3.
    prompts: a folder with one's own prompts, `react.*.txt` and `reflect.*.txt`.

    Raises:
        PromptError: one of these files is not there or cannot be used.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        memory: int = 3,
        temperature: float = 0.7,
        max_tokens: int = 200,
        prompts: Path | None = None,
    ) -> None:
        self._react = ChooseAction(
            asking,
            brief,
            temperature=temperature,
            max_tokens=max_tokens,
            think=True,
            repeat=True,
            prompts=prompts,
        )
        self._questions = Questions(
            asking,
            brief,
            role=Role.ACT,
            stem="reflect",
            known=("lessons", "attempt", "ending"),
            needed=["attempt"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
        )
        self._memory = memory
        self._episodes: list[_Episode] = []
        self._lessons: dict[int, str] = {}
        self._lock = Lock()

    @property
    def name(self) -> str:
        return "reflexion"

    def can_propose(self, parent: Parent) -> bool:
        return self._react.can_propose(parent)

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        """See `Mutator`.

        Raises:
            LLMError: the model cannot be asked.
            BudgetSpent: the budget does not allow to ask it.
        """
        child = self._react.propose(parent, random, self._learned(parent.as_of))
        return child if isinstance(child, Failure) else replace(child, mutator=self.name)

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `Remembering`."""
        if entries[0].step:
            self._episodes.append(_episode(entries))

    def _learned(self, as_of: EntryId) -> list[str]:
        """Lessons of the last attempts that a step may know of, the oldest first."""
        # One at a time, so that two who set out together do not pay for one lesson twice.
        with self._lock:
            known = [episode for episode in self._episodes if episode.last <= as_of]
            for number in range(len(known)):
                self._learn(known[: number + 1])
            return self._lessons_of(known)

    def _learn(self, known: Sequence[_Episode]) -> None:
        """See to it that there is a lesson of the last of these."""
        episode = known[-1]
        if episode.step in self._lessons:
            return
        said = self._questions.put(
            {
                "lessons": Section(
                    name="lessons", text=as_list(self._lessons_of(known[:-1])), priority=0
                ),
                "attempt": Section(
                    name="attempt", text=told(episode.taken), priority=1, cut=Cut.MIDDLE
                ),
                "ending": Section(name="ending", text=episode.ending, priority=2),
            },
            object_schema({"lesson": {"type": "string"}}),
            lambda answer: parse(answer, _Lesson),
            step=episode.step,
            sample=f"{episode.step}.reflect",
        )
        self._lessons[episode.step] = "" if isinstance(said, Failure) else said.lesson.strip()

    def _lessons_of(self, episodes: Sequence[_Episode]) -> list[str]:
        last = episodes[-self._memory :]
        return [lesson for each in last if (lesson := self._lessons[each.step])]


def _episode(entries: Sequence[Entry]) -> _Episode:
    taken = [
        Taken(
            action=entry.candidate.tree.get(ACTIONS_FILE, "").splitlines()[-1],
            thought=entry.candidate.rationale,
            seen=_seen(entry),
        )
        for entry in entries
        if entry.candidate.option is not None
    ]
    return _Episode(
        step=entries[0].step,
        last=entries[-1].id,
        taken=tuple(taken),
        ending=_seen(entries[-1]),
    )


def _seen(entry: Entry) -> str:
    result = entry.result
    return result.message if isinstance(result, Failure) else result.observation
