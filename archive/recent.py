"""The entries asked for most recently."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from archive.entry import Entry, EntryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry, and how many changes lie between its stored tree and a whole one."""

    entry: Entry
    hops: int


class Recent:
    """A bounded memory of entries, for use by several threads.

    What is pinned stays until it is released, however many others come.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[EntryId, Kept] = OrderedDict()
        self._pinned: dict[EntryId, Kept] = {}
        self._lock = Lock()

    def get(self, entry: EntryId) -> Kept | None:
        with self._lock:
            if entry in self._pinned:
                return self._pinned[entry]
            if entry in self._kept:
                self._kept.move_to_end(entry)
            return self._kept.get(entry)

    def put(self, kept: Kept) -> None:
        with self._lock:
            self._put(kept)

    def pin(self, kept: Kept) -> None:
        with self._lock:
            self._pinned[kept.entry.id] = kept

    def release(self, entry: EntryId) -> None:
        """From now on the entry goes when its time comes."""
        with self._lock:
            self._put(self._pinned.pop(entry))

    def _put(self, kept: Kept) -> None:
        self._kept[kept.entry.id] = kept
        self._kept.move_to_end(kept.entry.id)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
