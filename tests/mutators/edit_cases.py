"""Edits of programs, case by case: what a model wrote, and what comes of it."""

# ruff: noqa: E501  # a table: a case, a line

from typing import NamedTuple

from archive.entry import Cause, Tree

PROGRAM = "def f(x):\n    y = x\n    return y\n"
LOOP = "for a in b:\n    use(a)\n\nfor a in c:\n    use(a)\n"
TWO = {"main.py": PROGRAM, "lib/sort.py": "def sort(xs):\n    return xs\n"}
EVOLVE = (
    "import math\n# EVOLVE-BLOCK-START\ndef f(x):\n    return x\n# EVOLVE-BLOCK-END\nprint(f(1))\n"
)
EVOLVED = EVOLVE.replace("return x", "return -x")


def block(search: str, replace: str, *, signs: int = 7) -> str:
    return f"{'<' * signs} SEARCH\n{search}{'=' * signs}\n{replace}{'>' * signs} REPLACE\n"


def hunk(*lines: str, at: str = "@@ -1,3 +1,3 @@", path: str = "main.py") -> str:
    return "\n".join([f"--- a/{path}", f"+++ b/{path}", at, *lines]) + "\n"


class Good(NamedTuple):
    """An answer that is an edit: `after` is the program or its one file."""

    name: str
    before: str | Tree
    answer: str
    after: str | Tree


class Bad(NamedTuple):
    """An answer that is none, and what its model is told."""

    name: str
    before: str | Tree
    answer: str
    message: str
    cause: Cause = Cause.UNPARSABLE


GOOD_BLOCKS = [
    Good("one line", PROGRAM, block("    y = x\n", "    y = 2 * x\n"), PROGRAM.replace("= x", "= 2 * x")),
    Good("two blocks", PROGRAM, block("    y = x\n", "    y = 1\n") + "and\n" + block("    return y\n", "    return -y\n"), "def f(x):\n    y = 1\n    return -y\n"),
    Good("prose and a fence around it", PROGRAM, "Sure:\n```python\n" + block("    y = x\n", "    y = 1\n") + "```\nDone.", PROGRAM.replace("= x", "= 1")),
    Good("lines are deleted", PROGRAM, block("    y = x\n    return y\n", "    return x\n"), "def f(x):\n    return x\n"),
    Good("nothing takes their place", LOOP, block("for a in c:\n    use(a)\n", ""), "for a in b:\n    use(a)\n\n"),
    Good("lines are inserted", PROGRAM, block("    y = x\n", "    y = x\n    y += 1\n"), PROGRAM.replace("x\n    r", "x\n    y += 1\n    r")),
    Good("the answer has CRLF and the file has not", PROGRAM, block("    y = x\n", "    y = 1\n").replace("\n", "\r\n"), PROGRAM.replace("= x", "= 1")),
    Good("the file has CRLF and the answer has not", PROGRAM.replace("\n", "\r\n"), block("    y = x\n", "    y = 1\n    z = 2\n"), PROGRAM.replace("= x", "= 1\n    z = 2").replace("\n", "\r\n")),
    Good("mixed endings stay where nothing changes", "a\r\nb\nc\r\nd\r\n", block("b\nc\n", "b\nX\n"), "a\r\nb\nX\r\nd\r\n"),
    Good("the last line has no newline", "a\nb", block("b\n", "c\n"), "a\nc"),
    Good("lines are added after a last line without a newline", "a\nb", block("b\n", "b\nc\n"), "a\nb\nc"),
    Good("the last line without a newline goes", "a\nb", block("a\nb\n", "a\n"), "a"),
    Good("trailing space in the program", "a  \nb\n", block("a\n", "c\n"), "c\nb\n"),
    Good("trailing space in the search", "a\nb\n", block("a \t\n", "c\n"), "c\nb\n"),
    Good("indentation left out", PROGRAM, block("y = x\nreturn y\n", "if x:\n    return x\nreturn 0\n"), "def f(x):\n    if x:\n        return x\n    return 0\n"),
    Good("too much indentation", "a = 1\nb = 2\n", block("    a = 1\n", "    if c:\n        a = 2\n"), "if c:\n    a = 2\nb = 2\n"),
    Good("spaces for tabs", "def f(x):\n\ty = x\n\treturn y\n", block("def f(x):\n    y = x\n", "def f(x):\n    if x:\n        y = 1\n"), "def f(x):\n\tif x:\n\t\ty = 1\n\treturn y\n"),
    Good("four spaces for two", "if a:\n  if b:\n    c()\n", block("if a:\n    if b:\n        c()\n", "if a:\n    if b:\n        if d:\n            c()\n"), "if a:\n  if b:\n    if d:\n      c()\n"),
    Good("tabs exactly", "a:\n\tb\n", block("\tb\n", "\tc\n"), "a:\n\tc\n"),
    Good("a dedent beyond the searched", "if a:\n        b()\n", block("    b()\n", "    b()\nc()\n"), "if a:\n        b()\n    c()\n"),
    Good("empty lines around the search", PROGRAM, block("\n    y = x\n\n", "\n    y = 1\n\n"), PROGRAM.replace("= x", "= 1")),
    Good("exact wins over tolerant", "    a\na\n", block("a\n", "b\n"), "    a\nb\n"),
    Good("Unicode", "s = 'é 漢 🎉'\n", block("s = 'é 漢 🎉'\n", "s = 'ü'\n"), "s = 'ü'\n"),
    Good("a line separator of Unicode ends no line", "a = '\u2028'\nb\n", block("a = '\u2028'\n", "a = '\x0c'\n"), "a = '\x0c'\nb\n"),
    Good("dollars and backslashes", "re.sub(r'\\d$', 'x')\n", block("re.sub(r'\\d$', 'x')\n", "re.sub(r'\\1$$', 'y')\n"), "re.sub(r'\\1$$', 'y')\n"),
    Good("a divider within, read in the one way that fits", "Title\n=======\ntext\n", block("=======\ntext\n", "Name\n"), "Title\nName\n"),
    Good("a heading underlined with the divider, and longer markers", "Title\n=======\n", block("Title\n=======\n", "Name\n", signs=8), "Name\n"),
    Good("longer markers around a marker", "<<<<<<< SEARCH\nx\n", block("<<<<<<< SEARCH\nx\n", "=======\n>>>>>>> REPLACE\n", signs=9), "=======\n>>>>>>> REPLACE\n"),
    Good("the same block twice", PROGRAM, 2 * block("    y = x\n", "    y = 1\n"), PROGRAM.replace("= x", "= 1")),
    Good("blocks hold against what was shown", "a\nb\n", block("a\n", "b\n") + block("b\n", "c\n"), "b\nc\n"),
    Good("a path line", TWO, "lib/sort.py\n" + block("    return xs\n", "    return sorted(xs)\n"), {**TWO, "lib/sort.py": "def sort(xs):\n    return sorted(xs)\n"}),
    Good("a path with decoration", TWO, "### File: `lib/sort.py`:\n\n```python\n" + block("    return xs\n", "    return 1\n"), {**TWO, "lib/sort.py": "def sort(xs):\n    return 1\n"}),
    Good("a path beside a fence", TWO, "```python lib/sort.py\n" + block("    return xs\n", "    return 1\n") + "```", {**TWO, "lib/sort.py": "def sort(xs):\n    return 1\n"}),
    Good("no path, and one file holds it", TWO, block("    return xs\n", "    return 1\n"), {**TWO, "lib/sort.py": "def sort(xs):\n    return 1\n"}),
    Good("a path holds on", {"a": "x\ny\n", "b": "x\ny\n"}, "`b`\n" + block("x\n", "1\n") + "and\n" + block("y\n", "2\n"), {"a": "x\ny\n", "b": "1\n2\n"}),
    Good("a file with a space in its name", {"a b.py": "x\n", "c.py": "x\n"}, "a b.py\n" + block("x\n", "y\n"), {"a b.py": "y\n", "c.py": "x\n"}),
    Good("a new file", TWO, "lib/new.py\n" + block("", "x = 1\n"), {**TWO, "lib/new.py": "x = 1\n"}),
    Good("a deleted file", TWO, "DELETE FILE: lib/sort.py\n", {"main.py": PROGRAM}),
    Good("an empty file is filled", "", block("", "x = 1\n"), "x = 1\n"),
    Good("thoughts are no edit", PROGRAM, "<think>\n" + block("    y = x\n", "    y = 0\n") + "</think>\n" + block("    y = x\n", "    y = 1\n"), PROGRAM.replace("= x", "= 1")),
    Good("a program that speaks of thoughts", "a\n", block("a\n", "<think>\nb\n</think>\n"), "<think>\nb\n</think>\n"),
    Good("in an evolve block", EVOLVE, block("    return x\n", "    return -x\n"), EVOLVED),
    Good("of two the one in the evolve block", EVOLVE + "    return x\n", block("    return x\n", "    return -x\n"), EVOLVED + "    return x\n"),
    Good("markers that are repeated", EVOLVE, block("# EVOLVE-BLOCK-START\ndef f(x):\n    return x\n# EVOLVE-BLOCK-END\n", "# EVOLVE-BLOCK-START\ndef f(x):\n    return -x\n# EVOLVE-BLOCK-END\n"), EVOLVED),
]  # fmt: skip

BAD_BLOCKS = [
    Bad("prose only", PROGRAM, "I would double it.", "holds no <<<<<<< SEARCH block"),
    Bad("two matches", LOOP, block("    use(a)\n", "    drop(a)\n"), r"block 1: its SEARCH stands in 2 places \(line 2 of main.py, line 5 of main.py\)"),
    Bad("two tolerant matches", "  a\n\ta\n", block("a\n", "b\n"), "stands in 2 places"),
    Bad("two files hold it", {"a": "x\n", "b": "x\n"}, block("x\n", "y\n"), r"2 places \(line 1 of a, line 1 of b\)"),
    Bad("no match", PROGRAM, block("    y = z\n", ""), "its SEARCH is not in main.py: no line there is 'y = z'; the nearest is 'y = x'"),
    Bad("lines in another order", PROGRAM, block("    return y\n    y = x\n", ""), "all its lines are, but not one after the other"),
    Bad("indentation that does not fit", PROGRAM, block("def f(x):\ny = x\n", "z\n"), "not one after the other"),
    Bad("indentation the other way round", "a\n    b\n", block("    a\nb\n", "c\n"), "not one after the other"),
    Bad("every wrong block is told", PROGRAM, block("q\n", "") + block("r\n", ""), "block 1: .*; block 2: "),
    Bad("one wrong block refuses the whole", PROGRAM, block("    y = x\n", "    y = 1\n") + block("r\n", ""), "^block 2: "),
    Bad("no end", PROGRAM, "<<<<<<< SEARCH\n    y = x\n=======\n    y =", r"block 1 \(line 1 of the answer\) is not closed: no >>>>>>> REPLACE", Cause.TRUNCATED),
    Bad("cut off after a good block", PROGRAM, block("    y = x\n", "    y = 1\n") + "<<<<<<< SEARCH\n    ret", "block 2", Cause.TRUNCATED),
    Bad("no divider", PROGRAM, "<<<<<<< SEARCH\n    y = x\n>>>>>>> REPLACE\n", "has no line ======="),
    Bad("two dividers at the end", PROGRAM, block("    y = x\n", "    y = 1\n=======\n"), "a second ======= right before its end"),
    Bad("a divider that can be read in two ways", "a\n=======\nb\n", block("a\n", "=======\n"), "second ======="),
    Bad("a heading underlined with the divider", "Title\n=======\ntext\n", block("Title\n=======\ntext\n", "Name\n"), "could be read in 2 ways"),
    Bad("another block begins within", PROGRAM, "<<<<<<< SEARCH\n    y = x\n=======\n" + block("a\n", "b\n"), "not closed before another begins in line 4"),
    Bad("a marker within", ">>>>>>> REPLACE\nx\n", block(">>>>>>> REPLACE\nx\n", "y\n"), "has no line ======="),
    Bad("a marker in the replacement", PROGRAM, block("    y = x\n", "    y = 1\n>>>>>>> REPLACE\n    z\n"), "block 1 has ended before; if the program itself holds"),
    Bad("nothing changes", PROGRAM, block("    y = x\n", "    y = x\n"), "changes nothing", Cause.NO_EDIT),
    Bad("two blocks want a line", PROGRAM, block("    y = x\n", "    y = 1\n") + block("    y = x\n    return y\n", "    return x\n"), "two edits want line 2 of main.py"),
    Bad("an unknown file", TWO, "src/main.py\n" + block("    y = x\n", ""), "there is no file 'src/main.py'; there are lib/sort.py, main.py"),
    Bad("an empty search in a full file", PROGRAM, "main.py\n" + block("", "x\n"), "its SEARCH is empty, and 'main.py' is not"),
    Bad("a new file without a name", TWO, block("", "x\n"), "makes a new file, and none is named"),
    Bad("a file to delete that is not there", TWO, "DELETE FILE: x.py", "no file 'x.py' to delete"),
    Bad("the only file is deleted", PROGRAM, "DELETE FILE: main.py", "nothing is left"),
    Bad("before an evolve block", EVOLVE, block("import math\n", "import os\n"), "'import math' is outside of the evolve blocks"),
    Bad("after an evolve block", EVOLVE, block("print(f(1))\n", ""), "outside of the evolve blocks"),
    Bad("a marker removed", EVOLVE, block("# EVOLVE-BLOCK-START\ndef f(x):\n", "def f(x):\n"), "EVOLVE-BLOCK-START' is outside"),
    Bad("markers within a block", EVOLVE, block("    return x\n", "# EVOLVE-BLOCK-END\nevil()\n# EVOLVE-BLOCK-START\n"), "outside of the evolve blocks|may not be added"),
    Bad("a file without a block beside one that has", {"main.py": EVOLVE, "a.py": "x\n"}, block("x\n", "y\n"), "'a.py': 'x' is outside"),
    Bad("a new file where there are evolve blocks", EVOLVE, "new.py\n" + block("", "x\n"), "no file may come or go"),
    Bad("broken markers", "# EVOLVE-BLOCK-START\nx\n", block("x\n", "y\n"), "line 1: EVOLVE-BLOCK-START without an end", Cause.IMPOSSIBLE),
    Bad("NUL", PROGRAM, block("    y = x\n", "    y = '\0'\n"), r"holds the character '\\x00'"),
    Bad("binary", PROGRAM, block("    y = x\n", "\x01\x02\n"), "holds the character"),
    Bad("half a surrogate pair", PROGRAM, block("    y = x\n", "    y = '\ud800'\n"), "half a surrogate"),
    Bad("too large", PROGRAM, block("    y = x\n", "#" * 400_001 + "\n"), "400,0.. bytes; 400,000 are allowed"),
]  # fmt: skip


GOOD_DIFFS = [
    Good("plain", PROGRAM, hunk(" def f(x):", "-    y = x", "+    y = 1", "     return y"), PROGRAM.replace("= x", "= 1")),
    Good("in a fence, with prose", PROGRAM, "So:\n```diff\n" + hunk(" def f(x):", "-    y = x", "+    y = 1") + "```\nThat is it.\n", PROGRAM.replace("= x", "= 1")),
    Good("a wrong line number", PROGRAM, hunk("-    y = x", "+    y = 1", at="@@ -40,1 +40,1 @@"), PROGRAM.replace("= x", "= 1")),
    Good("wrong counts", PROGRAM, hunk(" def f(x):", "-    y = x", "+    y = 1", "     return y", at="@@ -1,9 +1,7 @@"), PROGRAM.replace("= x", "= 1")),
    Good("no numbers", PROGRAM, hunk("-    y = x", "+    y = 1", at="@@"), PROGRAM.replace("= x", "= 1")),
    Good("no header in a program of one file", PROGRAM, "@@ -2 +2 @@\n-    y = x\n+    y = 1\n", PROGRAM.replace("= x", "= 1")),
    Good("the number tells which of two", LOOP, hunk("-    use(a)", "+    drop(a)", at="@@ -5 +5 @@"), LOOP[:-11] + "    drop(a)\n"),
    Good("an empty line without its space", LOOP, hunk("     use(a)", "", "-for a in c:", "+for a in d:", at="@@ -2,3 +2,3 @@"), LOOP.replace("c:", "d:")),
    Good("empty lines after a hunk", PROGRAM, hunk("-    y = x", "+    y = 1", "", "", at="@@ -2,4 +2,4 @@"), PROGRAM.replace("= x", "= 1")),
    Good("CRLF in the program", PROGRAM.replace("\n", "\r\n"), hunk("-    y = x", "+    y = 1"), PROGRAM.replace("= x", "= 1").replace("\n", "\r\n")),
    Good("CRLF in the answer", PROGRAM, hunk(" def f(x):", "-    y = x", "+    y = 1").replace("\n", "\r\n"), PROGRAM.replace("= x", "= 1")),
    Good("no newline at the end, untold", "a\nb", hunk(" a", "-b", "+c"), "a\nc"),
    Good("no newline at the end, told", "a\nb", hunk(" a", "-b", "\\ No newline at end of file", "+c"), "a\nc\n"),
    Good("lines after a last one without a newline", "a\nb", hunk(" a", " b", "+c"), "a\nb\nc"),
    Good("two hunks", LOOP, hunk("-for a in b:", "+for a in x:", "     use(a)", "@@ -4,2 +4,2 @@", "-for a in c:", "+for a in y:"), LOOP.replace("b:", "x:").replace("c:", "y:")),
    Good("two files", TWO, hunk("-    y = x", "+    y = 1") + hunk("-    return xs", "+    return 1", path="lib/sort.py"), {"main.py": PROGRAM.replace("= x", "= 1"), "lib/sort.py": "def sort(xs):\n    return 1\n"}),
    Good("a removed line that looks like a header", "-- a\nb\n", hunk("--- a", "+-- c", " b", at="@@ -1,2 +1,2 @@"), "-- c\nb\n"),
    Good("no prefixes", TWO, "--- lib/sort.py\n+++ lib/sort.py\n@@ -2 +2 @@\n-    return xs\n+    return 1\n", {**TWO, "lib/sort.py": "def sort(xs):\n    return 1\n"}),
    Good("dates beside the paths", PROGRAM, "--- a/main.py\t2026-01-01\n+++ b/main.py\t2026-01-02\n@@ -2 +2 @@\n-    y = x\n+    y = 1\n", PROGRAM.replace("= x", "= 1")),
    Good("a new file", PROGRAM, "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+x = 1\n+y = 2\n", {"main.py": PROGRAM, "new.py": "x = 1\ny = 2\n"}),
    Good("a deleted file", {**TWO, "a.py": "x\n"}, "--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", TWO),
    Good("in an evolve block", EVOLVE, hunk(" # EVOLVE-BLOCK-START", " def f(x):", "-    return x", "+    return -x", " # EVOLVE-BLOCK-END"), EVOLVED),
]  # fmt: skip

BAD_DIFFS = [
    Bad("prose only", PROGRAM, "Do it.", "holds no unified diff"),
    Bad("wrong context", PROGRAM, hunk(" def g(x):", "-    y = x", "+    y = 1"), "main.py: hunk 1: the file has no line 'def g.x.:'"),
    Bad("a removed line that is not there", PROGRAM, hunk("-    y = z", "+    y = 1"), "no line 'y = z'"),
    Bad("another indentation", PROGRAM, hunk("-  y = x", "+  y = 1"), "hunk 1"),
    Bad("several places, and no number that tells", LOOP, hunk("-    use(a)", "+    drop(a)", at="@@ -3 +3 @@"), r"fits in 2 places \(line 2, line 5\)"),
    Bad("an insertion without lines around it", PROGRAM, hunk("+x", at="@@ -1,0 +1 @@"), "nothing says where its lines go"),
    Bad("an unknown file", PROGRAM, hunk("-a", "+b", path="x.py"), "no file 'x.py'"),
    Bad("no header in a program of two files", TWO, "@@ -2 +2 @@\n-    y = x\n+    y = 1\n", "does not say which file"),
    Bad("a renamed file", PROGRAM, "--- a/main.py\n+++ b/new.py\n@@ -2 +2 @@\n-    y = x\n+    y = 1\n", "renames 'main.py'"),
    Bad("a rename by git", PROGRAM, "diff --git a/main.py b/new.py\nrename from main.py\nrename to new.py\n", "changed, made and deleted only"),
    Bad("a binary patch", PROGRAM, "diff --git a/x b/x\nGIT binary patch\n", "as text"),
    Bad("a new file that is there", PROGRAM, "--- /dev/null\n+++ b/main.py\n@@ -0,0 +1 @@\n+x\n", "is there already"),
    Bad("half a file deleted", {**TWO, "a.py": "x\ny\n"}, "--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "not all its lines"),
    Bad("a file twice", PROGRAM, 2 * hunk("-    y = x", "+    y = 1"), "names 'main.py' twice"),
    Bad("hunks that overlap", PROGRAM, hunk("-    y = x", "+    y = 1", "@@ -2 +2 @@", "-    y = x", "+    y = 2"), "two edits want line 2"),
    Bad("nothing changes", PROGRAM, hunk("-    y = x", "+    y = x"), "changes nothing", Cause.NO_EDIT),
    Bad("outside of an evolve block", EVOLVE, hunk("-import math", "+import os"), "outside of the evolve blocks"),
]  # fmt: skip


GOOD_REWRITES = [
    Good("one file", PROGRAM, "Better:\n```python\nx = 1\n```\n", "x = 1\n"),
    Good("tildes", PROGRAM, "~~~\nx = 1\n~~~\n", "x = 1\n"),
    Good("a longer fence around a fence", PROGRAM, "````\n```\nx\n```\n````\n", "```\nx\n```\n"),
    Good("a fence with a word within", {"a.md": "x\n"}, "```markdown\n# A\n```python\nx\n```\nB\n```\n", {"a.md": "# A\n```python\nx\n```\nB\n"}),
    Good("two files with their paths above", TWO, "`main.py`\n```python\nx\n```\n**lib/sort.py**\n\n```python\ny\n```\n", {"main.py": "x\n", "lib/sort.py": "y\n"}),
    Good("a path beside the fence", TWO, "```python main.py\nx\n```\n", {**TWO, "main.py": "x\n"}),
    Good("a path after a colon", TWO, "```python:main.py\nx\n```\n", {**TWO, "main.py": "x\n"}),
    Good("a title", TWO, '```python title="main.py"\nx\n```\n', {**TWO, "main.py": "x\n"}),
    Good("a new file", PROGRAM, "lib/new.py\n```\nx\n```\n", {"main.py": PROGRAM, "lib/new.py": "x\n"}),
    Good("a deleted file", TWO, "DELETE FILE: `lib/sort.py`\nmain.py\n```\nx\n```\n", {"main.py": "x\n"}),
    Good("CRLF stays", "a\r\nb\r\n", "```\na\nc\n```\n", "a\r\nc\r\n"),
    Good("no newline at the end stays", "a\nb", "```\na\nc\n```\n", "a\nc"),
    Good("an indented fence", PROGRAM, "  ```\n  if a:\n    b\n  ```\n", "if a:\n  b\n"),
    Good("with the markers", EVOLVE, f"```python\n{EVOLVED}```\n", EVOLVED),
    Good("the inside of the evolve block", EVOLVE, "```python\ndef f(x):\n    return -x\n```\n", EVOLVED),
]  # fmt: skip

BAD_REWRITES = [
    Bad("prose only", PROGRAM, "x = 1", "no fenced block"),
    Bad("not closed", PROGRAM, "Look:\n```python\nx = 1\n", "begins in line 2 of the answer is not closed", Cause.TRUNCATED),
    Bad("two blocks for one file", PROGRAM, "```\nx\n```\nor\n```\ny\n```\n", "2 fenced blocks, and it is not clear which"),
    Bad("a bare fence within", PROGRAM, "```python\nx = '''\n```\na\n```\n'''\n```\n", "2 fenced blocks"),
    Bad("no path and several files", TWO, "```\nx\n```\n", "has no path above it; the program has lib/sort.py, main.py"),
    Bad("nothing changes", PROGRAM, f"```python\n{PROGRAM}```\n", "changes nothing", Cause.NO_EDIT),
    Bad("the markers left out", EVOLVE, "```\nimport math\ndef f(x):\n    return -x\nprint(f(1))\n```\n", "EVOLVE-BLOCK-START' is outside|may not change"),
    Bad("changed outside", EVOLVE, f"```\n{EVOLVED.replace('math', 'os')}```\n", "'import math' is outside"),
    Bad("one more block", EVOLVE, f"```\n{EVOLVED}# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n```\n", "may not be added|outside"),
]  # fmt: skip
