"""How likely a model thinks a yes, by the tokens that its answer could have begun with."""

import math
from string import punctuation, whitespace

from mutators.llm.base import Answer

_AROUND = punctuation + whitespace


def chance_of_yes(answer: Answer) -> float | None:
    """P(yes) / (P(yes) + P(no)); `None` where neither is among the answer's alternatives.

    A token reads as yes or no in any case, and with any space or punctuation around it. One that
    is not among the alternatives counts as impossible: ask for 20 of them.
    """
    yes, no = _chance(answer, "yes"), _chance(answer, "no")
    return yes / (yes + no) if yes + no > 0 else None


def _chance(answer: Answer, word: str) -> float:
    return math.fsum(
        math.exp(min(0.0, each.logprob))
        for each in answer.alternatives
        if each.token.strip(_AROUND).casefold() == word
    )
