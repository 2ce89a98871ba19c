"""Children that have been tried already, so that nothing is spent on running them again."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from archive.base import Archive
from archive.entry import (
    NO_ENTRY,
    Attempt,
    Candidate,
    Cause,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    Tree,
)
from goexplore.normal import digest, normal
from mutators.llm.ngrams import HashedNgrams

Same = Literal["code", "text", "none"]
"""What makes programs the same: what they say to whoever runs them, their very text, nothing."""

WINDOW = 2000
"""Among how many of the newest entries one is looked for that is the same in other words."""

_SETTLED = 1 << 16

_NEVER_RUN = frozenset(
    {
        Cause.NO_EDIT,
        Cause.TRUNCATED,
        Cause.REFUSED,
        Cause.EMPTY,
        Cause.UNPARSABLE,
        Cause.DUPLICATE,
    }
)


class Twins:
    """Knows what has been tried, as far back as a step can see; several threads may ask.

    The same text is found among all entries, which takes 16 bytes for each; the same code, and
    what is nearly the same, among the newest `WINDOW`. What was never run is not known by that.

    near: the cosine of two programs' hashed n-grams from which they count as the same; `None` for
        never. A changed number moves it by 0.01 in a program of 15 lines, and less in a longer one.
    """

    def __init__(self, archive: Archive, *, same: Same = "code", near: float | None = None) -> None:
        self._archive = archive
        self._same = same
        self._near = near
        self._texts = Digests()
        self._recent: deque[_Known] = deque()
        self._lock = Lock()

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `Remembering`."""
        with self._lock:
            for entry in entries:
                if _never_run(entry.result):
                    continue
                self._texts.add(digest(entry.candidate.tree), entry.id)
                self._recent.append(_Known(entry.id, entry.candidate.tree, entry.result))
            while self._recent and self._recent[0].id <= entries[-1].id - 2 * WINDOW:
                self._recent.popleft()

    def tried(self, child: Candidate, as_of: EntryId, before: Sequence[Attempt]) -> Failure | None:
        """Why a child need not be run: what it is the same as, and what that came to.

        before: the children of its own step, which are not recorded yet.
        """
        if self._same == "none":
            return None
        return self._word_for_word(child.tree, as_of) or self._in_other_words(
            child.tree, as_of, before
        )

    def _word_for_word(self, tree: Tree, as_of: EntryId) -> Failure | None:
        with self._lock:
            found = self._texts.get(digest(tree))
        if found is None or found > as_of:
            return None
        entry = self._archive.entry(found)
        same = dict(entry.candidate.tree) == dict(tree)
        return _told(f"the same as #{found}", entry.result) if same else None

    def _in_other_words(
        self, tree: Tree, as_of: EntryId, before: Sequence[Attempt]
    ) -> Failure | None:
        ours = _Known(NO_ENTRY, tree, None)
        for known in (*self._known(as_of), *_in_step(before)):
            if known.tree == tree:
                return _told(f"the same as {known.name}", known.result)
            if self._same == "code" and known.code == ours.code:
                return _told(f"the same as {known.name} but for comments", known.result)
            if self._near is not None and (alike := _cosine(known, ours)) >= self._near:
                return _told(f"nearly the same as {known.name} ({alike:.4f})", known.result)
        return None

    def _known(self, as_of: EntryId) -> Iterator["_Known"]:
        with self._lock:
            recent = list(self._recent)
        for known in recent:
            if as_of - WINDOW < known.id <= as_of:
                yield known


class Digests:
    """The first entry of each digest: 16 bytes a digest, but for the newest 65,536."""

    def __init__(self) -> None:
        self._keys: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._new: dict[int, EntryId] = {}

    def add(self, key: int, entry: EntryId) -> None:
        """Take in an entry, which is newer than those before it."""
        if self.get(key) is not None:
            return
        self._new[key] = entry
        if len(self._new) >= _SETTLED:
            self._settle()

    def get(self, key: int) -> EntryId | None:
        """The first entry of a digest; `None` for none."""
        if key in self._new:
            return self._new[key]
        place = int(np.searchsorted(self._keys, np.uint64(key)))
        if place < len(self._keys) and int(self._keys[place]) == key:
            return EntryId(int(self._ids[place]))
        return None

    def _settle(self) -> None:
        keys = np.concatenate([self._keys, np.array(list(self._new), np.uint64)])
        ids = np.concatenate([self._ids, np.array(list(self._new.values()), np.int64)])
        order = np.argsort(keys)
        self._keys, self._ids, self._new = keys[order], ids[order], {}


@dataclass(frozen=True)
class _Known:
    """A program that was run, and what came of it. id: `NO_ENTRY` for one of the same step.

    What costs time to know of it is found once it is asked for.
    """

    id: EntryId
    tree: Tree
    result: Evaluation | Failure | None

    @property
    def name(self) -> str:
        return "an earlier child of this step" if self.id == NO_ENTRY else f"#{self.id}"

    @cached_property
    def code(self) -> int:
        return digest(normal(self.tree))

    @cached_property
    def vector(self) -> NDArray[np.float32]:
        return np.asarray(HashedNgrams().embed([_as_text(self.tree)])[0], np.float32)


def _as_text(tree: Tree) -> str:
    return "\n".join(f"{path}\n{text}" for path, text in sorted(tree.items()))


def _cosine(one: _Known, other: _Known) -> float:
    return float(one.vector @ other.vector)


def _in_step(before: Sequence[Attempt]) -> Iterator[_Known]:
    for attempt in before:
        if attempt.verified:
            yield _Known(NO_ENTRY, attempt.candidate.tree, attempt.result)


def _never_run(result: Evaluation | Failure) -> bool:
    return isinstance(result, Failure) and result.cause in _NEVER_RUN


def _told(what: str, result: Evaluation | Failure | None) -> Failure:
    if isinstance(result, Failure):
        came = f"{result.cause}: {result.message}"
    else:
        came = f"score {result.objective:g}" if result else "nothing"
    return Failure(cause=Cause.DUPLICATE, message=f"{what}, which came to {came}")
