"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

What = Annotated[
    str, typer.Argument(metavar="DOMAIN|FILE.toml", help="What to explore, or a run file.")
]
Words = Annotated[
    list[str] | None, typer.Argument(metavar="[NUMBERS]...", help="The four numbers of game24.")
]
Archive = Annotated[
    str | None,
    typer.Option(
        "--archive",
        metavar="URL",
        help="sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; else $GOEXPLORE_ARCHIVE, "
        "else sqlite:///goexplore.db.",
    ),
]
Run = Annotated[
    str | None, typer.Option("--run", metavar="NAME", help="The run; the newest by default.")
]
Name = Annotated[
    str | None,
    typer.Option("--name", help="What to call the run; by default its settings name it."),
]
Preset = Annotated[
    str,
    typer.Option("--preset", metavar="NAME", help="Named settings to begin with."),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "-s", "--set", metavar="KEY=VALUE", help="One setting, such as selection.kind=dgm."
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Where chance begins.")]
Workers = Annotated[
    int | None, typer.Option("--workers", help="How many steps to take at the same time.")
]
Deterministic = Annotated[
    bool | None,
    typer.Option(
        "--deterministic/--no-deterministic",
        help="The same archive for the same seed with several workers, too.",
        show_default=False,
    ),
]
Steps = Annotated[
    int | None, typer.Option("--steps", help="Budget: turns of the loop, over all sessions.")
]
Verifications = Annotated[
    int | None,
    typer.Option(
        "--verifications", help="Budget: candidates run (in game24: operations tried), over all."
    ),
]
Seconds = Annotated[
    float | None, typer.Option("--seconds", help="Budget: seconds of the run, over all sessions.")
]
Tokens = Annotated[
    int | None, typer.Option("--tokens", help="Budget: tokens of all calls of models.")
]
Dollars = Annotated[
    float | None, typer.Option("--dollars", help="Budget: US dollars of all calls of models.")
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="The model to ask: openai:NAME[@URL], anthropic:NAME[@URL], local:FILE, "
        "scripted:FILE. Keys are $OPENAI_API_KEY and $ANTHROPIC_API_KEY.",
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="select|act|admit",
        help="A role that chance, or a rule, is to play instead of the model.",
    ),
]
Puzzles = Annotated[
    Path | None,
    typer.Option(
        "--puzzles", metavar="FILE", help="game24: a CSV file with a column 'Puzzles', or lines."
    ),
]
Range = Annotated[
    str | None,
    typer.Option("--range", metavar="FROM:TO", help="game24: which rows of the file, from 0."),
]
Rules = Annotated[
    str | None, typer.Option("--rules", metavar="ige|exact", help="game24: the rules of the game.")
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Begin anew, beside an earlier run of the same settings.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; only the result.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="A row a puzzle, however many there are.")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours; $NO_COLOR does the same.")]
Entry = Annotated[int, typer.Argument(metavar="ENTRY", help="The number of an entry.")]
