"""The layers of settings that a command line stands for."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from goexplore.cli import game24
from goexplore.config import (
    ConfigError,
    Layer,
    RunConfig,
    Settings,
    checked,
    environment,
    options,
    overrides,
    preset,
    run_file,
)

_WITHOUT: Mapping[str, Settings] = {
    "select": {"selection": {"kind": "uniform"}},
    "act": {"mutation": {"kind": "append-action", "order": "random"}},
    "admit": {"admission": {"kind": "better-or-shorter"}},
}
"""What takes the place of a model in each of its roles; chance, as in the paper's ablations."""


def below(what: str, named: str, sets: Sequence[str], without: Sequence[str] = ()) -> list[Layer]:
    """The layers that the options lie upon, the lowest first.

    what: a domain, or a run file if it ends in `.toml`. named: a preset. sets: overrides.
    without: roles of a model that chance or a rule is to play instead.

    Raises:
        ConfigError: one of them makes no sense.
    """
    said = run_file(Path(what)) if what.endswith(".toml") else options({"domain": {"kind": what}})
    lower = [environment(os.environ), preset(named).layer, said]
    return [*lower, *map(_ablation, without), overrides(sets)]


def _ablation(role: str) -> Layer:
    if role not in _WITHOUT:
        raise ConfigError(f"--without {role}: a model's roles are {', '.join(_WITHOUT)}")
    return Layer(source=f"--without {role}", settings=_WITHOUT[role])


def said(
    *,
    seed: int | None,
    workers: int | None,
    deterministic: bool | None,
    name: str | None,
    model: str | None,
    rules: str | None,
    steps: int | None,
    verifications: int | None,
    seconds: float | None,
    tokens: int | None,
    dollars: float | None,
    archive: str | None,
) -> Settings:
    """What the options of a run say of it; what was not given is `None`."""
    return {
        "run": {
            "seed": seed,
            "workers": workers,
            "deterministic": deterministic,
            "name": name,
            "model": model,
        },
        "domain": {"rules": rules},
        "budget": {
            "steps": steps,
            "verifications": verifications,
            "seconds": seconds,
            "tokens": tokens,
            "dollars": dollars,
        },
        "archive": {"url": archive},
    }


def runs(
    lower: Sequence[Layer],
    above: Settings,
    *,
    what: str,
    puzzles: Sequence[Sequence[int]],
) -> list[RunConfig]:
    """The runs that a command line asks for: one for each of many puzzles, or the only one.

    lower: the layers below the options. above: the options. what: a domain, or a run file.

    Raises:
        ConfigError: they make none.
    """
    has_numbers = any("numbers" in layer.settings.get("domain", {}) for layer in lower)
    if what == game24.NAME and not puzzles and not has_numbers:
        raise ConfigError(game24.NEEDED)
    each = [with_puzzle(above, numbers, apart=len(puzzles) > 1) for numbers in puzzles] or [above]
    return [checked([*lower, options(settings)]) for settings in each]


def with_puzzle(settings: Settings, numbers: Sequence[int], *, apart: bool) -> Settings:
    """The settings with a puzzle; `apart`: and with a name of its own, if they have one."""
    domain = {**settings.get("domain", {}), "numbers": list(numbers)}
    run = dict(settings.get("run", {}))
    if apart and run.get("name"):
        run["name"] = "-".join(map(str, [run["name"], *numbers]))
    return {**settings, "run": run, "domain": domain}
