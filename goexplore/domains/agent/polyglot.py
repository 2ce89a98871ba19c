"""The Python exercises of a checkout of Aider's polyglot benchmark, or of Exercism's Python track.

Both lay an exercise out alike: .docs/instructions.md, the files to fill in, tests of `unittest`,
and .meta/config.json, which names them all and the example solution.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from archive.entry import Tree
from goexplore.domains.agent.coding import CodingTask, Difficulty, Script, UnfitTask, distinct

_PLACES = ("python/exercises/practice", "exercises/practice")
_CONFIG, _EXAMPLE = ".meta/config.json", ".meta/example.py"
_DOCS = ("introduction.md", "instructions.md", "instructions.append.md")
_TENTHS_HELD_OUT = 3
_SECONDS = 60.0
_MOST_BYTES = 1 << 20
_STATEMENT = "{docs}\n\nWrite {files}; the names that the tests import are to stay as they are."


class _Files(BaseModel):
    """Paths in the folder of an exercise. editor: what is shown beside, and tests may need."""

    model_config = ConfigDict(frozen=True)

    solution: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    example: tuple[str, ...] = ()
    editor: tuple[str, ...] = ()


class _Config(BaseModel):
    """What we read of .meta/config.json."""

    files: _Files = _Files()


def polyglot(checkout: Path) -> tuple[CodingTask, ...]:
    """Its tasks, by name; the last three of every ten are held out, and all are called hard.

    Aider took those exercises of Exercism's into it that the fewest models solved.

    Raises:
        UnfitTask: the checkout has another shape.
    """
    home = next((found for place in _PLACES if (found := checkout / place).is_dir()), None)
    if home is None:
        raise UnfitTask(f"{checkout}: no folder {' or '.join(_PLACES)} in it")
    exercises = sorted(each for each in home.iterdir() if (each / ".meta").is_dir())
    if not exercises:
        raise UnfitTask(f"{home}: no exercises; each is a folder with {_CONFIG}")
    return distinct([_task(folder, n) for n, folder in enumerate(exercises)])


def _task(folder: Path, number: int) -> CodingTask:
    named = _named(folder)
    start = {path: _text(folder / path) for path in named.solution}
    tests, *beside = named.test
    text = _text(folder / tests)
    try:
        names = names_of(text)
    except ValueError as error:
        raise UnfitTask(f"{folder / tests}: {error}") from error
    return CodingTask(
        name=folder.name,
        statement=_STATEMENT.format(docs=_docs(folder), files=" and ".join(start)),
        start=start,
        solution=_example(folder, named),
        hidden=Script(
            runs="unittest",
            text=text,
            tests=names,
            beside={path: _text(folder / path) for path in (*beside, *named.editor)},
        ),
        difficulty=Difficulty.HARD,
        held_out=number % 10 >= 10 - _TENTHS_HELD_OUT,
        seconds=_SECONDS,
    )


def _named(folder: Path) -> _Files:
    """The files of an exercise as its configuration names them, else as they are usually named."""
    try:
        told = _Config.model_validate_json(_text(folder / _CONFIG)).files
    except ValidationError as error:
        raise UnfitTask(f"{folder / _CONFIG}: no configuration with lists of files") from error
    name = folder.name.replace("-", "_")
    return _Files(
        solution=told.solution or (f"{name}.py",),
        test=told.test or (f"{name}_test.py",),
        example=told.example or (_EXAMPLE,),
        editor=told.editor,
    )


def _example(folder: Path, named: _Files) -> Tree:
    """The example solution, each of its files in the place of the one that it is an example of."""
    examples, places = named.example, named.solution
    if len(examples) != len(places):
        raise UnfitTask(
            f"{folder / _CONFIG}: {len(examples)} example files for {len(places)} of the solution"
        )
    return {place: _text(folder / path) for path, place in zip(examples, places, strict=True)}


def _docs(folder: Path) -> str:
    told = [folder / ".docs" / name for name in _DOCS]
    if not told[1].is_file():
        raise UnfitTask(f"{told[1]}: no such file, which is to say what the exercise is")
    return "\n\n".join(_text(path).strip() for path in told if path.is_file())


def names_of(text: str) -> tuple[str, ...]:
    """The tests of a file of unittest's that are to pass, which are all that are not skipped.

    Raises:
        ValueError: there is none, or it is no Python.
    """
    try:
        found = tuple(_names(ast.parse(text)))
    except SyntaxError as error:
        raise ValueError(f"no Python: {error}") from error
    if not found:
        raise ValueError("no class with methods test_..., as unittest has them")
    return found


def _names(module: ast.Module) -> Iterator[str]:
    for owner in module.body:
        if isinstance(owner, ast.ClassDef) and not _is_skipped(owner):
            yield from (
                f"{owner.name}.{each.name}"
                for each in owner.body
                if isinstance(each, ast.FunctionDef)
                if each.name.startswith("test") and not _is_skipped(each)
            )


def _is_skipped(node: ast.ClassDef | ast.FunctionDef) -> bool:
    return any("skip" in ast.unparse(each) for each in node.decorator_list)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnfitTask(f"{path}: more than {_MOST_BYTES} bytes")
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UnfitTask(f"{path}: not text in UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise UnfitTask(f"{path}: {error.strerror}") from error
