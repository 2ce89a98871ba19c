"""Rules between a newcomer and the holder of its cell."""

from dataclasses import dataclass
from typing import Protocol

from archive.entry import Admission, Appraisal, EntryId, Evaluation, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The entry that holds a cell, as a rule sees it. `size` is the lines of its tree."""

    id: EntryId
    objective: float
    size: int


class AdmissionRule(Protocol):
    """Says what becomes of an evaluated candidate; a pure function of its arguments."""

    def judge(self, newcomer: Evaluation, size: int, holder: Holder | None) -> Admission:
        """The admission of a newcomer whose tree has `size` lines; no holder, no rival."""
        ...


_NEW_CELL = Admission(status=Status.NEW, why="")


@dataclass(frozen=True, slots=True)
class Better:
    """A cell keeps the first of its best."""

    def judge(self, newcomer: Evaluation, size: int, holder: Holder | None) -> Admission:
        del size
        if holder is None:
            return _NEW_CELL
        if newcomer.objective > holder.objective:
            return Admission(status=Status.IMPROVED, why=f"better than #{holder.id}")
        return Admission(status=Status.REJECTED, why=f"no better than #{holder.id}")


@dataclass(frozen=True, slots=True)
class BetterOrShorter:
    """A cell keeps the first of its best, and of equals the shortest.

    Go-Explore's rule: a higher score, or the same score by a shorter trajectory (Ecoffet et al.
    2019, section 2.1.4).
    """

    def judge(self, newcomer: Evaluation, size: int, holder: Holder | None) -> Admission:
        if holder and newcomer.objective == holder.objective and size < holder.size:
            return Admission(status=Status.IMPROVED, why=f"as good as #{holder.id} and shorter")
        return Better().judge(newcomer, size, holder)


@dataclass(frozen=True, slots=True)
class KeepAll:
    """Everything that could be evaluated stays, cells or not."""

    def judge(self, newcomer: Evaluation, size: int, holder: Holder | None) -> Admission:
        del newcomer, size
        if holder is None:
            return _NEW_CELL
        return Admission(status=Status.KEPT, why=f"beside #{holder.id}")


def heeding(ruled: Admission, appraisal: Appraisal) -> Admission:
    """What a rule says, once an appraisal has been heard: it may refuse a new place."""
    if ruled.status is not Status.NEW or not appraisal.refused:
        return ruled
    if appraisal.anyway:
        return Admission(status=Status.NEW, why=f"tried although refused: {appraisal.refused}")
    return Admission(status=Status.REJECTED, why=f"refused: {appraisal.refused}")
