"""A small model on this machine, from a GGUF file, without a key."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from mutators.llm.base import Answer, LLMError, Model, Request
from mutators.llm.openai import OpenAIModel
from mutators.llm.openai_embeddings import Embeddings, OpenAIEmbeddings
from mutators.llm.openai_server import OpenAIServer
from mutators.llm.outcome import Complaint


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
    n_batch: int
    n_ubatch: int
    n_parallel: int
    embedding: bool
    pooling_type: int
    verbosity: int
    ui: bool
    hostnames: list[str]
    port: int


class _Server(Protocol):
    @property
    def listening_address(self) -> str: ...


class _Pooling(Protocol):
    LLAMA_POOLING_TYPE_MEAN: int


class _Llama(Protocol):
    """What we use of xllamacpp, which comes without types."""

    llama_pooling_type: _Pooling

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
        llama = _llama()
        self._server = _started(llama, _parameters(llama, path, model, threads))
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


class LocalEmbeddings:
    """A model from a GGUF file that embeds; see `mutators.llm.openai_embeddings`.

    The vectors of a file that does not say how they come about, as those of models that talk do
    not, are the means of its tokens' vectors.

    threads, timeout: see `LocalModel`.

    Raises:
        LLMError: the extra is not installed, or the file is missing or no model.
    """

    def __init__(
        self, model: Model, path: Path, *, threads: int = 1, timeout: float = 600.0
    ) -> None:
        llama = _llama()
        self._server = _embedding(llama, path, model, threads)
        if not _embeds(self._server, model, timeout):
            self._server = _embedding(llama, path, model, threads, by_mean=True)
        url = f"{self._server.listening_address}/v1"
        self._client = OpenAIEmbeddings(model, path.stem, key="", url=url, timeout=timeout)

    @property
    def model(self) -> Model:
        return self._client.model

    def ask(self, request: Request) -> Answer:
        """The vectors of texts.

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


def _parameters(llama: _Llama, path: Path, model: Model, threads: int) -> _Parameters:
    if not path.is_file():
        raise LLMError(f"no model file {str(path)!r}: local:PATH names a GGUF file")
    parameters = llama.CommonParams()
    parameters.model.path = str(path)
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.n_ctx = model.context_window
    parameters.n_parallel = 1
    parameters.verbosity = -1
    parameters.ui = False
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    return parameters


def _embedding(
    llama: _Llama, path: Path, model: Model, threads: int, *, by_mean: bool = False
) -> _Server:
    parameters = _parameters(llama, path, model, threads)
    parameters.embedding = True
    # A text is taken at once or not at all.
    parameters.n_batch = parameters.n_ubatch = model.context_window
    if by_mean:
        parameters.pooling_type = llama.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return _started(llama, parameters)


def _embeds(server: _Server, model: Model, timeout: float) -> bool:
    """Whether a file says itself how the vectors of its tokens become one."""
    url = f"{server.listening_address}/v1"
    asked = OpenAIServer(model.name, key="", url=url, timeout=timeout)
    return not isinstance(asked.post("/embeddings", {"input": ["a"]}, Embeddings), Complaint)


def _started(llama: _Llama, parameters: _Parameters) -> _Server:
    try:
        return llama.Server(parameters)
    except RuntimeError as error:
        path = parameters.model.path
        raise LLMError(f"{path!r} cannot be loaded as a GGUF model: {error}") from error
