"""`goexplore export`."""

import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archive.export import dot, graphml, jsonl
from archive.reading import RunReader
from goexplore.cli import options
from goexplore.cli.opening import reading


class Format(StrEnum):
    """What a run can be written as."""

    JSONL = "jsonl"
    GRAPHML = "graphml"
    DOT = "dot"


_WRITERS: dict[Format, Callable[[RunReader], Iterator[str]]] = {
    Format.JSONL: jsonl,
    Format.GRAPHML: graphml,
    Format.DOT: dot,
}
_Format = Annotated[
    Format,
    typer.Option("--format", help="jsonl: each entry whole; graphml and dot: who came from whom."),
]
_Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write; stdout by default."),
]


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    *,
    kind: _Format = Format.JSONL,
    output: _Output = None,
    run: options.Run = None,
    archive: options.Archive = None,
) -> None:
    """Write a run for other programs.

    \b
    goexplore export | head -1
    goexplore export --format dot -o run.dot
    """
    with reading(archive, run) as (_, reader):
        parts = _WRITERS[kind](reader)
        if output is None:
            sys.stdout.writelines(parts)
            return
        with output.open("w", encoding="utf-8") as file:
            file.writelines(parts)
