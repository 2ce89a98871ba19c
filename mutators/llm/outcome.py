"""What became of a call that brought no answer: asked again, or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from socket import gaierror

from pydantic import BaseModel, ValidationError

from mutators.llm.base import LLMError

AGAIN = frozenset({408, 409, 429})
"""With everything from 500 on, the statuses after which asking again may help."""

PAYMENT_REQUIRED = 402
THROTTLED = 429
SERVER_FAULT = 500

_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_error"})

_EXCERPT = 300


class Setback(Exception):
    """A call that failed for now; asking again may help.

    retry_after: how long the server asks to be left alone, as it wrote it; empty if it did not.
    throttled: whether it was one call too many. absent: whether nobody was there to answer.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: str = "",
        throttled: bool = False,
        absent: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.throttled = throttled
        self.absent = absent


def nobody_there(error: BaseException) -> bool:
    """Whether a failure comes from a server that does not run, or a host that does not exist."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError | gaierror):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a server said instead of an answer. `codes` are its own words for the cause."""

    model: str
    status: int
    codes: frozenset[str]
    message: str
    retry_after: str

    def as_error(self) -> LLMError | Setback:
        """A setback where asking again may help, else an error that says what would."""
        said = f"{self.model}: {self.status} {self.message}"
        if self.status == PAYMENT_REQUIRED or self.codes & _QUOTA:
            return LLMError(f"{said}; the quota is used up: add credit or raise the limit")
        if self.status in AGAIN or self.status >= SERVER_FAULT:
            throttled = self.status == THROTTLED
            return Setback(said, retry_after=self.retry_after, throttled=throttled)
        return LLMError(f"{said}; {_ADVICE.get(self.status, _OTHERWISE)}")


class _Error(BaseModel):
    message: str = ""
    code: str | int | None = None
    type: str | None = None


class _ErrorBody(BaseModel):
    error: _Error | str


_ADVICE: Mapping[int, str] = {
    401: "the key is wrong: set another",
    403: "the key may not use this model: set another key, or choose another model",
    404: "there is no such model at this server: check its name and the address",
    413: "the prompt is too long: choose a model with a larger window",
}

_OTHERWISE = "the server does not take this request: check the model's settings"


def complaint(model: str, status: int, headers: Mapping[str, str], body: str) -> Complaint:
    """What a server complains of, by either provider's wire format or any other."""
    error = _error(body)
    return Complaint(
        model=model,
        status=status,
        codes=frozenset({str(error.code), str(error.type)}),
        message=excerpt(error.message or body),
        retry_after=headers.get("retry-after", ""),
    )


def excerpt(text: str) -> str:
    """The beginning of what a server said, on one line."""
    return " ".join(text[:_EXCERPT].split())


def _error(body: str) -> _Error:
    try:
        error = _ErrorBody.model_validate_json(body).error
    except ValidationError:
        return _Error()
    return _Error(message=error) if isinstance(error, str) else error
