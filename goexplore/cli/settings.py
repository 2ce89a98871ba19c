"""`goexplore config`."""

import json
import re
from collections.abc import Iterator, Mapping

import typer

from archive.library import Json
from goexplore.cli import game24, options
from goexplore.cli.layers import below, with_puzzle
from goexplore.cli.terminal import show_json
from goexplore.config import DEFAULT_PRESET, Settings, checked
from goexplore.config import options as layer
from goexplore.config import schema as schema_of_run_files


def add(app: typer.Typer) -> None:
    """Add the commands."""
    config = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    config.command("show")(show)
    config.command("schema")(schema)
    app.add_typer(config, name="config", help="See the effective settings, or their schema.")


def schema() -> None:
    """Print the JSON schema of run files.

    Editors use it to check a file as you type.

    \b
    goexplore config schema > goexplore.schema.json
    """
    show_json(schema_of_run_files())


def show(
    what: options.What,
    words: options.Words = None,
    *,
    preset: options.Preset = DEFAULT_PRESET,
    sets: options.Set = None,
    without: options.Without = None,
    model: options.Model = None,
) -> None:
    """Print the effective settings as a run file.

    They come from a preset, a run file and overrides, each upon the one before.

    \b
    goexplore config show run.toml -s selection.kind=dgm
    goexplore config show game24 4 4 6 8 > run.toml
    """
    lower = below(what, preset, sets or [], without or [])
    puzzles = game24.asked(words or [], None, None)
    asked: Settings = {"run": {"model": model}}
    said = with_puzzle(asked, puzzles[0], apart=False) if puzzles else asked
    effective = checked([*lower, layer(said)]).settings
    typer.echo("\n\n".join("\n".join(_toml(name, keys)) for name, keys in effective.items()))


def _toml(name: str, keys: Mapping[str, Json]) -> Iterator[str]:
    yield f"[{name}]"
    yield from (f"{_key(key)} = {_value(value)}" for key, value in keys.items())


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _value(value: Json) -> str:
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        return "[\n" + "".join(f"    {_value(each)},\n" for each in value) + "]"
    if isinstance(value, Mapping):
        keys = (f"{_key(key)} = {_value(each)}" for key, each in value.items())
        return "{ " + ", ".join(keys) + " }"
    # All else that settings hold, JSON and TOML write alike.
    return json.dumps(value)
