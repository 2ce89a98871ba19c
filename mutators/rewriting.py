"""Children of programs: the edit that a foundation model writes."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from archive.entry import Candidate, Evaluation, Failure, Tree
from mutators.base import Parent
from mutators.edit import Limits
from mutators.editing import regions
from mutators.forms import FORMS, FormName, Made
from mutators.llm.asking import Asking
from mutators.llm.base import Answer, Role
from mutators.llm.questions import Questions
from mutators.llm.tokens import bytes_in
from mutators.packing import Cut, Section
from mutators.prompt import folder_of_ours, load

_PLACEHOLDERS = ("program", "score", "measures", "tasks", "feedback", "protected")

_PROTECTED = (
    "Only the lines between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change. These two lines "
    "and all that is outside of them stay as they are, and no file is added or deleted."
)


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
        trouble_first: bool = False,
    ) -> None:
        self._stem = stem
        self._form = FORMS[form]
        self._trouble_first = trouble_first
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
        del random
        made = self._questions.put(
            self._words(parent),
            self._form.schema(parent.tree),
            lambda answer: self._read(answer, parent.tree),
            step=parent.step,
            sample=f"{parent.step}.{parent.place}",
        )
        if isinstance(made, Failure):
            return made
        return Candidate(tree=made.tree, mutator=self._stem, rationale=made.explanation)

    def _read(self, answer: Answer, tree: Tree) -> Made | Failure:
        return self._form.read(answer, tree, self._limits)

    def _words(self, parent: Parent) -> Mapping[str, object]:
        seen = parent.evaluation
        tasks, feedback = (1, 2) if self._trouble_first else (2, 1)
        return {
            "program": Section(
                name="program", text=shown(parent.tree), priority=9, cut=Cut.NOTHING
            ),
            "score": f"{seen.objective:g}",
            "measures": Section(name="measures", text=_measures(seen), priority=3),
            "tasks": Section(name="tasks", text=_tasks(seen), priority=tasks),
            "feedback": Section(
                name="feedback",
                text=seen.observation.strip() or "(none)",
                priority=feedback,
                cut=Cut.MIDDLE,
            ),
            "protected": _PROTECTED if regions.is_marked(parent.tree) else "",
        }


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
        prompts: Path | None = None,
    ) -> None:
        """Set it up.

        brief: the task in words; see `goexplore.domain.Briefed`.
        form: how the model writes an edit: search/replace `blocks`, a unified `diff`, or a
            `schema` that its server keeps it to; `lines` is a schema that lists the program's own
            lines to choose from, for small models on a server that takes one.
        max_tokens: of an answer.
        size: bytes that a child may have at most; never more than fit the model's window.
        prompts: a folder with one's own `diff.system.txt`, `diff.user.txt` and `diff.repair.txt`,
            and, where it is to differ too, the words of a form, such as `form-blocks.txt`.

        Raises:
            PromptError: one of these files is not there or cannot be used.
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
        prompts: Path | None = None,
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
        )


class Fix(_Editing):
    """Mends what a program's evaluation complains of, as a model asks for it.

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
            trouble_first=True,
        )


def shown(tree: Tree) -> str:
    """A program as a prompt shows it: each file in a fence, below its path."""
    return "\n\n".join(f"{path}\n{_fenced(text)}" for path, text in tree.items())


def _fenced(text: str) -> str:
    runs = [len(found) for found in re.findall(r"`{3,}", text)]
    fence = "`" * max([3, *(run + 1 for run in runs)])
    return f"{fence}\n{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{fence}"


def _measures(seen: Evaluation) -> str:
    return _listed((f"{name}: {value:g}" for name, value in seen.measures.items()), "(none)")


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
