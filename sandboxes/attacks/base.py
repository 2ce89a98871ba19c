"""What an attack is: a program that tries something, and how it is seen that it did not succeed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandboxes.base import Completed, Death, Exported, Program, Script
from sandboxes.judge import CandidateFailed, Case, Scored
from sandboxes.limits import Limits

Family = Literal[
    "exhaustion", "lingering", "network", "host", "privilege", "poisoning", "export", "forgery"
]

CLAIM = b"BROKEN"
"""What a program says that has got what it was after."""

QUICK = Limits(seconds=3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of an attack, as the host sees it.

    completed: how its program ended. after: how the next candidate's did, where there was one.
    exported: what came back. verdict: the judge's, where there were cases.
    harm: what the host itself has suffered, or nothing.
    """

    completed: Completed
    after: Completed | None
    exported: Exported | None
    verdict: Scored | CandidateFailed | None
    harm: str


Check = Callable[[Tried], str]
"""Says how an attack has succeeded, or nothing."""


def claims(tried: Tried) -> str:
    """What the programs claim to have got."""
    for completed in (tried.completed, *([tried.after] if tried.after else [])):
        if CLAIM in completed.stdout:
            line = completed.stdout[completed.stdout.index(CLAIM) :].splitlines()[0]
            return line.decode(errors="replace")[len(CLAIM) + 2 :][:120] or "it says so"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Something that is tried.

    what: what it is after, in a few words. files: by their paths; `main.py` is run.
    then: the files of the candidate that comes next; `main.py` is run.
    cases: put to the function `solve` of `main.py` instead of running it.
    export: look at what comes back.
    """

    name: str
    family: Family
    what: str
    files: Mapping[str, str]
    limits: Limits = QUICK
    then: Mapping[str, str] = field(default_factory=dict[str, str])
    cases: tuple[Case, ...] = ()
    export: bool = False
    check: Check = claims
    program: Program = field(default_factory=lambda: Script(file="main.py"))


def ends_by(*deaths: Death) -> Check:
    """The program is ended by one of these limits, and claims nothing."""

    def check(tried: Tried) -> str:
        if claim := claims(tried):
            return claim
        if tried.completed.death not in deaths:
            return f"no limit ended it ({tried.completed.why})"
        return ""

    return check
