"""The entry point: says at once what there is, or hands over to one command.

Only what is asked for gets imported. A command costs what it needs, and help and completion cost
next to nothing; so modules are loaded by name here and in `app`, and nowhere else.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from goexplore.cli.commands import COMMANDS, COMPLETING
from goexplore.cli.status import INTERRUPTED

_OVERVIEW = """\
Usage: goexplore [OPTIONS] COMMAND [ARGS]...

  Archive-based open-ended search: select an elite, return to it, explore,
  verify, record.

  goexplore run game24 4 4 6 8        solve a puzzle
  goexplore run run.toml              do what a run file says
  goexplore demo                      see it work, and what to try next

Commands:
{commands}

Options:
  --version             Say which version this is.
  --install-completion  Complete commands and options in this shell.
  --show-completion     Print what the option before would install.
  --help                Say this. `goexplore COMMAND --help` says more.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the arguments say; those of the process by default."""
    said = list(sys.argv[1:] if arguments is None else arguments)
    if said in ([], ["--help"], ["-h"]) and COMPLETING not in os.environ:
        sys.stdout.write(_overview())
        return
    try:
        import_module("goexplore.cli.app").main(said)
    except ImportError:
        _say_who_is_a_stranger()
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _say_who_is_a_stranger() -> None:
    if complaints := import_module("goexplore.cli.house").strangers():
        sys.exit(f"goexplore: {'; '.join(complaints)}")


def _overview() -> str:
    lines = (f"  {name:<10}{command.summary}" for name, command in COMMANDS.items())
    return _OVERVIEW.format(commands="\n".join(lines))


if __name__ == "__main__":
    main()
