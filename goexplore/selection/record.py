"""The judges' record: what they foretold, held against what came of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt

from archive.entry import EntryId, Forecast, Shortlist, Status, Verdict
from archive.facts import Fact
from archive.judging import fruits
from archive.reading import RunReader
from goexplore.selection.judged import COUNTS, THOMPSON, fallen
from goexplore.selection.strengths import Strengths


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A forecast with what came of it. `came`: whether one of the steps it is about was fruitful.

    step: that it was made for. chosen: whether that step set out from the entry on its word.
    """

    forecast: Forecast
    step: int
    chosen: bool
    came: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRecord:
    """What a judge's forecasts were worth.

    chosen: steps that set out on its word. forecasts: those that could be scored.
    picks: of them, those for the entry that it would choose. fruitful: the share of picks that
    were. base_rate: of all scored forecasts of all judges about chosen entries.
    brier: the mean squared error of its chances (Brier 1950); base_brier: that of foretelling the
    share of its own forecasts that came true, always. auc: how probable it is that a fruitful
    entry got the higher chance; `None` where all came out alike.
    regret: how much more often counts' picks from the same lists were fruitful, where both are
    known; `paired` says of how many lists.
    fell_back: how often counts had to step in. questioned: the first step for which it had lost
    its right to choose; `None` for never. weight: how probable it is now that it is the one to
    choose.
    """

    judge: str
    chosen: int
    forecasts: int
    picks: int
    fruitful: float | None
    brier: float | None
    base_brier: float | None
    auc: float | None
    regret: float | None
    paired: int
    fell_back: int
    questioned: int | None
    weight: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRecord:
    """What became of what a filter refused.

    asked, refused: also where a cell had been refused before. audited: refused and kept all the
    same, and explored from. wrong: of these, those from which a step was fruitful. low, high: the
    95 % interval of the share of wrong refusals (Wilson 1927); `None` where none was audited.
    """

    asked: int
    refused: int
    kept_anyway: int
    audited: int
    wrong: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An entry's strength by comparisons, with its standard error, in logits."""

    entry: EntryId
    strength: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is known of the judges of a run.

    base_rate: the share of all steps that were fruitful. calls, dollars: of the models that were
    asked which entry is best. per_fruitful: dollars for each fruitful step that set out on a
    model's word; `None` where there was none, or a price is not known. flip_rate: the share of
    comparisons in which the judge changed its mind with the order; `None` where nothing was
    compared.
    """

    steps: int
    base_rate: float | None
    judges: tuple[JudgeRecord, ...]
    calls: int
    dollars: float | None
    per_fruitful: float | None
    filter: FilterRecord | None
    flip_rate: float | None
    strongest: tuple[Standing, ...]
    retired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """The steps of a run in the order in which they were recorded.

    By entry, the numbers of the steps that set out from it; by number, whether it was fruitful.
    """

    of: Mapping[EntryId, Sequence[int]]
    fruitful: Mapping[int, bool]


_STRONGEST = 5
_ASKED = ("select", "judge")
_RATING = "rating"
FREE = (COUNTS, THOMPSON)


def record_of(run: RunReader) -> Record:
    """The record of the judges of a run, as far as it is known by now."""
    facts = list(run.facts())
    steps = _steps(facts)
    verdicts = {step: verdict for step, _, verdict in run.verdicts()}
    lists = {step: found for step in verdicts if (found := run.shortlist(step))}
    scored = list(_scored(verdicts, lists, steps))
    strengths = Strengths()
    for verdict in verdicts.values():
        strengths.add(verdict.comparisons)
    known = list(steps.fruitful.values())
    scored.extend(_ratings(run.interests(), facts, steps))
    paid = [each for each in run.spending() if each.role in _ASKED]
    dollars = None if any(each.unpriced for each in paid) else sum(each.dollars for each in paid)
    bought = sum(each.chosen and each.came for each in scored if each.forecast.judge not in FREE)
    return Record(
        steps=len(known),
        base_rate=sum(known) / len(known) if known else None,
        judges=tuple(_judges(verdicts, lists, scored)),
        calls=sum(each.calls for each in paid),
        dollars=dollars,
        per_fruitful=dollars / bought if dollars is not None and bought else None,
        filter=_filter(run, facts, steps),
        flip_rate=strengths.flipped / strengths.asked if strengths.asked else None,
        strongest=tuple(_strongest(strengths)),
        retired=sum(len(verdict.retired) for verdict in verdicts.values()),
    )


def _steps(facts: Sequence[Fact]) -> _Steps:
    of: defaultdict[EntryId, list[int]] = defaultdict(list)
    found: dict[int, bool] = {}
    for each in fruits(facts):
        of[each.chosen].append(each.step)
        found[each.step] = each.fruitful
    return _Steps(of=of, fruitful=found)


def _scored(
    verdicts: Mapping[int, Verdict], lists: Mapping[int, Shortlist], steps: _Steps
) -> Iterator[Scored]:
    for step, verdict in verdicts.items():
        for forecast in verdict.forecasts:
            came = _came(steps, forecast.entry, step, lists[step].within)
            if came is not None:
                chosen = forecast.pick and forecast.judge == verdict.judge
                yield Scored(forecast=forecast, step=step, chosen=chosen, came=came)


def _ratings(
    interests: Mapping[EntryId, float], facts: Sequence[Fact], steps: _Steps
) -> Iterator[Scored]:
    """What was said of entries when they were admitted, as forecasts of the next step from each."""
    for fact in facts:
        entry = EntryId(fact.id)
        came = _came(steps, entry, 0, 1) if entry in interests else None
        if came is not None:
            said = Forecast(judge=_RATING, entry=entry, chance=interests[entry], pick=False)
            yield Scored(forecast=said, step=fact.step, chosen=False, came=came)


def _came(steps: _Steps, entry: EntryId, step: int, within: int) -> bool | None:
    """Whether one of the next steps from an entry was fruitful; `None` if too few were taken.

    Nobody knows before all of them have been taken: to count the early successes alone would
    flatter every judge.
    """
    taken = steps.of.get(entry, ())
    next_ones = [number for number in taken if number >= step][:within]
    if len(next_ones) < within:
        return None
    return any(steps.fruitful[number] for number in next_ones)


def _judges(
    verdicts: Mapping[int, Verdict], lists: Mapping[int, Shortlist], scored: Sequence[Scored]
) -> Iterator[JudgeRecord]:
    names = {judge for each in lists.values() for judge in (each.judge, *each.weights, *each.picks)}
    names |= {each.forecast.judge for each in scored}
    picks = {(each.step, each.forecast.judge): each.came for each in scored if each.forecast.pick}
    # Where there was but one entry to choose, nobody was weighed.
    newest = max((step for step, each in lists.items() if len(each.shown) > 1), default=0)
    for name in sorted(names):
        own = [each for each in scored if each.forecast.judge == name]
        came = [each.came for each in own if each.forecast.pick]
        regret = _regret(name, picks)
        share = sum(each.came for each in own) / len(own) if own else 0.0
        questioned = (step for step in sorted(lists) if fallen(lists[step], name))
        yield JudgeRecord(
            judge=name,
            chosen=sum(verdict.judge == name for verdict in verdicts.values()),
            forecasts=len(own),
            picks=len(came),
            fruitful=sum(came) / len(came) if came else None,
            brier=_mean((each.forecast.chance - each.came) ** 2 for each in own),
            base_brier=_mean((share - each.came) ** 2 for each in own),
            auc=auc([(each.forecast.chance, each.came) for each in own]),
            regret=_mean(regret),
            paired=len(regret),
            fell_back=sum(
                verdict.fell_back != "" and lists[step].judge == name
                for step, verdict in verdicts.items()
            ),
            questioned=next(questioned, None),
            weight=lists[newest].weights.get(name) if newest else None,
        )


def _regret(judge: str, picks: Mapping[tuple[int, str], bool]) -> list[float]:
    """On each list of which both are known: whether counts' pick came off, less the judge's."""
    return [
        float(picks[step, COUNTS]) - came
        for (step, name), came in picks.items()
        if name == judge and (step, COUNTS) in picks
    ]


def _mean(values: Iterator[float] | Sequence[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None


def auc(forecasts: Sequence[tuple[float, bool]]) -> float | None:
    """The area under the ROC curve: pairs in the right order, ties counting half.

    By ranks (Mann and Whitney 1947). `None` where all came out alike.
    """
    good = sum(came for _, came in forecasts)
    bad = len(forecasts) - good
    if not good or not bad:
        return None
    total, below = 0.0, 0
    for _, group in groupby(sorted(forecasts), lambda each: each[0]):
        came = [each[1] for each in group]
        total += sum(came) * (below + (len(came) - sum(came)) / 2)
        below += len(came) - sum(came)
    return total / (good * bad)


def _filter(run: RunReader, facts: Sequence[Fact], steps: _Steps) -> FilterRecord | None:
    said = run.refusals()
    if not said.asked:
        return None
    admitted = {fact.id for fact in facts if fact.status >= Status.NEW}
    kept = [entry for entry in said.anyway if entry in admitted]
    audited = [entry for entry in kept if steps.of.get(entry)]
    wrong = sum(any(steps.fruitful[step] for step in steps.of[entry]) for entry in audited)
    low, high = wilson(wrong, len(audited))
    return FilterRecord(
        asked=said.asked,
        refused=said.refused,
        kept_anyway=len(kept),
        audited=len(audited),
        wrong=wrong,
        low=low,
        high=high,
    )


def wilson(successes: int, count: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share (Wilson 1927, JASA 22); `None` twice for nothing."""
    if not count:
        return None, None
    z = 1.959964
    share, squared = successes / count, z * z / count
    middle = share + squared / 2
    reach = z * sqrt(share * (1 - share) / count + squared / (4 * count))
    return max(0.0, (middle - reach) / (1 + squared)), min(1.0, (middle + reach) / (1 + squared))


def _strongest(strengths: Strengths) -> Iterator[Standing]:
    strengths.settle(sweeps=20)
    for entry in strengths.best(_STRONGEST):
        yield Standing(entry=entry, strength=strengths.of(entry), error=strengths.error(entry))
