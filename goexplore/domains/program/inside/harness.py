"""Runs a task's evaluator or judge inside a sandbox, and hands on what it says as plain JSON.

Nothing here decides anything: what comes out of a sandbox is judged where it comes out.
"""

import runpy
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from math import isfinite
from pathlib import Path
from types import ModuleType

_SHIMS = "shims"
_MOST_TEXT = 4000
_SCALARS = 100
_DEEPEST = 20


def evaluate(request: dict[str, str]) -> dict[str, object]:
    """Call a function of an evaluator with the path of a program: its metrics and artifacts."""
    module = _loaded(request["evaluator"])
    function: Callable[[str], object] = vars(module)[request["function"]]
    returned = function(str(Path(request["program"]).absolute()))
    metrics, artifacts = _told_apart(returned)
    return {"metrics": _plain(metrics), "artifacts": _texts(artifacts)}


def judge(request: dict[str, object]) -> object:
    """Have a judge score an answer to a case."""
    function: Callable[..., object] = vars(_loaded(str(request["judge"])))["score"]
    return _plain(function(request["given"], request["answer"], request["expected"]))


def main() -> None:
    """Run an evaluator that writes its results into a folder."""
    evaluator, program, results = sys.argv[1:]
    Path(results).mkdir(parents=True, exist_ok=True)
    _prepare(evaluator)
    sys.argv = [
        evaluator,
        *("--program_path", str(Path(program).absolute())),
        *("--results_dir", str(Path(results).absolute())),
    ]
    runpy.run_path(evaluator, run_name="__main__")


def _told_apart(returned: object) -> tuple[object, object]:
    """Metrics and artifacts: of an object, of a dict of both, or of metrics with artifacts among.

    Artifacts that are no dict stay among the metrics, as what they are: no number.
    """
    if not isinstance(returned, dict):
        return getattr(returned, "metrics", returned), getattr(returned, "artifacts", {})
    said: dict[object, object] = dict(returned)  # pyright: ignore[reportUnknownArgumentType]  # the task's
    metrics, artifacts = said.get("metrics"), said.get("artifacts")
    if isinstance(artifacts, dict):
        del said["artifacts"]
    return metrics if isinstance(metrics, dict) else said, artifacts  # pyright: ignore[reportUnknownVariableType]  # the task's


def _prepare(file: str) -> None:
    sys.path.insert(0, str(Path(file).absolute().parent))
    # Last, so that what is installed comes first.
    sys.path.append(str(Path(__file__).absolute().parent / _SHIMS))


def _loaded(file: str) -> ModuleType:
    name = Path(file).stem
    if name in sys.modules:
        return sys.modules[name]
    _prepare(file)
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _plain(value: object, depth: int = 0) -> object:
    """A value as JSON has it; a number that is not finite, and what JSON has not, as text."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if depth < _DEEPEST and isinstance(value, dict):
        return {str(name): _plain(each, depth + 1) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # the task's
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [_plain(each, depth + 1) for each in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # the task's
    plain = getattr(value, "tolist", None)  # a number or an array of numpy's
    if callable(plain) and depth < _DEEPEST:
        return _plain(plain(), depth + 1)
    return f"<{type(value).__name__}>"


def _texts(artifacts: object) -> dict[str, str]:
    if not isinstance(artifacts, dict):
        return {}
    shown = list(artifacts.items())[:_SCALARS]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # the task's
    return {str(name): _text(value) for name, value in shown}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # the task's


def _text(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    if len(text) <= _MOST_TEXT:
        return text
    half = _MOST_TEXT // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


if __name__ == "__main__":
    main()
