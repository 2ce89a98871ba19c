"""A server that speaks OpenAI's wire formats: what is posted to it and what comes back."""

from typing import TypeVar
from weakref import finalize

from openai import APIConnectionError, APIStatusError, DefaultHttpxClient, OpenAI
from pydantic import BaseModel, ValidationError

from mutators.llm.base import Json
from mutators.llm.models import on_loopback
from mutators.llm.outcome import Complaint, Setback, complaint, excerpt, nobody_there

HOME = "https://api.openai.com/v1"

Body = dict[str, Json]

Shape = TypeVar("Shape", bound=BaseModel)


class OpenAIServer:
    """OpenAI's own server or another one that speaks its formats.

    name: of the model that is asked, for messages.
    key: empty where the server asks for none.
    timeout: seconds until a call without an answer counts as failed.
    """

    def __init__(self, name: str, *, key: str, url: str, timeout: float) -> None:
        self.url = url
        self._name = name
        self._client = OpenAI(
            api_key=key or "none",
            base_url=url,
            timeout=timeout,
            max_retries=0,
            # A proxy to the outside world does not know this machine's own servers.
            http_client=DefaultHttpxClient(trust_env=not on_loopback(url), timeout=timeout),
        )
        finalize(self, self._client.close)

    def post(self, path: str, body: Body, shape: type[Shape]) -> Shape | Complaint:
        """What the server answers, in the shape that is expected.

        Raises:
            Setback: it cannot be reached, or its answer has another shape.
        """
        try:
            # As text: what a server sends is checked here, and half an answer is seen as such.
            text = self._client.post(path, cast_to=str, body=body)
        except APIStatusError as error:
            response = error.response
            return complaint(self._name, response.status_code, response.headers, response.text)
        except APIConnectionError as error:
            raise Setback(
                f"{self._name}: {error} ({error.__cause__})", absent=nobody_there(error)
            ) from error
        try:
            return shape.model_validate_json(text)
        except ValidationError as error:
            raise Setback(f"{self._name}: this is no answer: {excerpt(text)!r}") from error
