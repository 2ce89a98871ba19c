"""The proof of a solution: what it accepts, and what it will not be talked into."""

import pytest

from goexplore.domains.game24 import Numbers, ProofError, check


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(10 - 4) * (13 - 9)", (4, 9, 10, 13)),
        ("8 / (3 - 8 / 3)", (3, 3, 8, 8)),
        ("((1+1)*4)*3", (1, 1, 3, 4)),
        (" 6 * 4 * 1 * 1 ", (1, 1, 4, 6)),
    ],
)
def test_a_solution_is_accepted(text: str, numbers: Numbers) -> None:
    check(text, numbers)


@pytest.mark.parametrize(
    ("text", "numbers", "why"),
    [
        ("4 * 6", (1, 1, 4, 6), "uses the numbers"),
        ("4 * 6 * 1 * 1 * 1", (1, 1, 4, 6), "uses the numbers"),
        ("4 * 6 + 1 - 1", (1, 2, 4, 6), "uses the numbers"),
        ("12 * 2 * 1 * 1", (1, 1, 4, 6), "uses the numbers"),
        ("24", (1, 1, 4, 6), "uses the numbers"),
        ("1 + 1 + 4 + 6", (1, 1, 4, 6), "makes 12, not 24"),
        ("6 * (4 - 1 / 3)", (1, 3, 4, 6), "makes 22, not 24"),
        ("1 / (1 - 1) + 24", (1, 1, 1, 24), "Div of 1 and 0 is not allowed"),
        ("8 // 3 * 12 * 1", (1, 3, 8, 12), "FloorDiv"),
        ("2 ** 3 * 3 * 1", (1, 2, 3, 3), "Pow"),
        ("-1 * -4 * 6 * 1", (1, 1, 4, 6), "is neither a number nor two with a sign"),
        ("- - 4 * 6 * 1 * 1", (1, 1, 4, 6), "is neither a number nor two with a sign"),
        ("4(6) * 1 * 1", (1, 1, 4, 6), "is neither a number nor two with a sign"),
        ("()", (1, 1, 4, 6), "is neither a number nor two with a sign"),
        ("1 1 4 6", (1, 1, 4, 6), "is no expression"),
        ("4 * 6 * 01 * 1", (1, 1, 4, 6), "is no expression"),
        ("(4 * 6 * 1 * 1", (1, 1, 4, 6), "is no expression"),
        ("(" * 99, (1, 1, 4, 6), "is no expression"),
        ("", (1, 1, 4, 6), "is no expression"),
        (" ", (1, 1, 4, 6), "is no expression"),
        ("4 * 6 * 1 * 1" + " " * 100, (1, 1, 4, 6), "is no expression"),
        ("4.0 * 6 * 1 * 1", (1, 1, 4, 6), "is no expression"),
        ("4 * 6 * True * 1", (1, 1, 4, 6), "is no expression"),
        ("4 * 6 * 1 * 1 # 7", (1, 1, 4, 6), "is no expression"),
        ("4 * 6 * 1 * 1\n", (1, 1, 4, 6), "is no expression"),
        ("4 * 6 * 1 * 1_0", (1, 1, 4, 6), "is no expression"),
        ("٤ * 6 * 1 * 1", (1, 1, 4, 6), "is no expression"),
        ("__import__('os') * 24", (1, 1, 4, 6), "is no expression"),
    ],
)
def test_what_is_no_solution_is_refused(text: str, numbers: Numbers, why: str) -> None:
    with pytest.raises(ProofError) as caught:
        check(text, numbers)

    assert why in str(caught.value)
