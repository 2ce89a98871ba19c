"""Where the command line speaks: results on stdout, everything else on stderr."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rich.console import Console, RenderableType
from rich.text import Text

from archive.library import Json

_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Two consoles. `quiet`: nothing is said beside results and errors."""

    out: Console
    err: Console
    quiet: bool

    @property
    def live(self) -> bool:
        """Whether somebody watches."""
        return self.err.is_terminal and not self.quiet

    @classmethod
    def of(cls, *, no_color: bool = False, quiet: bool = False) -> Self:
        """The terminal that the process has; without colours where it is none."""
        color = True if no_color else None
        out = Console(no_color=color, highlight=False, width=_width_of(sys.stdout.isatty()))
        err = Console(no_color=color, highlight=False, stderr=True)
        return cls(out=out, err=err, quiet=quiet)

    def show(self, what: RenderableType) -> None:
        """Print a part of the result. A string is shown as `safe` has it, however long."""
        if isinstance(what, str):
            self.out.print(safe(what), soft_wrap=True)
        else:
            self.out.print(what)

    def say(self, text: str) -> None:
        """Say something beside the result."""
        if not self.quiet:
            self.err.print(safe(text, "dim"), soft_wrap=True)


_CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]|[\ud800-\udfff]")


def safe(text: str, style: str = "") -> Text:
    """Words as they are: brackets mean nothing, and no terminal obeys them.

    What a model or a program wrote may hold the commands that terminals take.
    """
    return Text(harmless(text), style=style)


def harmless(text: str) -> str:
    """A text whose control characters can be seen and do nothing."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def show_json(document: Mapping[str, object] | list[dict[str, Json]]) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _width_of(terminal: bool) -> int | None:  # noqa: FBT001  # one word says it all
    """The width to print with; what goes to a file or a pipe is not squeezed into 80 columns."""
    return None if terminal else _WIDTH
