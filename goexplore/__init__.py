"""Archive-based open-ended search: select an elite, return to it, explore, verify, record.

The words that an author needs are handed on from here, each imported when it is first asked for,
so that `goexplore --help` waits for none of them. `__init__.pyi` names them for type checkers.
"""

_HOMES = {
    "archive.admission": ("AdmissionRule", "Better", "BetterOrShorter", "Holder", "KeepAll"),
    "archive.base": ("Archive",),
    "archive.elites": ("EliteArrays", "Elites"),
    "archive.entry": (
        "Admission",
        "Candidate",
        "Cause",
        "Entry",
        "EntryId",
        "Evaluation",
        "Failure",
        "Interval",
        "Option",
        "Selection",
        "Status",
        "TaskResult",
        "Tree",
    ),
    "archive.errors": ("ArchiveError",),
    "archive.library": ("Library", "RunSummary"),
    "goexplore.budget": ("Budget", "Spent"),
    "goexplore.domain": ("Confirming", "Domain", "DomainError"),
    "goexplore.engine": ("Engine",),
    "goexplore.events": (
        "Ending",
        "Event",
        "Observer",
        "Outcome",
        "RunEnded",
        "RunOpened",
        "StepRecorded",
    ),
    "goexplore.selection.base": ("Selector",),
    "mutators.actions": ("AppendAction",),
    "mutators.base": ("Mutator", "MutatorError", "Parent"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415  # as late as what it loads

    if name == "__version__":
        return import_module("goexplore.version").VERSION
    if name not in _HOME_OF:
        raise AttributeError(f"module 'goexplore' has no attribute {name!r}")
    found: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF, "__version__"})
