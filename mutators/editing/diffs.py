"""Unified diffs: read from an answer, and made of two programs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff

from archive.entry import Failure, Tree
from mutators.editing.lines import Splice, bare, ending_of, lines_of, quoted, refusal

NOWHERE = "/dev/null"

_AT = re.compile(r"@@(?: -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))?)?.*", re.DOTALL)
_NO_NEWLINE = re.compile(r"\\ ?No newline.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a hunk, with its ending: one that stays, goes (`-`) or comes (`+`)."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Lines that change among some that do not. start: where, from 1; 0 where it is not said."""

    name: str
    start: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """What changes in a file. `old` and `new` are its paths; `/dev/null` for none, `""` untold."""

    old: str = ""
    new: str = ""
    hunks: tuple[Hunk, ...] = field(default_factory=tuple[Hunk, ...])


def diffs_in(text: str) -> list[FileDiff] | Failure:
    """What a diff says, file for file. Prose and fences may stand around it."""
    lines = lines_of(text)
    found: list[FileDiff] = []
    at = hunks = 0
    while at < len(lines):
        line = bare(lines[at])
        if line.startswith("diff --git "):
            found.append(_git(line))
        elif line.startswith(("rename from ", "copy from ", "GIT binary patch", "Binary files ")):
            return refusal(f"{quoted(line)}: files are changed, made and deleted only, as text")
        elif line.startswith(("new file mode", "deleted file mode")) and found:
            found[-1] = _made(found[-1], line)
        elif _is_header(lines, at):
            found = _headed(found, line, bare(lines[at + 1]))
            at += 1
        elif _AT.fullmatch(line):
            hunks += 1
            hunk, at = _hunk(lines, at, f"hunk {hunks}")
            last = found.pop() if found else FileDiff()
            found.append(replace(last, hunks=(*last.hunks, hunk)))
            continue
        at += 1
    return found


def applied(diff: FileDiff, text: str) -> list[Splice] | Failure:
    """What a diff comes to in the text of its file."""
    splices: list[Splice] = []
    for hunk in diff.hunks:
        splice = _placed(hunk, text)
        if isinstance(splice, Failure):
            return splice
        splices.append(splice)
    return splices


def difference(before: Tree, after: Tree) -> str:
    """The diff that turns one program into another, file by file in the order of their names."""
    return "".join(
        _file_diff(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )


def path_of(side: str, known: Tree) -> str:
    """The path that a side of a diff names."""
    short = side[2:] if side[:2] in ("a/", "b/") else side
    return side if side in known and short not in known else short


def _git(line: str) -> FileDiff:
    sides = line.removeprefix("diff --git ").split(" ")
    return FileDiff(old=sides[0], new=sides[-1])


def _made(diff: FileDiff, line: str) -> FileDiff:
    return replace(diff, old=NOWHERE) if line.startswith("new") else replace(diff, new=NOWHERE)


def _is_header(lines: Sequence[str], at: int) -> bool:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return lines[at].startswith("--- ") and following.startswith("+++ ")


def _headed(found: list[FileDiff], old: str, new: str) -> list[FileDiff]:
    """With the file that two header lines name; git's line before them has named it already."""
    named = FileDiff(old=_side(old), new=_side(new))
    of_git = found and found[-1].old and not found[-1].hunks
    return [*found[:-1], named] if of_git else [*found, named]


def _side(header: str) -> str:
    return header[4:].partition("\t")[0].strip().strip('"`')


def _hunk(lines: Sequence[str], at: int, name: str) -> tuple[Hunk, int]:
    """The hunk that begins with a line, and where it ends."""
    head = _AT.fullmatch(bare(lines[at]))
    told = head[1] if head else None
    end = at + 1
    while end < len(lines) and _is_body(lines, end):
        end += 1
    if head and told:
        end = _counted(lines, at + 1, int(head[2] or 1), int(head[4] or 1)) or end
    body = tuple(_body(lines[at + 1 : end]))
    return Hunk(name=name, start=int(told or 0), lines=body), end


def _counted(lines: Sequence[str], start: int, old: int, new: int) -> int | None:
    """Where a hunk ends by the counts of its header; `None` where they do not hold."""
    at = start
    while at < len(lines) and (old > 0 or new > 0):
        sign = lines[at][0]
        old -= sign in " -\n\r"
        new -= sign in " +\n\r"
        if sign not in " +-\\\n\r":
            return None
        at += 1
    if at < len(lines) and _NO_NEWLINE.fullmatch(lines[at]):
        at += 1
    ends = at == len(lines) or not _is_body(lines, at) or not bare(lines[at]).strip()
    return at if not old and not new and ends else None


def _is_body(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    return line[0] in " +-\n\r\\" and not _is_header(lines, at)


def _body(lines: Sequence[str]) -> Iterator[Line]:
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if line.startswith("\\"):
            continue
        sign, text = (line[0], line[1:]) if line[0] in " +-" else (" ", line)
        yield Line(sign=sign, text=text[:-1] if _NO_NEWLINE.fullmatch(following) else text)


def _placed(hunk: Hunk, text: str) -> Splice | Failure:
    lines = lines_of(text)
    trimmed = _without_trailing_blanks(hunk)
    for each, key in [(h, k) for h in (hunk, trimmed) for k in (_whole, bare, _unspaced)]:
        wanted = [key(line.text) for line in each.lines if line.sign != "+"]
        if not wanted:
            return _inserted(each, lines)
        keyed = [key(line) for line in lines]
        starts = [n for n in range(len(keyed)) if keyed[n : n + len(wanted)] == wanted]
        if starts:
            return _only(each, starts, lines, "" if key is _whole else ending_of(text))
    return refusal(f"{hunk.name}: {_not_found(hunk, lines)}")


def _whole(line: str) -> str:
    return line


def _unspaced(line: str) -> str:
    return line.rstrip()


def _without_trailing_blanks(hunk: Hunk) -> Hunk:
    """Without the empty lines after a hunk, which may be those of the answer."""
    end = len(hunk.lines)
    while end and hunk.lines[end - 1].sign == " " and not hunk.lines[end - 1].text.strip():
        end -= 1
    return replace(hunk, lines=hunk.lines[:end])


def _inserted(hunk: Hunk, lines: Sequence[str]) -> Splice | Failure:
    """Lines for a file that has none."""
    if lines:
        return refusal(f"{hunk.name}: nothing says where its lines go; add lines around them")
    return Splice(start=0, stop=0, lines=tuple(line.text for line in hunk.lines))


def _only(hunk: Hunk, starts: Sequence[int], lines: Sequence[str], ending: str) -> Splice | Failure:
    """The hunk in the one place where it fits, or of several in the one that its number tells."""
    told = [start for start in starts if start + 1 == hunk.start]
    ours = starts if len(starts) == 1 else told
    if len(ours) == 1:
        return _splice(hunk, ours[0], lines, ending)
    where = ", ".join(f"line {start + 1}" for start in starts[:5])
    return refusal(
        f"{hunk.name} fits in {len(starts)} places ({where}); add lines around it until it fits in "
        "one only"
    )


def _splice(hunk: Hunk, start: int, lines: Sequence[str], ending: str) -> Splice:
    """What a hunk comes to; lines that stay are those of the file. ending: `""` as in the hunk."""
    at, new = start, list[str]()
    for line in hunk.lines:
        if line.sign == "+":
            new.append(bare(line.text) + ending if ending else line.text)
            continue
        if line.sign == " ":
            new.append(lines[at])
        at += 1
    if ending and at == len(lines) and not lines[-1].endswith("\n"):
        new[-1:] = map(bare, new[-1:])
    return Splice(start=start, stop=at, lines=tuple(new))


def _not_found(hunk: Hunk, lines: Sequence[str]) -> str:
    there = {line.strip() for line in lines}
    wanted = [line.text for line in hunk.lines if line.sign != "+"]
    missing = next((line for line in wanted if line.strip() not in there), None)
    if missing is None:
        return "its lines are all in the file, but not one after the other"
    return f"the file has no line {quoted(missing)}"


def _file_diff(path: str, before: str | None, after: str | None) -> str:
    old = NOWHERE if before is None else f"a/{path}"
    new = NOWHERE if after is None else f"b/{path}"
    mode = "" if before is not None else "new file mode 100644\n"
    mode += "" if after is not None else "deleted file mode 100644\n"
    body = unified_diff(lines_of(before or ""), lines_of(after or ""), old, new)
    return f"diff --git a/{path} b/{path}\n{mode}" + "".join(map(_terminated, body))


def _terminated(line: str) -> str:
    return line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
