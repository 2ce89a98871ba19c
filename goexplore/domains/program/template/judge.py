"""Judges what a program answered, in a sandbox of its own, when the program is gone."""


def score(given: list[int], answer: list[int], expected: object) -> object:
    """A number, or an object with score, measures and feedback; or with invalid, which says why."""
    del expected  # a case can say what the right answer is; here none is known
    if not isinstance(answer, list) or {type(place) for place in answer} - {int}:
        return {"invalid": "not a list of places"}
    if len(set(answer)) < len(answer) or not set(answer) <= set(range(len(given))):
        return {"invalid": "a place that is none, or twice the same"}
    difference = abs(sum(given) - 2 * sum(given[place] for place in answer))
    return {
        "score": 1 - difference / sum(given),
        "measures": {"difference": difference},
        "feedback": f"the groups differ by {difference}",
    }
