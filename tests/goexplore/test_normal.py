"""What programs say without their comments and layout."""

import pytest

from goexplore.normal import digest, normal

SAME = [
    ("a.py", "x = 1  # one\n\n\ny=2", "x = 1\ny = 2\n"),
    ("a.py", "x = 'a'", 'x = "a"'),
    ("a.py", "f((1), [2,])", "f(1, [2])"),
    ("a.py", 'def f():\n    """It."""\n    return 1\n', "def f():\n  return 1\n"),
    ("a.c", "int x; /* a\n b */ int y; // c\n", "int x;\nint y;\n"),
    ("a.cpp", "f ( 1 );", "f(1);"),
    ("a.rs", "fn f() { /* a /* b */ c */ }", "fn f() {}"),
    ("a.java", "int x=1;//b", "int x = 1;"),
    ("a.sh", "#!/bin/sh\n\n# hi\n  echo 1   2 # hi\n", "#!/bin/sh\necho 1 2\n"),
    ("a.lua", "x = 1 -- a\n--[[ b\n]]\ny = 2", "x = 1\ny = 2"),
    ("a.go", "x := 1 // a\n", "x := 1\n"),
]
DIFFERENT = [
    ("a.py", "x = 1", "y = 1"),
    ("a.py", "x = '# a'", "x = '# b'"),
    ("a.py", "x = 1", "x = 1.0"),
    ("a.py", "if x:\n    a()\n    b()\n", "if x:\n    a()\nb()\n"),
    ("a.py", 'def f():\n    """It."""\nf.__doc__\n', "def f():\n    pass\nf.__doc__\n"),
    ("a.py", "def f(: # a", "def f(: # b"),
    ("a.c", 'char *s = "// a";', 'char *s = "// b";'),
    ("a.c", "#define A 1\nint x;", "#define A 1 int x;"),
    ("a.cpp", '#define A "//a"\n', '#define A "//b"\n'),
    ("a.sh", "#!/bin/sh\necho", "#!/bin/bash\necho"),
    ("a.sh", "echo '# a'", "echo '# b'"),
    ("a.sh", "echo ${x#a}", "echo ${x#b}"),
    ("a.sh", "echo 'a  b'", "echo 'a b'"),
    ("a.sh", "echo 1\necho 2", "echo 1 echo 2"),
    ("a.sh", 'cat << "E"\n# a\nE\n', 'cat << "E"\n# b\nE\n'),
    ("a.lua", "x = [[\n--a]]", "x = [[\n--b]]"),
    ("a.go", "x := `//a`", "x := `//b`"),
    ("a.js", "x => /\\/\\/a/", "x => /\\/\\/b/"),
    ("a.txt", "a  # b", "a"),
    ("Makefile", "a:\n\tb", "a:\n b"),
]


@pytest.mark.parametrize(("path", "one", "other"), SAME)
def test_comments_and_layout_do_not_count(path: str, one: str, other: str) -> None:
    assert normal({path: one}) == normal({path: other})


@pytest.mark.parametrize(("path", "one", "other"), DIFFERENT)
def test_what_is_said_counts(path: str, one: str, other: str) -> None:
    assert normal({path: one}) != normal({path: other})


def test_files_count_by_their_paths_and_not_by_their_order() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert digest({"a": "1", "b": "2"}) != digest({"a": "2", "b": "1"})
    assert digest({"a": "1b"}) != digest({"a1": "b"})
    assert digest({"a": "\ud800"}) != digest({"a": "?"})


def test_source_that_a_parser_gives_up_on_counts_as_it_is() -> None:
    deep = "(" * 5000 + ")" * 5000

    assert normal({"a.py": deep}) == {"a.py": deep}
    assert normal({"a.py": "x\0"}) == {"a.py": "x\0"}
