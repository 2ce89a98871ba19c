"""Trees as bytes: whole, or as what changed against another tree.

A tree is laid out as records, a file each: `<bytes of path> <bytes of text>\\n<path><text>`, or
`<bytes of path> -\\n<path>` for a file that is gone. A change is deflated with the layout of its
base as the preset dictionary, so that an edit of a 4 kB program takes under 100 bytes.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence

from archive.entry import Tree
from archive.errors import ArchiveError

MAX_HOPS = 16
"""How many changes may stand between a tree and the whole one that it is rebuilt from."""

_WINDOW = 32_768  # deflate looks no further back
_RAW = -15  # a bare deflate stream: no header and no checksum

_Files = dict[bytes, bytes]
_Changes = dict[bytes, bytes | None]


def size_of(tree: Tree) -> int:
    """Lines of all files: of a game state, the actions that lead to it."""
    return sum(text.count("\n") + bool(text and text[-1] != "\n") for text in tree.values())


def encode(tree: Tree, base: Tree | None = None) -> bytes:
    """The bytes of a tree: whole, or what turns `base` into it."""
    files = _files(tree)
    if base is None:
        return _deflate(_layout(files), b"")
    before = _files(base)
    changes: _Changes = {p: text for p, text in files.items() if before.get(p) != text}
    changes |= dict.fromkeys(before.keys() - files.keys())
    dictionary = _layout(before)
    if len(dictionary) <= _WINDOW:
        return _deflate(_layout(changes), dictionary)
    names = _layout(dict.fromkeys(changes))
    return b"%d\n%s" % (len(names), names) + _deflate(_layout(changes), _nearest(before, changes))


def decode(data: bytes, base: Tree | None = None) -> Tree:
    """The tree that `encode` was given, with the same `base`."""
    if base is None:
        return rebuild([data])
    return _tree(_applied(_files(base), data))


def rebuild(chain: Sequence[bytes]) -> Tree:
    """The last tree of a chain: a whole one, and changes, each of the one before."""
    files = dict(_kept(_records(_inflate(chain[0], b""))))
    for data in chain[1:]:
        files = _applied(files, data)
    return _tree(files)


def _applied(base: _Files, data: bytes) -> _Files:
    dictionary = _layout(base)
    if len(dictionary) > _WINDOW:
        size, _, data = data.partition(b"\n")
        names, data = data[: int(size)], data[int(size) :]
        dictionary = _nearest(base, dict(_records(names)))
    return dict(_kept((base | dict(_records(_inflate(data, dictionary)))).items()))


def _nearest(base: _Files, changed: Iterable[bytes]) -> bytes:
    # The files that change stand last, where deflate finds them, however large the tree is.
    touched = {path: base[path] for path in sorted(changed) if path in base}
    rest = {path: text for path, text in base.items() if path not in touched}
    return (_layout(rest) + _layout(touched))[-_WINDOW:]


def _kept(changes: Iterable[tuple[bytes, bytes | None]]) -> Iterator[tuple[bytes, bytes]]:
    return ((path, text) for path, text in changes if text is not None)


def _files(tree: Tree) -> _Files:
    return {_bytes(path): _bytes(text) for path, text in tree.items()}


def _tree(files: _Files) -> Tree:
    return {_text(path): _text(files[path]) for path in sorted(files)}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _layout(files: _Files | _Changes) -> bytes:
    return b"".join(_record(path, files[path]) for path in sorted(files))


def _record(path: bytes, text: bytes | None) -> bytes:
    if text is None:
        return b"%d -\n%s" % (len(path), path)
    return b"%d %d\n%s%s" % (len(path), len(text), path, text)


def _records(layout: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    at = 0
    while at < len(layout):
        end = layout.index(b"\n", at)
        path_size, text_size = layout[at:end].split(b" ")
        text_at = end + 1 + int(path_size)
        path = layout[end + 1 : text_at]
        gone = text_size == b"-"
        at = text_at if gone else text_at + int(text_size)
        yield path, None if gone else layout[text_at:at]


def _deflate(data: bytes, dictionary: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, _RAW, zdict=dictionary)
    return packer.compress(data) + packer.flush()


def _inflate(data: bytes, dictionary: bytes) -> bytes:
    unpacker = zlib.decompressobj(_RAW, zdict=dictionary)
    try:
        inflated = unpacker.decompress(data) + unpacker.flush()
    except zlib.error as error:
        raise ArchiveError(f"a stored tree is damaged ({error})") from error
    if not unpacker.eof:
        raise ArchiveError("a stored tree is damaged (it ends too early)")
    return inflated
