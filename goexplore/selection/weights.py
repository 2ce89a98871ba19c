"""How probable a choice is, by rule: pure functions from the arrays of elites to weights.

An elite is chosen with a probability in proportion to its weight. Whether there is anything left
to try from it is not their business: what is not explorable is never chosen.
"""

import numpy as np
from numpy.typing import NDArray

from archive.elites import EliteArrays

Floats = NDArray[np.float64]

# Ecoffet et al. 2019, appendix A.5: the constants of the count score.
_BELOW = 0.001
_FLOOR = 0.00001


def uniform(elites: EliteArrays) -> Floats:
    """Every elite alike."""
    return np.ones(len(elites.objective))


def go_explore_2019(
    elites: EliteArrays,
    *,
    seen: float = 3.0,
    chosen: float = 0.1,
    since_new: float = 0.0,
    power: float = 0.5,
    base: float = 1.0,
    level: float = 1.0,
) -> Floats:
    """Go-Explore's count score: what was seen and chosen little is worth more.

    CellScore = LevelWeight * (sum over counts v of w / (v + 0.001)^p + 0.00001, + 1), where
    LevelWeight = level^(best objective - objective): Ecoffet et al. 2019 (arXiv:1901.10995),
    appendix A.5, without the neighbour terms, which need a grid. `base` is that + 1; `power` is
    0.5 there for all counts. The weights are those of the release's script for Montezuma's
    Revenge without domain knowledge.

    seen, chosen, since_new: weights of the counts. level: 1 where levels play no role; the
        paper takes 0.1.
    """
    counts = ((seen, elites.seen), (chosen, elites.chosen), (since_new, elites.since_new))
    score = sum((w / (v + _BELOW) ** power + _FLOOR for w, v in counts), start=np.float64(base))
    return np.asarray(score * level ** (elites.best - elites.objective))


def go_explore_2021(elites: EliteArrays) -> Floats:
    """1 / sqrt(seen + 1): Ecoffet et al. 2021 (arXiv:2004.12919), methods, "cell selection"."""
    return np.asarray(1.0 / np.sqrt(elites.seen + 1.0))


def dgm(elites: EliteArrays, *, steepness: float = 10.0, midpoint: float = 0.5) -> Floats:
    """The Darwin Gödel Machine's: good parents with few children.

    sigmoid(10 * (score - 0.5)) / (1 + children): Zhang et al. 2025 (arXiv:2505.22954),
    appendix A.2, with lambda = 10 and alpha_0 = 0.5. Scores from 0 to 1 are meant.
    """
    # Beyond 700 the exponential overflows; e^-500 is as good as nothing.
    exponent = np.minimum(-steepness * (elites.objective - midpoint), 500.0)
    sigmoid = 1.0 / (1.0 + np.exp(exponent))
    return np.asarray(sigmoid / (1.0 + elites.children))


def softmax(elites: EliteArrays, *, temperature: float = 1.0) -> Floats:
    """exp((objective - best) / temperature): Boltzmann selection; the best weighs 1.

    temperature: in the unit of the objective, positive. Near 0 only the best is chosen.
    """
    return np.asarray(np.exp((elites.objective - elites.best) / temperature))


def interest(elites: EliteArrays, *, sharpness: float = 5.0) -> Floats:
    """exp(sharpness * (interest - 1)) / sqrt(1 + chosen): the interesting, and the little chosen.

    An entry that nobody has rated counts as one of interest 0.5. The second factor is that of
    Go-Explore 2021, so that a judge's favourite is not all that is ever tried.
    """
    said = np.where(np.isnan(elites.interest), 0.5, elites.interest)
    return np.asarray(np.exp(sharpness * (said - 1.0)) / np.sqrt(1.0 + elites.chosen))
