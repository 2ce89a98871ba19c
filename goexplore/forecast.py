"""What runs will cost, from all that is known before they begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archive.library import Library, RunSummary
from goexplore.budget import Spent
from goexplore.config import RunConfig, world_of
from goexplore.domain import DomainError
from goexplore.estimate import Estimate, Plan, estimate
from goexplore.history import History, at_its_end, history_of
from goexplore.rehearsal import examine, rehearsed
from mutators.llm.base import Prices
from mutators.llm.models import describe, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What runs will cost, and what that is based on.

    runs: how many can begin. refused: how many have a world that cannot be explored, and cost
    nothing. begun, ended: how many of the runs go on from where they stopped, and how many have
    reached their own end. unpriced: models without a known price.
    """

    runs: int
    refused: int
    begun: int
    ended: int
    estimate: Estimate
    history: History
    unpriced: tuple[str, ...]


def forecast(
    configs: Sequence[RunConfig], library: Library | None, *, fresh: bool = False
) -> Forecast | None:
    """What runs of one archive will cost; `None` where they ask no model.

    library: the archive, where there is one. fresh: they begin anew, whatever was begun before.

    Raises:
        SetupError: a part cannot be made with its parameters.
        DomainError: the world of a single run cannot be explored.
        LLMError: a model cannot be asked, such as one of unknown price under a budget in dollars.
        ArchiveError: a run of that name was begun with other settings.
    """
    possible = [config for config in configs if len(configs) == 1 or _explorable(config)]
    if not possible:
        raise DomainError(f"none of the {len(configs)} worlds can be explored")
    examine(possible[0])
    if not possible[0].asked:
        return None
    plans = [_plan(config, None if fresh else library) for config in possible]
    history = _history(possible, library)
    prices = _prices(possible[0], history)
    return Forecast(
        runs=len(possible),
        refused=len(configs) - len(possible),
        begun=sum(plan.before.steps > 0 for plan in plans),
        ended=sum(plan.ended for plan in plans),
        estimate=estimate(plans, history, prices),
        history=history,
        unpriced=tuple(sorted(name for name, price in prices.items() if price is None)),
    )


def _explorable(config: RunConfig) -> bool:
    try:
        with world_of(config) as world:
            world.roots()
    except DomainError:
        return False
    return True


def _plan(config: RunConfig, library: Library | None) -> Plan:
    begun = library.begun(config.name, config.spec) if library else None
    if library is None or begun is None:
        return Plan(budget=config.budget, before=Spent())
    before = _spent(begun, library)
    return Plan(budget=config.budget, before=before, ended=at_its_end(begun))


def _spent(run: RunSummary, library: Library) -> Spent:
    spending = library.read(run.name).spending()
    return Spent(
        steps=max(run.steps, 0),
        verifications=run.verifications,
        seconds=run.elapsed,
        tokens=sum(each.prompt_tokens + each.completion_tokens for each in spending),
        dollars=sum(each.dollars for each in spending),
    )


def _history(configs: Sequence[RunConfig], library: Library | None) -> History:
    if library:
        found = history_of(library, configs[0])
        if found.runs:
            return found
    return rehearsed(configs)


def _prices(config: RunConfig, history: History) -> Mapping[str, Prices | None]:
    models = {line.model for run in history.runs for line in run.costs}
    return {name: describe(parse(name), config.models).prices for name in models}
