"""The selections that a run file can name and that think before they choose."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from goexplore.selection.appraisers import Likelihood, Novelty, Rating
from goexplore.selection.base import Judge
from goexplore.selection.interest import ByInterest, ByNovelty
from goexplore.selection.judged import Judged, Remover, Scorer
from goexplore.selection.parts import Count, Positive
from goexplore.selection.scorers import Choosing, Comparing, Removing
from goexplore.selection.shortlist import MOST
from mutators.llm.asking import Asking
from mutators.llm.embedding import Embedder

Size = Annotated[int, Field(ge=1, le=MOST)]
Every = Annotated[int, Field(ge=0)]
Temperature = Annotated[float, Field(ge=0)]
Group = Annotated[int, Field(ge=2, le=MOST)]


def choose(
    asking: Asking,
    brief: str,
    *,
    size: Size = MOST,
    within: Count = 1,
    remove: Every = 0,
    temperature: Temperature = 0.7,
    prompts: Path | None = None,
) -> Judge:
    """A model names the most promising of a shortlist; see `scorers.Choosing`."""
    scorer = Choosing(asking, brief, temperature=temperature, prompts=prompts)
    remover = _remover(asking, brief, remove, prompts)
    return Judged(scorer, size=size, within=within, remover=remover, every=remove)


def guided(
    asking: Asking,
    brief: str,
    *,
    size: Size = MOST,
    within: Count = 1,
    remove: Every = 0,
    temperature: Temperature = 0.7,
    prompts: Path | None = None,
) -> Judge:
    """The same, and it is shown the value and the exploration bonus of each entry."""
    scorer = Choosing(asking, brief, guided=True, temperature=temperature, prompts=prompts)
    remover = _remover(asking, brief, remove, prompts)
    return Judged(scorer, size=size, within=within, remover=remover, every=remove)


def compare(
    asking: Asking,
    brief: str,
    *,
    group: Group = 4,
    size: Size = MOST,
    within: Count = 1,
    remove: Every = 0,
    temperature: Temperature = 0.0,
    prompts: Path | None = None,
) -> Judge:
    """A model names the best of a few, in either order; see `scorers.Comparing`."""
    scorer = Comparing(asking, brief, group=group, temperature=temperature, prompts=prompts)
    remover = _remover(asking, brief, remove, prompts)
    return Judged(scorer, size=size, within=within, remover=remover, every=remove)


def mixture(
    asking: Asking,
    brief: str,
    *,
    judge: Literal["choose", "guided", "compare"] = "choose",
    size: Size = MOST,
    within: Count = 1,
    remove: Every = 0,
    prompts: Path | None = None,
) -> Judge:
    """A model, counts and Thompson sampling, weighed by what came of their choices."""
    scorer: Scorer = (
        Comparing(asking, brief, prompts=prompts)
        if judge == "compare"
        else Choosing(asking, brief, guided=judge == "guided", prompts=prompts)
    )
    remover = _remover(asking, brief, remove, prompts)
    return Judged(scorer, mixed=True, size=size, within=within, remover=remover, every=remove)


def by_counts(
    asking: Asking | None = None,
    brief: str = "",
    *,
    size: Size = MOST,
    within: Count = 1,
    remove: Every = 0,
    prompts: Path | None = None,
) -> Judge:
    """Counts choose from the shortlist; a model may be asked what on it is pointless.

    Raises:
        ValueError: `remove` asks for a model, and there is none.
    """
    if remove and asking is None:
        raise ValueError("remove asks a model: name one")
    remover = _remover(asking, brief, remove, prompts)
    return Judged(None, size=size, within=within, remover=remover, every=remove)


def rate(
    asking: Asking,
    brief: str,
    *,
    sharpness: Positive = 5.0,
    prompts: Path | None = None,
) -> ByInterest:
    """A model rates each entry once, when it is admitted; choosing costs no call."""
    return ByInterest(Rating(asking, brief, prompts=prompts), sharpness=sharpness)


def likelihood(
    asking: Asking,
    brief: str,
    *,
    sharpness: Positive = 5.0,
    prompts: Path | None = None,
) -> ByInterest:
    """How likely a model finds it, of each entry once, that it is interesting."""
    return ByInterest(Likelihood(asking, brief, prompts=prompts), sharpness=sharpness)


def novelty(
    embedder: Embedder | None = None,
    *,
    neighbours: Count = 15,
    sharpness: Positive = 5.0,
) -> ByNovelty:
    """How far each entry was from all that was known when it was found."""
    return ByNovelty(Novelty(embedder, neighbours=neighbours), sharpness=sharpness)


def _remover(
    asking: Asking | None, brief: str, remove: int, prompts: Path | None
) -> Remover | None:
    return Removing(asking, brief, prompts=prompts) if remove and asking else None
