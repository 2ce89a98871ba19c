"""`goexplore lineage`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.text import Text
from rich.tree import Tree

from archive.entry import Entry, EntryId, Failure
from archive.errors import ArchiveError
from archive.lineage import Node, ancestors, descendants, nodes
from archive.reading import RunReader
from goexplore.cli import options
from goexplore.cli.opening import reading
from goexplore.cli.show import edit
from goexplore.cli.terminal import Terminal, safe, show_json

_LONGEST = 100
_HEAD, _TAIL = 3, 7

_Entry = Annotated[
    int | None,
    typer.Argument(metavar="[ENTRY]", help="The number of an entry; the best by default."),
]
_Depth = Annotated[int, typer.Option("--depth", min=0, help="How many generations below it.")]
_All = Annotated[bool, typer.Option("--all", help="Also what was rejected or failed.")]


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lineage")(lineage)


def lineage(
    entry: _Entry = None,
    *,
    depth: _Depth = 2,
    everything: _All = False,
    run: options.Run = None,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Show the way from the beginning to an entry, and what came of it.

    \b
    goexplore lineage
    goexplore lineage 1 --depth 3 --all

    The way to the best entry of the run stands out.
    """
    with reading(archive, run) as (summary, reader):
        wanted = EntryId(entry) if entry is not None else summary.best_entry
        if wanted is None:
            raise ArchiveError(f"run {summary.name} has no entry yet")
        family = family_of(reader, wanted, summary.best_entry, depth, everything=everything)
        if json:
            show_json(_document(summary.name, family))
            return
        terminal = Terminal.of(no_color=no_color)
        for each in trees(reader, family):
            terminal.show(each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """An entry with the way to it and what came of it. `best`: the way to the run's best."""

    wanted: EntryId
    way: Sequence[Node]
    below: Sequence[Node]
    best: frozenset[EntryId]


def family_of(
    reader: RunReader,
    wanted: EntryId,
    best: EntryId | None,
    depth: int,
    *,
    everything: bool = False,
) -> Family:
    """The family of an entry: its ancestors, and descendants up to `depth` below it.

    Raises:
        UnknownEntry: there is no such entry.
    """
    own = reader.entry(wanted)
    below = nodes(reader, descendants(reader, wanted))
    near = (node for node in below if node.depth <= own.depth + depth)
    return Family(
        wanted=wanted,
        way=list(nodes(reader, [*ancestors(reader, wanted), wanted])),
        below=[node for node in near if everything or node.status.admitted],
        best=frozenset([*ancestors(reader, best), best]) if best else frozenset(),
    )


def trees(reader: RunReader, family: Family) -> list[Tree]:
    """A family as a tree by the first parents, or several where it has several roots.

    Of a long way the middle is left out.
    """
    drawn: dict[EntryId, Tree] = {}
    roots: list[Tree] = []
    between = [node.id for node in family.way[_HEAD:-_TAIL]]
    # Parents come before their children: their numbers are lower.
    for node in (*family.way, *family.below):
        above = next((drawn[each] for each in node.parents if each in drawn), None)
        if node.id in between[1:]:
            drawn[node.id] = drawn[between[0]]
            continue
        label = _label(reader, node, family)
        if node.id in between:
            label = safe(f"... {len(between)} entries between ...", "dim")
        drawn[node.id] = above.add(label) if above else Tree(label, guide_style="dim")
        if above is None:
            roots.append(drawn[node.id])
    return roots


def _label(reader: RunReader, node: Node, family: Family) -> Text:
    entry = reader.entry(node.id)
    words = [f"#{node.id}", edit(reader, entry), _shown(entry), _score(node), _crossed(node)]
    text = safe("  ".join(filter(None, words)), _style(node, family))
    if node.id == family.wanted:
        text.append("  <--")
    return text


def _shown(entry: Entry) -> str:
    result = entry.result
    if isinstance(result, Failure):
        return f"{result.cause}: {result.message}"[:_LONGEST]
    return (result.observation or result.cell).partition("\n")[0][:_LONGEST]


def _score(node: Node) -> str:
    if node.objective is None:
        return ""
    between = f" [{node.interval.low:.4g}, {node.interval.high:.4g}]" if node.interval else ""
    return f"({node.objective:g}{between}, {node.status.name.lower()})"


def _crossed(node: Node) -> str:
    return " ".join(f"x #{parent}" for parent in node.parents[1:])


def _style(node: Node, family: Family) -> str:
    if node.id in family.best:
        return "bold green"
    return "" if node.status.admitted else "dim"


def _document(run: str, family: Family) -> dict[str, object]:
    return {
        "run": run,
        "entry": family.wanted,
        "best": sorted(family.best),
        "way": [_plain(node) for node in family.way],
        "below": [_plain(node) for node in family.below],
    }


def _plain(node: Node) -> dict[str, object]:
    return {**asdict(node), "status": node.status.name.lower()}
