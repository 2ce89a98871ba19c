"""Children of programs: the edit that a foundation model writes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Annotated

from pydantic import Field

from archive.entry import Candidate, Cause, Entry, EntryId, Evaluation, Failure, Tree
from mutators.ancestry import ancestors as _ancestors
from mutators.base import Notebook, Parent, Past
from mutators.edit import Limits
from mutators.editing import regions
from mutators.forms import FORMS, FormName
from mutators.llm.asking import Asking
from mutators.llm.base import Role
from mutators.llm.questions import Questions
from mutators.llm.tokens import bytes_in
from mutators.memory import Held, Memory
from mutators.packing import Cut, Section
from mutators.prompt import folder_of_ours, load

_PLACEHOLDERS = (
    "program",
    "score",
    "measures",
    "tasks",
    "feedback",
    "protected",
    "tried",
    "others",
    "ancestors",
    "note",
)

_PROTECTED = (
    "Only the lines between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change. These two lines "
    "and all that is outside of them stay as they are, and no file is added or deleted."
)

_TOLD = 200
"""Characters that are told of an attempt's idea, and of its error."""

TRIED = 8
"""Of how many children a model is told at most what came of them, where nothing else is said."""

ANCESTORS = 3
"""How many of the changes that led to a program a model is shown, if nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What a child is made of.

    tree: the program that is edited; feedback: what running that showed. score: its own.
    others: further programs, as they are shown. other_parents: whose entries these are.
    """

    tree: Tree
    score: str
    feedback: str
    others: str = ""
    other_parents: tuple[EntryId, ...] = ()


Count = Annotated[int, Field(ge=0)]

_Begin = Callable[[Parent, Memory, Random], _Start]


class _Editing:
    """Asks a model for an edit of a program, and for another where that cannot be applied."""

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        stem: str,
        form: FormName,
        temperature: float,
        max_tokens: int,
        size: int,
        prompts: Path | None,
        ancestors: int,
        past: Past | None,
        notes: Notebook | None,
        trouble_first: bool = False,
        begin: _Begin | None = None,
        tried: int = TRIED,
    ) -> None:
        if tried < 0:
            raise ValueError(f"tried = {tried}: so many children nobody can be told of")
        self._memory = Memory()
        self._tried = tried
        self._begin = begin or _as_it_is
        self._stem = stem
        self._form = FORMS[form]
        # Where a schema lists all lines that may change, words about the others only distract.
        self._protected = "" if form == "lines" else _PROTECTED
        self._trouble_first = trouble_first
        self._ancestors = ancestors
        self._past = past
        self._notes = notes
        self._questions = Questions(
            asking,
            brief,
            role=Role.MUTATE,
            stem=stem,
            known=_PLACEHOLDERS,
            needed=["program"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
            form=_form_in_words(form, prompts),
        )
        # A child that outgrew its model's window could never be asked about again.
        self._limits = Limits(size=min(size, bytes_in(self._questions.room(1)) * 3 // 4))

    @property
    def name(self) -> str:
        return self._stem

    def can_propose(self, parent: Parent) -> bool:
        return bool(parent.tree)

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        """See `Mutator`.

        Raises:
            LLMError: the model cannot be asked, or the program does not fit its window.
            BudgetSpent: the budget does not allow to ask it.
        """
        start = self._begin(parent, self._memory, random)
        made = self._questions.put(
            self._words(parent, start),
            self._form.schema(start.tree),
            lambda answer: self._form.read(answer, start.tree, self._limits),
            step=parent.step,
            sample=f"{parent.step}.{parent.place}",
        )
        if isinstance(made, Failure):
            return made
        if made.tree == parent.tree:
            return Failure(cause=Cause.NO_EDIT, message="it is the program that it is made from")
        return Candidate(
            tree=made.tree,
            mutator=self._stem,
            rationale=made.explanation,
            other_parents=start.other_parents,
        )

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `Remembering`."""
        self._memory.remember(entries)

    def _words(self, parent: Parent, start: _Start) -> Mapping[str, object]:
        seen = parent.evaluation
        tasks, feedback = (4, 5) if self._trouble_first else (5, 4)
        note = self._notes.note(parent.as_of) if self._notes else ""
        sections = (
            Section.of("ancestors", self._way_to(parent), 0, Cut.HEAD),
            Section.of("note", note or "(none yet)", 1),
            Section.of("tried", _tried(self._memory.children(parent), self._tried), 2, Cut.HEAD),
            Section.of("others", start.others or "(none yet)", 3),
            Section.of("tasks", _tasks(seen), tasks),
            Section.of("feedback", start.feedback or "(none)", feedback, Cut.MIDDLE),
            Section.of("measures", _measures(seen), 6),
            Section.of("program", shown(start.tree), 9, Cut.NOTHING),
        )
        return {
            **{section.name: section for section in sections},
            "score": start.score,
            "protected": self._protected if regions.is_marked(start.tree) else "",
        }

    def _way_to(self, parent: Parent) -> str:
        """The changes that led to a parent, in words."""
        found = _ancestors(parent, self._past, self._ancestors) if self._past else ""
        return found or "(none)"


class Diff(_Editing):
    """Changes a few places of a program, as a model asks for it."""

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        form: FormName = "blocks",
        temperature: float = 0.8,
        max_tokens: int = 2000,
        size: int = 200_000,
        ancestors: Count = ANCESTORS,
        past: Past | None = None,
        notes: Notebook | None = None,
        prompts: Path | None = None,
        tried: int = TRIED,
    ) -> None:
        """Set it up.

        brief: the task in words; see `goexplore.domain.Briefed`.
        form: how the model writes an edit: search/replace `blocks`, a unified `diff`, or a
            `schema` that its server keeps it to; `lines` is a schema that lists the program's own
            lines to choose from, for small models on a server that takes one.
        max_tokens: of an answer.
        size: bytes that a child may have at most; never more than fit the model's window.
        ancestors: how many of the changes that led to the program are shown, as diffs.
        past: the run, to look up these in; without it none are shown.
        notes: what has been noted down of the run; without it no note is shown.
        prompts: a folder with one's own `diff.system.txt`, `diff.user.txt` and `diff.repair.txt`,
            and, where it is to differ too, the words of a form, such as `form-blocks.txt`.
        tried: of how many children of the program the model is told what came of them; with 0
            each child is made as if it were the first.

        Raises:
            PromptError: one of these files is not there or cannot be used.
            ValueError: `tried` is negative.
        """
        super().__init__(
            asking,
            brief,
            stem="diff",
            form=form,
            temperature=temperature,
            max_tokens=max_tokens,
            size=size,
            prompts=prompts,
            ancestors=ancestors,
            past=past,
            notes=notes,
            tried=tried,
        )


class Rewrite(_Editing):
    """Writes a program anew, as a model does it.

    The parameters are those of `Diff`; the prompts are `rewrite.*.txt`.

    Raises:
        PromptError: one of these files is not there or cannot be used.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        temperature: float = 0.8,
        max_tokens: int = 4000,
        size: int = 200_000,
        ancestors: Count = ANCESTORS,
        past: Past | None = None,
        notes: Notebook | None = None,
        prompts: Path | None = None,
        tried: int = TRIED,
    ) -> None:
        super().__init__(
            asking,
            brief,
            stem="rewrite",
            form="whole",
            temperature=temperature,
            max_tokens=max_tokens,
            size=size,
            prompts=prompts,
            ancestors=ancestors,
            past=past,
            notes=notes,
            tried=tried,
        )


class Fix(_Editing):
    """Mends a program, as a model asks for it.

    Where a child of the parent did not run, and nobody has mended it yet, it is the newest such
    that is mended, and is the second parent of what comes of it. Else it is the parent, by what
    its own evaluation complains of.

    The parameters are those of `Diff`, and `whole` is a form too; the prompts are `fix.*.txt`.

    Raises:
        PromptError: one of these files is not there or cannot be used.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        form: FormName = "blocks",
        temperature: float = 0.4,
        max_tokens: int = 2000,
        size: int = 200_000,
        ancestors: Count = ANCESTORS,
        past: Past | None = None,
        notes: Notebook | None = None,
        prompts: Path | None = None,
    ) -> None:
        super().__init__(
            asking,
            brief,
            stem="fix",
            form=form,
            temperature=temperature,
            max_tokens=max_tokens,
            size=size,
            prompts=prompts,
            ancestors=ancestors,
            past=past,
            notes=notes,
            trouble_first=True,
            begin=_mending,
        )


class Inspired(_Editing):
    """Changes a program in the light of the best programs of other cells.

    best, others: how many are shown, of the best, and drawn from the rest. The other parameters
    are those of `Diff`; the prompts are `inspired.*.txt`.

    Raises:
        PromptError: one of these files is not there or cannot be used.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        best: int = 2,
        others: int = 1,
        form: FormName = "blocks",
        temperature: float = 0.8,
        max_tokens: int = 2000,
        size: int = 200_000,
        ancestors: Count = ANCESTORS,
        past: Past | None = None,
        notes: Notebook | None = None,
        prompts: Path | None = None,
    ) -> None:
        super().__init__(
            asking,
            brief,
            stem="inspired",
            form=form,
            temperature=temperature,
            max_tokens=max_tokens,
            size=size,
            prompts=prompts,
            ancestors=ancestors,
            past=past,
            notes=notes,
            begin=lambda parent, memory, random: _inspired(parent, memory, random, best, others),
        )


class Crossover(_Editing):
    """Joins a program with one of another cell, which becomes the second parent.

    among: of how many of the best the second parent is drawn. The other parameters are those of
    `Diff`; the prompts are `crossover.*.txt`.

    Raises:
        PromptError: one of these files is not there or cannot be used.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        among: int = 5,
        form: FormName = "whole",
        temperature: float = 0.8,
        max_tokens: int = 4000,
        size: int = 200_000,
        ancestors: Count = ANCESTORS,
        past: Past | None = None,
        notes: Notebook | None = None,
        prompts: Path | None = None,
    ) -> None:
        super().__init__(
            asking,
            brief,
            stem="crossover",
            form=form,
            temperature=temperature,
            max_tokens=max_tokens,
            size=size,
            prompts=prompts,
            ancestors=ancestors,
            past=past,
            notes=notes,
            begin=lambda parent, memory, random: _crossed(parent, memory, random, among),
        )


def _as_it_is(parent: Parent, memory: Memory, random: Random) -> _Start:
    """The parent, and nothing else."""
    del memory, random
    seen = parent.evaluation
    return _Start(tree=parent.tree, score=f"{seen.objective:g}", feedback=seen.observation.strip())


def _mending(parent: Parent, memory: Memory, random: Random) -> _Start:
    """The newest child of a parent that did not run and that nobody has mended; or the parent."""
    mended = memory.mended(parent.as_of)
    for entry in reversed(memory.children(parent)):
        tree, result = entry.candidate.tree, entry.result
        if isinstance(result, Failure) and result.cause is Cause.DUPLICATE:
            continue
        if isinstance(result, Failure) and tree != parent.tree and entry.id not in mended:
            feedback = f"{result.cause}: {result.message}\n{result.log}".strip()
            return _Start(tree=tree, score="none", feedback=feedback, other_parents=(entry.id,))
    return _as_it_is(parent, memory, random)


def _inspired(parent: Parent, memory: Memory, random: Random, best: int, others: int) -> _Start:
    ranked = memory.best(parent)
    rest = ranked[best:]
    chosen = [*ranked[:best], *random.sample(rest, min(others, len(rest)))]
    return replace(_as_it_is(parent, memory, random), others="\n\n".join(map(_other, chosen)))


def _crossed(parent: Parent, memory: Memory, random: Random, among: int) -> _Start:
    alone = _as_it_is(parent, memory, random)
    ranked = memory.best(parent)[:among]
    if not ranked:
        return alone
    other = random.choice(ranked)
    return replace(alone, others=_other(other), other_parents=(other.entry.id,))


def _other(held: Held) -> str:
    return f"Score {held.evaluation.objective:g}:\n{shown(held.entry.candidate.tree)}"


def _tried(children: Sequence[Entry], count: int) -> str:
    """What was done with a program before, and what came of it."""
    newest = children[max(0, len(children) - count) :]
    return _listed(map(_how_it_went, newest), "(nothing yet)")


def _how_it_went(entry: Entry) -> str:
    result = entry.result
    why = " ".join(entry.candidate.rationale.split())[:_TOLD] or entry.candidate.mutator
    if isinstance(result, Failure):
        return f"{why}: {result.cause}: {' '.join(result.message.split())[:_TOLD]}"
    return f"{why}: score {result.objective:g}"


def shown(tree: Tree) -> str:
    """A program as a prompt shows it: files by their paths, each in a fence."""
    return "\n\n".join(f"{path}\n{_fenced(text)}" for path, text in sorted(tree.items()))


def _fenced(text: str) -> str:
    runs = [len(found) for found in re.findall(r"`{3,}", text)]
    fence = "`" * max([3, *(run + 1 for run in runs)])
    return f"{fence}\n{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{fence}"


def _measures(seen: Evaluation) -> str:
    return _listed(
        (f"{name}: {value:g}" for name, value in sorted(seen.measures.items())), "(none)"
    )


def _tasks(seen: Evaluation) -> str:
    """Scores case by case, the worst first."""
    worst = sorted(seen.tasks, key=lambda each: each.score)
    return _listed((f"{each.task}: {each.score:g}" for each in worst), "(none)")


def _listed(lines: Iterable[str], otherwise: str) -> str:
    return "\n".join(f"- {line}" for line in lines) or otherwise


def _form_in_words(form: FormName, prompts: Path | None) -> str:
    """What a model is told of a form: in a user's own words, or in ours."""
    name = f"form-{form}.txt"
    own = prompts is not None and (prompts / name).is_file()
    return load(name, known=[], folder=prompts if own else folder_of_ours()).substitute()
