"""A finished run, run again from its ledger: without a network, call for call."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.entry import EntryId, TurnRecord
from archive.export import jsonl
from archive.library import Library
from archive.reading import RunReader
from goexplore.catalog import SetupError
from goexplore.config import Replaying, checked, options, prepare, stored
from goexplore.recelling import origin
from goexplore.view import Order, record_of_step


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of a replay.

    entries: how many came out identical before the first difference. was, is_now: that
    difference as lines of JSON, `""` where there is no entry; both `""` for none.
    """

    entries: int
    was: str
    is_now: str

    @property
    def identical(self) -> bool:
        """Whether the whole archive came out as it was."""
        return not self.was and not self.is_now


def replay(library: Library, name: str) -> Replay:
    """Take every step of a run again, as it was chosen, with what models answered then.

    Raises:
        UnknownRun: there is none of that name.
        LLMError: a question was asked that the ledger has no answer to.
        SetupError: a part of the run cannot be made any more.
    """
    spec, before = library.find(name).spec, library.read(name)
    if found := origin(before):
        raise SetupError(
            f"run {name!r} began with {found}, which were chosen in other cells; "
            "that run can be replayed, and this one cannot"
        )
    with TemporaryDirectory(prefix="goexplore-replay-") as folder:
        url = f"sqlite:///{Path(folder) / 'replay.db'}"
        with Library(url) as again:
            # Steps are taken one by one in the order of their records, so nothing lags.
            config = checked([stored(name, spec), options({"run": {"deterministic": False}})])
            replaying = Replaying(turns=tuple(turns_of(before)), answers=before.answers())
            with prepare(config, library=again, replaying=replaying) as run:
                run.engine.run()
            return _compared(before, again.read(name))


def turns_of(run: RunReader) -> Iterator[TurnRecord | Order]:
    """The steps of a run as they were chosen, in the order in which they were recorded.

    What a judge chose from a shortlist is decided again.
    """
    for number, _ in groupby(fact.step for fact in run.facts()):
        if number:
            record, shortlist = record_of_step(run.step(number)), run.shortlist(number)
            yield Order(shortlist=shortlist, record=record) if shortlist else record


def _compared(before: RunReader, after: RunReader) -> Replay:
    count = EntryId(0)
    for was, is_now in zip_longest(jsonl(before), jsonl(after), fillvalue=""):
        if was != is_now:
            return Replay(entries=count, was=was, is_now=is_now)
        count = EntryId(count + 1)
    return Replay(entries=count, was="", is_now="")
