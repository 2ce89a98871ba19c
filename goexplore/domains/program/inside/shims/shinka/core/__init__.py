"""Runs a program's function a few times, validates what it returns, and writes what came of it."""

import json
import time
import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from statistics import fmean, pstdev

Metrics = dict[str, object]


def run_shinka_eval(  # noqa: PLR0917  # as its users call it
    program_path: str,
    results_dir: str,
    experiment_fn_name: str,
    num_runs: int,
    get_experiment_kwargs: "Callable[[int], Metrics] | None" = None,
    aggregate_metrics_fn: "Callable[[list[object]], Metrics] | None" = None,
    validate_fn: "Callable[[object], tuple[bool, str | None]] | None" = None,
    default_metrics_on_error: "Metrics | None" = None,
    **_others: object,
) -> "tuple[Metrics, bool, str | None]":
    """Metrics, whether all runs were right, and what was wrong first; written, too."""
    try:
        function = _function(program_path, experiment_fn_name)
        wrong, results, seconds = "", list[object](), list[float]()
        for run in range(num_runs):
            given = get_experiment_kwargs(run) if get_experiment_kwargs else {"seed": run + 1}
            began = time.perf_counter()
            results.append(function(**given))
            seconds.append(time.perf_counter() - began)
            good, why = validate_fn(results[-1]) if validate_fn else (True, None)
            if not good and not wrong:
                wrong = f"Validation failed: {why}"
        metrics = aggregate_metrics_fn(results) if aggregate_metrics_fn else {}
        metrics.pop("extra_data", None)
        metrics["execution_time_mean"] = fmean(seconds or [0.0])
        metrics["execution_time_std"] = pstdev(seconds or [0.0])
    except Exception as error:  # noqa: BLE001  # a program's crash is a result
        traceback.print_exc()
        metrics = dict(default_metrics_on_error or {"combined_score": 0.0})
        wrong = str(error) or type(error).__name__
    _write(Path(results_dir), metrics, wrong)
    return metrics, not wrong, wrong or None


def _function(path: str, name: str) -> "Callable[..., object]":
    spec = spec_from_file_location("program", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., object] = getattr(module, name)
    return found


def _write(folder: Path, metrics: Metrics, wrong: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    correct = {"correct": not wrong, "error": wrong or None}
    (folder / "correct.json").write_text(json.dumps(correct), "utf-8")
    (folder / "metrics.json").write_text(json.dumps(metrics, default=_number), "utf-8")


def _number(value: object) -> object:
    plain = getattr(value, "tolist", None)
    return plain() if callable(plain) else str(value)
