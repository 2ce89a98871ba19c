"""What a model notes down of a run: every so many entries, what worked so far and what did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from archive.entry import Entry, EntryId, Evaluation, Failure
from mutators.ancestry import score
from mutators.base import Past
from mutators.llm.asking import Asking
from mutators.llm.base import Finish, Message, Request, Role
from mutators.memory import WINDOW
from mutators.packing import Cut, Section, pack, room
from mutators.prompt import load

EVERY = 50
"""Entries from one note to the next, if nothing else is said."""

CHARACTERS = 2000
"""Of a note that are kept, if nothing else is said."""

_TOLD = 200
"""Characters that are told of an attempt's idea, and of its error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The entries that a note is written on. `step`: the last one's."""

    entries: tuple[Entry, ...]
    step: int


class Notes:
    """Writes each note from the one before it and from what was tried since; see `Notebook`.

    Note k is on the entries up to k times `every`. It is written as soon as a step knows of those,
    and shown to steps that know of half as many more, so that others seldom wait for it. Which
    note a step is shown follows from `Parent.as_of` alone. A note that came to nothing leaves the
    one before in its place.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        past: Past,
        every: int = EVERY,
        characters: int = CHARACTERS,
        prompts: Path | None = None,
    ) -> None:
        """Set it up.

        past: the run, to look up the parents of entries in, and notes of long ago.
        every: entries from one note to the next.
        characters: of a note that are kept; the model may use as many tokens.
        prompts: a folder with one's own `note.system.txt` and `note.user.txt`.

        Raises:
            PromptError: one of these files is not there or cannot be used.
        """
        self._asking = asking
        self._past = past
        self._every = every
        self._characters = characters
        known = ["brief", "characters"]
        system = load("note.system.txt", known=known, folder=prompts)
        self._system = system.substitute(brief=brief, characters=characters)
        self._user = load(
            "note.user.txt", known=["note", "tried"], needed=["tried"], folder=prompts
        )
        self._held = 2 * WINDOW // every + 2
        self._open: list[Entry] = []
        self._blocks: dict[int, _Block] = {}
        self._ends: list[int] = []
        self._notes: dict[int, str] = {0: ""}
        self._written = 0
        self._writing = Lock()

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `Remembering`."""
        for entry in entries:
            self._open.append(entry)
            if entry.id % self._every == 0:
                self._ends.append(entry.step)
                number = len(self._ends)
                self._blocks[number] = _Block(entries=tuple(self._open), step=entry.step)
                self._blocks.pop(number - self._held, None)
                self._open = []

    def note(self, as_of: EntryId) -> str:
        """See `Notebook`."""
        due = as_of // self._every
        shown = max(0, as_of - self._every // 2) // self._every
        # One writes, so that a note is paid for once; who needs it already waits for that.
        if due > self._written and self._writing.acquire(blocking=shown > self._written):
            try:
                self._write(due)
            finally:
                self._writing.release()
        return self._notes.get(shown, "")

    def _write(self, due: int) -> None:
        """Write what is missing up to a note. What a run forgot of its beginning has one."""
        oldest = max(1, len(self._ends) - self._held + 1)
        if self._written < oldest - 1:
            self._notes[oldest - 1] = self._recalled(oldest - 1)
            self._written = oldest - 1
        for number in range(self._written + 1, due + 1):
            note = self._asked(self._blocks[number], number, self._notes[number - 1])
            self._notes[number] = note or self._notes[number - 1]
            self._written = number
            self._notes.pop(number - self._held, None)

    def _recalled(self, number: int) -> str:
        """The newest note up to one that the ledger has."""
        for each in range(number, 0, -1):
            for call in self._past.answered(self._ends[each - 1], Role.NOTE):
                if call.sample == _sample(each) and (note := self._kept(call.text, call.finish)):
                    return note
        return ""

    def _asked(self, block: _Block, number: int, before: str) -> str:
        """A note on a block of entries; empty where the model writes none."""
        sections = (
            Section(name="tried", text=self._tried(block), priority=0, cut=Cut.HEAD),
            Section(name="note", text=before or "(none yet)", priority=1),
        )
        model, most = self._asking.model, self._characters
        left = room(model, most, self._system, self._user.safe_substitute())
        packed = pack(sections, tokens=left, model=model)
        text = self._user.substitute(packed.texts)
        request = Request(
            system=self._system,
            messages=(Message(speaker="user", text=text),),
            max_tokens=most,
            left_out=packed.left_out,
        )
        answer = self._asking.ask(request, role=Role.NOTE, step=block.step, sample=_sample(number))
        return self._kept(answer.text, answer.finish)

    def _kept(self, text: str, finish: str) -> str:
        return kept(text, finish)[: self._characters]

    def _tried(self, block: _Block) -> str:
        made = (entry for entry in block.entries if entry.parents)
        return "\n".join(f"- {self._how_it_went(entry)}" for entry in made) or "(nothing)"

    def _how_it_went(self, entry: Entry) -> str:
        result, mutator = entry.result, entry.candidate.mutator
        why = " ".join(entry.candidate.rationale.split())[:_TOLD] or "(no reason given)"
        if isinstance(result, Failure):
            message = " ".join(result.message.split())[:_TOLD]
            return f"{mutator}: {why}: {result.cause}: {message}"
        before = self._past.entry(entry.parents[0]).result
        was = before.objective if isinstance(before, Evaluation) else None
        return f"{mutator}: {why}: score {score(was)} -> {score(result.objective)}"


def kept(text: str, finish: str) -> str:
    """What is kept of an answer that should be a note; empty for nothing. Cut off, it is one."""
    return "" if finish == Finish.REFUSAL else text.strip()


def number_of(sample: str) -> int:
    """Which note of a run, from 1, the sample of its call names."""
    return int(sample.rpartition(".")[2])


def _sample(number: int) -> str:
    return f"note.{number}"
