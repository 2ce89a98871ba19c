"""Trees as bytes: whole, or as what changed against another tree.

A tree is laid out as records, a file each: `<bytes of path> <bytes of text>\\n<path><text>`, or
`<bytes of path> -\\n<path>` for a file that is gone. A change is deflated with the layout of its
base as the preset dictionary, so that an edit of a 4 kB program takes under 100 bytes.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping

from archive.entry import Tree

MAX_HOPS = 16
"""How many changes may stand between a tree and the whole one that it is rebuilt from."""

_WINDOW = 32_768  # deflate looks no further back
_RAW = -15  # a bare deflate stream: no header and no checksum
_GONE = b"-"

_Changes = Mapping[str, str | None]


def size_of(tree: Tree) -> int:
    """Lines of all files: of a game state, the actions that lead to it."""
    return sum(text.count("\n") + bool(text and text[-1] != "\n") for text in tree.values())


def encode(tree: Tree, base: Tree | None = None) -> bytes:
    """The bytes of a tree: whole, or what turns `base` into it."""
    if base is None:
        return _deflate(_layout(tree), b"")
    changes: dict[str, str | None] = {p: t for p, t in tree.items() if base.get(p) != t}
    changes |= dict.fromkeys(p for p in base if p not in tree)
    dictionary = _layout(base)
    if len(dictionary) <= _WINDOW:
        return _deflate(_layout(changes), dictionary)
    return _names(changes) + b"\n" + _deflate(_layout(changes), _nearest(base, changes))


def decode(data: bytes, base: Tree | None = None) -> Tree:
    """The tree that `encode` was given, with the same `base`."""
    if base is None:
        return _applied({}, _inflate(data, b""))
    dictionary = _layout(base)
    if len(dictionary) <= _WINDOW:
        return _applied(base, _inflate(data, dictionary))
    names, _, packed = data.partition(b"\n")
    changed = names.decode("utf-8", "surrogatepass").split("\0")
    return _applied(base, _inflate(packed, _nearest(base, changed)))


def _names(paths: Iterable[str]) -> bytes:
    return "\0".join(sorted(paths)).encode("utf-8", "surrogatepass")


def _nearest(base: Tree, changed: Iterable[str]) -> bytes:
    # The files that change stand last, where deflate finds them, however large the tree is.
    touched = {p: base[p] for p in sorted(changed) if p in base}
    rest = {p: t for p, t in base.items() if p not in touched}
    return (_layout(rest) + _layout(touched))[-_WINDOW:]


def _applied(base: Tree, layout: bytes) -> Tree:
    tree = dict(base)
    for path, text in _records(layout):
        if text is None:
            tree.pop(path, None)
        else:
            tree[path] = text
    return dict(sorted(tree.items()))


def _layout(files: _Changes) -> bytes:
    return b"".join(_record(path, files[path]) for path in sorted(files))


def _record(path: str, text: str | None) -> bytes:
    name = path.encode("utf-8", "surrogatepass")
    if text is None:
        return b"%d %s\n%s" % (len(name), _GONE, name)
    body = text.encode("utf-8", "surrogatepass")
    return b"%d %d\n%s%s" % (len(name), len(body), name, body)


def _records(layout: bytes) -> Iterator[tuple[str, str | None]]:
    at = 0
    while at < len(layout):
        end = layout.index(b"\n", at)
        name_size, body_size = layout[at:end].split(b" ")
        body_at = end + 1 + int(name_size)
        path = layout[end + 1 : body_at].decode("utf-8", "surrogatepass")
        if body_size == _GONE:
            at = body_at
            yield path, None
            continue
        at = body_at + int(body_size)
        yield path, layout[body_at:at].decode("utf-8", "surrogatepass")


def _deflate(data: bytes, dictionary: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, _RAW, zdict=dictionary)
    return packer.compress(data) + packer.flush()


def _inflate(data: bytes, dictionary: bytes) -> bytes:
    unpacker = zlib.decompressobj(_RAW, zdict=dictionary)
    return unpacker.decompress(data) + unpacker.flush()
