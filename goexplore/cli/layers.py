"""The layers of settings that a command line stands for."""

import os
from collections.abc import Sequence
from pathlib import Path

from goexplore.config import Layer, Settings, environment, options, overrides, preset, run_file


def below(what: str, named: str, sets: Sequence[str]) -> list[Layer]:
    """The layers that the options lie upon, the lowest first.

    what: a domain, or a run file if it ends in `.toml`. named: a preset. sets: overrides.

    Raises:
        ConfigError: one of them makes no sense.
    """
    first = [environment(os.environ), preset(named).layer]
    if what.endswith(".toml"):
        return [*first, run_file(Path(what)), overrides(sets)]
    return [*first, options({"domain": {"kind": what}}), overrides(sets)]


def with_puzzle(settings: Settings, numbers: Sequence[int], *, apart: bool) -> Settings:
    """The settings with a puzzle; `apart`: and with a name of its own, if they have one."""
    domain = {**settings.get("domain", {}), "numbers": list(numbers)}
    run = dict(settings.get("run", {}))
    if apart and run.get("name"):
        run["name"] = "-".join(map(str, [run["name"], *numbers]))
    return {**settings, "run": run, "domain": domain}
