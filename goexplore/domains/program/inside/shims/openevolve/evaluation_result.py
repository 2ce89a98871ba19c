"""What an evaluator may return."""

from dataclasses import dataclass, field


@dataclass
class EvaluationResult:
    """Metrics by name, and artifacts to be shown."""

    metrics: dict[str, float]
    artifacts: dict[str, object] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]  # as its users have it
