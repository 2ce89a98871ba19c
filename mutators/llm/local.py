"""A small model on this machine, from a GGUF file, without a key."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from mutators.llm.base import Answer, LLMError, Model, Request
from mutators.llm.openai import OpenAIModel


class _Path(Protocol):
    path: str


class _Threads(Protocol):
    n_threads: int


class _Parameters(Protocol):
    """What we set of llama.cpp's parameters."""

    model: _Path
    cpuparams: _Threads
    cpuparams_batch: _Threads
    n_ctx: int
    n_parallel: int
    verbosity: int
    ui: bool
    hostnames: list[str]
    port: int


class _Server(Protocol):
    @property
    def listening_address(self) -> str: ...


class _Llama(Protocol):
    """What we use of xllamacpp, which comes without types."""

    def CommonParams(self) -> _Parameters: ...  # noqa: N802  # their name

    def Server(self, parameters: _Parameters, /) -> _Server: ...  # noqa: N802  # their name


class LocalModel:
    """A model from a GGUF file, served by llama.cpp on loopback for as long as this lives.

    It answers one call at a time: by more it would grow no faster, and every call would have but a
    share of the context window.

    threads: one is fastest while other work keeps the cores busy.
    timeout: seconds until a call without an answer counts as failed.

    Raises:
        LLMError: the extra is not installed, or the file is missing or no model.
    """

    def __init__(
        self, model: Model, path: Path, *, threads: int = 1, timeout: float = 600.0
    ) -> None:
        self._server = _started(_llama(), path, model.context_window, threads)
        url = f"{self._server.listening_address}/v1"
        self._client = OpenAIModel(model, path.stem, key="", url=url, timeout=timeout)

    @property
    def model(self) -> Model:
        return self._client.model

    def ask(self, request: Request) -> Answer:
        """Put a request, once.

        Raises:
            Setback: asking again may help.
            LLMError: it would not.
        """
        return self._client.ask(request)


def _llama() -> _Llama:
    try:
        # An optional extra, and a large one.
        return cast(_Llama, import_module("xllamacpp"))
    except ImportError as error:
        raise LLMError(
            "local models need xllamacpp: install it with pip install 'goexplore[local]'"
        ) from error


def _started(llama: _Llama, path: Path, context_window: int, threads: int) -> _Server:
    if not path.is_file():
        raise LLMError(f"no model file {str(path)!r}: local:PATH names a GGUF file")
    parameters = llama.CommonParams()
    parameters.model.path = str(path)
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.n_ctx = context_window
    parameters.n_parallel = 1
    parameters.verbosity = -1
    parameters.ui = False
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    try:
        return llama.Server(parameters)
    except RuntimeError as error:
        raise LLMError(f"{str(path)!r} cannot be loaded as a GGUF model: {error}") from error
