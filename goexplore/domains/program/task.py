"""A task folder: the program that a search begins with, what evaluates it, and the goal in words.

run.toml            what a run is put together from; never enters a sandbox
goal.md             the goal in words, for a model
initial.py          the initial program: initial.*, initial_program.*, or a folder initial/
evaluator.py        or evaluate.py, or cases.jsonl, or a command: see `contracts`
anything else       what the evaluator needs beside it
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.entry import Tree
from goexplore.domain import DomainError
from mutators.editing import regions
from sandboxes.base import Json
from sandboxes.judge import NoAnswer, parsed
from sandboxes.paths import flaw

GOAL, CASES, JUDGE = "goal.md", "cases.jsonl", "judge.py"

_INITIAL = ("initial", "initial_program")
_MOST_FILE, _MOST_FILES, _MOST_BYTES = 1 << 20, 200, 32 << 20
_MOST_CASES = 10_000
_NEVER_EVALUATORS = (".toml", ".md", ".db", ".db-wal", ".db-shm", ".pyc")


class TaskError(DomainError):
    """A task folder that is none; the message says what is missing or wrong, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCase:
    """A question to a program. `expected`: the right answer; `None` where a judge knows.

    held_out: it never steers the search.
    """

    name: str
    given: Json
    expected: Json
    held_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What a task folder holds.

    main: the file of the program that an evaluator is given. evaluator: all other files, as they
    are; not the cases, which no sandbox sees. brief: the goal in words.
    """

    program: Tree
    main: str
    evaluator: Mapping[str, bytes]
    cases: tuple[TaskCase, ...]
    brief: str


def read(folder: Path, *, program: str = "", main: str = "") -> Folder:
    """What a task folder holds.

    program: the file or folder of the initial program, where its name does not say so.
    main: the file of the program that an evaluator is given, where there are several.

    Raises:
        TaskError: it is none, or lacks a part.
    """
    if not folder.is_dir():
        raise TaskError(f"{folder}: no such folder")
    home = _initial(folder, program)
    tree = dict(_texts(home))
    if not tree:
        raise TaskError(f"{home}: the initial program has no file")
    return Folder(
        program=tree,
        main=_main(home, tree, main),
        evaluator=dict(_beside(folder, home)),
        cases=_cases(folder / CASES),
        brief=_words(folder / GOAL),
    )


# The initial program


def _initial(folder: Path, named: str) -> Path:
    if named:
        found = folder / named
        if not found.exists() or not found.resolve().is_relative_to(folder.resolve()):
            raise TaskError(f"{folder}: no initial program {named!r} in it")
        return found
    known = [path for path in sorted(folder.iterdir()) if path.stem in _INITIAL]
    if not known:
        raise TaskError(
            f"{folder}: no initial program; it is a file initial.* or initial_program.*, a folder "
            "initial, or named by program in [domain]"
        )
    if len(known) > 1:
        names = " and ".join(path.name for path in known)
        raise TaskError(f"{folder}: {names} could each be the initial program; name it by program")
    return known[0]


def _texts(home: Path) -> Iterator[tuple[str, str]]:
    if home.is_file():
        yield home.name, _text(home)
        return
    for path in _files(home):
        yield path.relative_to(home).as_posix(), _text(path)


def _text(path: Path) -> str:
    data = _bytes(path)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise TaskError(f"{path}: not text in UTF-8 (byte {error.start})") from error
    if "\0" in text:
        raise TaskError(f"{path}: not text: it holds a byte 0")
    return text


def _main(home: Path, tree: Tree, named: str) -> str:
    if named and named not in tree:
        known = ", ".join(sorted(tree))[:200]
        raise TaskError(f"{home}: main names {named!r}; the initial program has {known}")
    if named or len(tree) == 1:
        return named or next(iter(tree))
    mains = [path for path in tree if Path(path).stem in ("main", *_INITIAL) and "/" not in path]
    if len(mains) != 1:
        raise TaskError(
            f"{home}: which of its {len(tree)} files an evaluator is given is not known; call it "
            "main.*, or name it by main in [domain]"
        )
    return mains[0]


# What stands beside it


def _beside(folder: Path, home: Path) -> Iterator[tuple[str, bytes]]:
    size = 0
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if path == home or home in path.parents or name == CASES:
            continue
        if path.suffix in _NEVER_EVALUATORS:
            continue
        data = _bytes(path, most=_MOST_BYTES)
        size += len(data)
        if size > _MOST_BYTES:
            raise TaskError(f"{folder}: an evaluator's files may have {_MOST_BYTES} bytes in all")
        yield name, data


def _files(folder: Path) -> list[Path]:
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(_is_hidden(part) for part in path.relative_to(folder).parts)
    ]
    if len(found) > _MOST_FILES:
        raise TaskError(f"{folder}: {len(found)} files; a task has {_MOST_FILES} at most")
    for path in found:
        if fault := flaw(path.relative_to(folder).as_posix()):
            raise TaskError(f"{path}: cannot enter a sandbox: {fault}")
    return found


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__"


def _bytes(path: Path, *, most: int = _MOST_FILE) -> bytes:
    try:
        size = path.stat().st_size
        if size > most:
            raise TaskError(f"{path}: {size} bytes; {most} are the most")
        return path.read_bytes()
    except OSError as error:
        raise TaskError(f"{path}: {error.strerror or error}") from error


def _words(path: Path) -> str:
    return _text(path).strip() if path.is_file() else ""


# Cases


def _cases(path: Path) -> tuple[TaskCase, ...]:
    if not path.is_file():
        return ()
    data = _bytes(path, most=_MOST_BYTES)
    lines = [(n, line) for n, line in enumerate(data.splitlines(), 1) if line.strip()]
    if not lines or len(lines) > _MOST_CASES:
        raise TaskError(f"{path}: {len(lines)} cases; 1 to {_MOST_CASES} are fit")
    cases = tuple(_case(path, number, line) for number, line in lines)
    _check_cases(path, cases)
    return cases


def _case(path: Path, number: int, line: bytes) -> TaskCase:
    place = f"{path}, line {number}"
    try:
        value = parsed(line)
    except NoAnswer as error:
        raise TaskError(f"{place}: {error}") from error
    if not isinstance(value, Mapping) or "given" not in value:
        raise TaskError(f'{place}: a case is {{"given": ..., "expected": ...}}')
    known = {"name", "given", "expected", "held_out"}
    if odd := sorted(value.keys() - known):
        raise TaskError(f"{place}: no key {odd[0]!r} in a case; known are {', '.join(known)}")
    return TaskCase(
        name=str(value.get("name", number)),
        given=value["given"],
        expected=value.get("expected"),
        held_out=value.get("held_out") is True,
    )


def _check_cases(path: Path, cases: Sequence[TaskCase]) -> None:
    names = [case.name for case in cases]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise TaskError(f"{path}: two cases are named {twice!r}")
    if all(case.held_out for case in cases):
        raise TaskError(f"{path}: all cases are held out, and none is left to search by")


# What would be evolved


def evolved(tree: Tree) -> Mapping[str, int]:
    """How many lines of each file may be edited: those between its markers, all without markers.

    Raises:
        TaskError: the markers of a file are no pairs.
    """
    for path, text in tree.items():
        if fault := regions.flaw(text):
            raise TaskError(f"{path}, {fault}")
    if not regions.is_marked(tree):
        return {path: len(text.splitlines()) for path, text in tree.items()}
    found = {path: sum(map(len, regions.regions(text))) for path, text in tree.items()}
    return {path: lines for path, lines in found.items() if lines}
