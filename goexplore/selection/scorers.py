"""What a foundation model says of the entries on a shortlist."""

from collections.abc import Sequence
from math import log, sqrt
from pathlib import Path
from random import Random

from pydantic import BaseModel, ConfigDict

from archive.entry import Comparison, Failure, Glimpse, Shortlist, Shown
from goexplore.selection.judged import Opinion
from goexplore.selection.strengths import logistic
from mutators.llm.asking import Asking
from mutators.llm.base import Answer, Json, Model, Role
from mutators.llm.parsing import (
    CHANCE,
    Choice,
    Foretold,
    choice_schema,
    number_schema,
    object_schema,
    parse,
    parse_choice,
    unusable,
)
from mutators.llm.questions import Questions
from mutators.packing import Cut, Section, pack

MOST_TOKENS = 400
"""What is seen of an entry takes no more of a prompt that shows several."""

_FACTS = 200
"""Tokens that are kept for what else is said of an entry."""

_TRIED, _ACTION = 12, 40
"""How many tried options are named, and how many characters of each."""

_PLACES = ("entries", "count", "base_rate")


class Choosing:
    """Shows a model the shortlist, and takes the entry that it names: Intelligent Go-Explore.

    Lu et al. 2025 (arXiv:2405.15143), section 3.2; that the model also says how sure it is of a
    fruitful step is ours, so that it can be held to its word.

    guided: show the value and the exploration bonus of each entry, too: the mean of what came of
        it and UCB1's bonus sqrt(2 ln N / n) (Auer et al. 2002), as EVOLvE does (Nie et al. 2024,
        arXiv:2410.06238, "algorithm-guided support").
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        guided: bool = False,
        temperature: float = 0.7,
        max_tokens: int = 200,
        prompts: Path | None = None,
    ) -> None:
        self._guided = guided
        self._questions = Questions(
            asking,
            brief,
            role=Role.SELECT,
            stem="choose-entry",
            known=_PLACES,
            needed=["entries"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
        )

    @property
    def name(self) -> str:
        return "guided" if self._guided else "choose"

    def score(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], random: Random
    ) -> Opinion | Failure:
        """See `Scorer`. The list has been drawn in random order."""
        del random
        count = len(glimpses)
        steps = sum(each.chosen for each in shortlist.shown)
        said = self._questions.put(
            {
                "entries": _fitting(
                    self._questions, shortlist.shown, glimpses, steps if self._guided else None
                ),
                "count": count,
                "base_rate": round(100 * shortlist.base_rate),
            },
            object_schema({"choice": number_schema(count), **CHANCE}),
            lambda answer: parse_choice(answer, count, Foretold),
            step=shortlist.number,
            sample=f"{shortlist.number}.select",
        )
        if isinstance(said, Failure):
            return said
        return Opinion(pick=said.choice - 1, chances={said.choice - 1: said.chance / 100})


class Comparing:
    """Lets a model name the best of a few, twice, the second time in reverse order.

    Who is named both times has beaten the others; where the two answers differ, the model has
    been swayed by the order, and the two that it named count as equal. The strengths that follow
    (see `goexplore.selection.strengths`) decide between those named, and say how probable a
    fruitful step is: the base rate, moved by the strength in logits.

    group: how many are compared at a time.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        group: int = 4,
        temperature: float = 0.0,
        max_tokens: int = 100,
        prompts: Path | None = None,
    ) -> None:
        self._group = group
        self._questions = Questions(
            asking,
            brief,
            role=Role.JUDGE,
            stem="compare",
            known=("entries", "count"),
            needed=["entries"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
        )

    @property
    def name(self) -> str:
        return "compare"

    def score(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], random: Random
    ) -> Opinion | Failure:
        """See `Scorer`."""
        places = random.sample(range(len(glimpses)), min(self._group, len(glimpses)))
        first = self._best(shortlist, glimpses, places, "there")
        if isinstance(first, Failure):
            return first
        second = self._best(shortlist, glimpses, places[::-1], "back")
        if isinstance(second, Failure):
            return second
        return _compared(shortlist, places, first, second)

    def _best(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], places: Sequence[int], way: str
    ) -> int | Failure:
        count = len(places)
        shown = [shortlist.shown[place] for place in places]
        said = self._questions.put(
            {
                "entries": _fitting(self._questions, shown, [glimpses[place] for place in places]),
                "count": count,
            },
            choice_schema(count),
            lambda answer: parse_choice(answer, count, Choice),
            step=shortlist.number,
            sample=f"{shortlist.number}.compare.{way}",
        )
        return said if isinstance(said, Failure) else places[said.choice - 1]


def _compared(shortlist: Shortlist, places: Sequence[int], first: int, second: int) -> Opinion:
    shown = shortlist.shown
    strengths = {place: shown[place].strength for place in places}
    entries = {place: shown[place].entry for place in places}
    if first == second:
        losers = [place for place in places if place != first]
        comparisons = [
            Comparison(first=entries[first], second=entries[loser], outcome=1) for loser in losers
        ]
        # One step up the slope of the likelihood; the record settles the rest.
        strengths[first] += sum(
            logistic(strengths[loser] - shown[first].strength) for loser in losers
        ) / len(places)
        pick = first
    else:
        comparisons = [Comparison(first=entries[first], second=entries[second], outcome=0)]
        pick = max((first, second), key=lambda place: (strengths[place], -place))
    odds = log(shortlist.base_rate / (1 - shortlist.base_rate))
    return Opinion(
        pick=pick,
        chances={place: logistic(odds + strength) for place, strength in strengths.items()},
        comparisons=tuple(comparisons),
    )


class _Pair(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    state: int
    better: int


class _Pointless(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    pointless: tuple[_Pair, ...]


class Removing:
    """Asks a model which entries of a shortlist a better one in the same place makes pointless.

    The removal of Intelligent Go-Explore's archive filter (Lu et al. 2025, section 3.4). What it
    names counts only if the better one stays, and is no worse by its objective.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        temperature: float = 0.0,
        max_tokens: int = 400,
        prompts: Path | None = None,
    ) -> None:
        self._questions = Questions(
            asking,
            brief,
            role=Role.ADMIT,
            stem="remove",
            known=("entries", "count"),
            needed=["entries"],
            temperature=temperature,
            max_tokens=max_tokens,
            prompts=prompts,
        )

    def pointless(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse]
    ) -> Sequence[tuple[int, int]]:
        """See `Remover`; nothing where the answer cannot be used."""
        count = len(glimpses)
        said = self._questions.put(
            {"entries": _fitting(self._questions, shortlist.shown, glimpses), "count": count},
            _pointless_schema(count),
            lambda answer: _read_pointless(answer, count),
            step=shortlist.number,
            sample=f"{shortlist.number}.remove",
        )
        if isinstance(said, Failure):
            return ()
        pairs = {pair.state - 1: pair.better - 1 for pair in said.pointless}
        return [
            (place, better)
            for place, better in pairs.items()
            if better not in pairs and glimpses[better].objective >= glimpses[place].objective
        ]


def _pointless_schema(count: int) -> dict[str, Json]:
    pair: Json = object_schema({"state": number_schema(count), "better": number_schema(count)})
    return object_schema({"pointless": {"type": "array", "items": pair}})


def _read_pointless(answer: Answer, count: int) -> "_Pointless | Failure":
    said = parse(answer, _Pointless)
    if isinstance(said, Failure):
        return said
    numbers = {number for pair in said.pointless for number in (pair.state, pair.better)}
    if odd := [number for number in numbers if not 1 <= number <= count]:
        return unusable(f"there is no number {odd[0]}; the numbers are 1 to {count}", answer)
    return said


def listed(
    shown: Sequence[Shown],
    glimpses: Sequence[Glimpse],
    *,
    model: Model,
    tokens: int = MOST_TOKENS,
    steps: int | None = None,
) -> str:
    """Entries as a numbered list.

    tokens: that what is seen of each may take of a prompt to the model.
    steps: of all of them; shows values and bonuses with it.
    """
    each = zip(shown, glimpses, strict=True)
    return "\n".join(
        f"{number}. {_seen(glimpse, tokens, model)}\n   ({_facts(place, glimpse, steps)})"
        for number, (place, glimpse) in enumerate(each, start=1)
    )


def _fitting(
    questions: Questions,
    shown: Sequence[Shown],
    glimpses: Sequence[Glimpse],
    steps: int | None = None,
) -> str:
    """The list, each entry with its share of the prompt."""
    share = min(MOST_TOKENS, max(0, questions.room(len(glimpses)) - _FACTS))
    return listed(shown, glimpses, model=questions.model, tokens=share, steps=steps)


def _seen(glimpse: Glimpse, tokens: int, model: Model) -> str:
    section = Section(name="seen", text=_told(glimpse), priority=0, cut=Cut.MIDDLE)
    return pack([section], tokens=tokens, model=model).texts["seen"]


def _told(glimpse: Glimpse) -> str:
    seen = glimpse.observation or glimpse.cell
    # Of a program its scores are seen, which do not say what it is.
    return seen if glimpse.options or not glimpse.rationale else f"{glimpse.rationale}\n{seen}"


def _facts(shown: Shown, glimpse: Glimpse, steps: int | None) -> str:
    facts = [
        f"score {glimpse.objective:g}",
        f"depth {glimpse.depth}",
        f"chosen {shown.chosen} times, {shown.fruitful} of them fruitful",
    ]
    if glimpse.options:
        facts.append(f"{len(glimpse.tried)} of {glimpse.options} options tried")
    if glimpse.tried:
        more = len(glimpse.tried) - _TRIED
        also = f" and {more} more" if more > 0 else ""
        facts.append(f"tried: {', '.join(map(_short, glimpse.tried[:_TRIED]))}{also}")
    if steps is not None:
        facts.append(_guidance(shown, steps))
    return "; ".join(facts)


def _short(action: str) -> str:
    return action if len(action) <= _ACTION else f"{action[:_ACTION]}..."


def _guidance(shown: Shown, steps: int) -> str:
    tried = max(shown.chosen, 1)
    value = min(shown.fruitful, tried) / tried
    bonus = sqrt(2 * log(max(steps, 2)) / tried)
    return f"value {value:.2f}, exploration bonus {bonus:.2f}"
