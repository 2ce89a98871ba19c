"""`goexplore notes`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from archive.ledger import Call
from goexplore.cli import options
from goexplore.cli.opening import reading
from goexplore.cli.terminal import Terminal, safe, show_json
from mutators.llm.base import Role
from mutators.notes import kept, number_of

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]
_Last = Annotated[bool, typer.Option("--last", help="Only the newest that says anything.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """A note as it is told. step: at whose end it was due. text: empty where none came."""

    number: int
    step: int
    model: str
    text: str
    finish: str


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("notes")(notes)


def notes(
    run: _Run = None,
    *,
    last: _Last = False,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Read what a model has noted down of a run: what worked so far, and what did not.

    \b
    goexplore notes
    goexplore notes --last
    """
    with reading(archive, run) as (_, reader):
        found = sorted(map(_note, reader.calls(Role.NOTE)), key=lambda note: note.number)
    if last:
        found = [note for note in found if note.text][-1:]
    if json:
        show_json([asdict(note) for note in found])
        return
    _print(Terminal.of(no_color=no_color), found)


def _note(call: Call) -> _Note:
    return _Note(
        number=number_of(call.sample),
        step=call.step,
        model=call.model,
        text=kept(call.text, call.finish),
        finish=call.finish,
    )


def _print(terminal: Terminal, found: Sequence[_Note]) -> None:
    if not found:
        terminal.say("No notes have been kept on this run.")
        return
    for note in found:
        terminal.show(safe(f"note {note.number}, after step {note.step}, by {note.model}", "bold"))
        terminal.show(safe(note.text or f"(none: the answer was empty, {note.finish})"))
        terminal.show("")
    if lost := sum(not note.text for note in found):
        terminal.say(f"{lost} of {len(found)} came to nothing; the one before stood in its place.")
