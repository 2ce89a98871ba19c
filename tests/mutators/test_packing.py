"""Prompts that fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mutators.llm.base import LLMError, Model
from mutators.llm.tokens import tokens_of
from mutators.packing import Cut, Section, pack, room

MODEL = Model(name="openai:some", context_window=1000, structured=True, prices=None)

PIECES = st.text(st.sampled_from("a ä漢😀\ud800\n"), max_size=8)
CUTS = st.sampled_from([Cut.TAIL, Cut.HEAD, Cut.MIDDLE])


@st.composite
def texts(draw: st.DrawFn) -> str:
    return draw(PIECES) * draw(st.integers(0, 60)) + draw(PIECES)


@st.composite
def sections(draw: st.DrawFn) -> list[Section]:
    count = draw(st.integers(0, 5))
    return [
        Section(
            name=f"section {number}",
            text=draw(texts()),
            priority=draw(st.integers(0, 2)),
            cut=draw(CUTS),
        )
        for number in range(count)
    ]


def section(name: str, text: str, priority: int = 0, cut: Cut = Cut.TAIL) -> Section:
    return Section(name=name, text=text, priority=priority, cut=cut)


@given(sections(), st.integers(0, 300))
def test_what_is_packed_fits(given: list[Section], tokens: int) -> None:
    packed = pack(given, tokens=tokens, model=MODEL)

    assert tokens_of(*packed.texts.values()) <= tokens


@given(sections(), st.integers(0, 300))
def test_what_fits_is_left_alone_and_what_does_not_is_not(
    given: list[Section], tokens: int
) -> None:
    fits = tokens_of(*(each.text for each in given)) <= tokens

    packed = pack(given, tokens=tokens, model=MODEL)

    assert (packed.lost == {}) == fits
    assert (packed.left_out == "") == fits
    whole = {each.name: each.text for each in given}
    assert all(packed.texts[name] == whole[name] for name in whole if name not in packed.lost)


@given(sections(), st.integers(0, 300))
def test_nothing_is_cut_while_something_of_lower_priority_is_left(
    given: list[Section], tokens: int
) -> None:
    packed = pack(given, tokens=tokens, model=MODEL)

    for cut in (each for each in given if each.name in packed.lost):
        lower = [each for each in given if each.priority < cut.priority]
        assert all(packed.texts[each.name] == "" for each in lower)


@given(sections(), st.integers(0, 300))
def test_what_is_kept_is_of_the_text_and_what_was_lost_is_counted(
    given: list[Section], tokens: int
) -> None:
    packed = pack(given, tokens=tokens, model=MODEL)

    for each in given:
        lost = packed.lost.get(each.name, 0)
        if packed.texts[each.name] and lost:
            head, tail = packed.texts[each.name].split(f"\n... {lost:,} characters left out ...\n")
            assert each.text.startswith(head)
            assert each.text.endswith(tail)
            assert len(head) + len(tail) + lost == len(each.text)
            assert not (tail if each.cut is Cut.TAIL else "")
            assert not (head if each.cut is Cut.HEAD else "")


def test_where_a_section_was_cut_it_says_how_much() -> None:
    text = "a" * 2000 + "b" * 2000

    def cut(how: Cut) -> str:
        return pack([section("log", text, cut=how)], tokens=100, model=MODEL).texts["log"]

    assert cut(Cut.TAIL) == "a" * 265 + "\n... 3,735 characters left out ...\n"
    assert cut(Cut.HEAD) == "\n... 3,735 characters left out ...\n" + "b" * 265
    assert cut(Cut.MIDDLE) == "a" * 133 + "\n... 3,735 characters left out ...\n" + "b" * 132


def test_of_equals_the_later_one_is_cut_first() -> None:
    packed = pack([section("a", "x" * 300), section("b", "y" * 300)], tokens=150, model=MODEL)

    assert list(packed.lost) == ["b"]


def test_it_is_said_what_was_left_out() -> None:
    given = [section("parent", "p" * 3000, 2), section("archive", "a" * 3000, 1)]

    assert pack(given, tokens=2000, model=MODEL).left_out == ""
    assert pack(given, tokens=1500, model=MODEL).left_out == "1,535 characters of archive"
    assert (
        pack(given, tokens=900, model=MODEL).left_out
        == "335 characters of parent, all of archive (3,000)"
    )


def test_what_may_not_be_cut_stays_whole() -> None:
    given = [section("rules", "r" * 300, 0, Cut.NOTHING), section("log", "l" * 300, 9)]

    packed = pack(given, tokens=110, model=MODEL)

    assert packed.texts == {"rules": "r" * 300, "log": ""}


@pytest.mark.parametrize("tokens", [99, 0, -5])
def test_what_may_not_be_cut_and_does_not_fit_is_an_error(tokens: int) -> None:
    with pytest.raises(LLMError) as caught:
        pack([section("rules", "r" * 300, 0, Cut.NOTHING)], tokens=tokens, model=MODEL)

    said = str(caught.value)
    assert "about 100 tokens" in said
    assert f"{max(0, tokens)} are left of the 1000 of openai:some" in said
    assert "\n" not in said


def test_the_room_is_what_the_window_has_beside_the_answer_and_the_rest() -> None:
    assert room(MODEL, 200, "a" * 300, "b" * 30) == 1000 - 200 - 110
