"""A model for the code inside: within its allowance, and by both libraries unchanged."""

import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

import pytest

from sandboxes.base import Json, Script
from sandboxes.docker import Containers, Engine
from sandboxes.gateway import (
    Allowance,
    CallsInMemory,
    Gateway,
    Price,
    Unanswerable,
)
from sandboxes.images.build import Recipe, build
from sandboxes.limits import Limits
from sandboxes.pool import Pool
from sandboxes.wire import Finish, Question, Reply, ToolCall

SECRET = "sk-the-real-key-of-the-host"  # noqa: S105  # it opens nothing


class Echo:
    """Answers with the last message; holds a key, as a real one would."""

    def __init__(self) -> None:
        self.key = SECRET

    def answer(self, question: Question) -> Reply:
        messages = cast("list[dict[str, str]]", question.body["messages"])
        text = messages[-1]["content"]
        if text == "fail":
            raise Unanswerable("it is tired", retry=7)
        if text == "tool":
            call = ToolCall(id="t1", name="look", arguments='{"at": 1}')
            return Reply(
                text="", prompt_tokens=2, completion_tokens=3, finish=Finish.CALLS, calls=(call,)
            )
        return Reply(text=f"echo: {text}", prompt_tokens=10, completion_tokens=5)


def gateway(heard: CallsInMemory | None = None, **allowance: float) -> Gateway:
    """A gateway to one model."""
    return Gateway(
        Echo(),
        models={"m": Price(prompt=1.0, completion=2.0)},
        allowance=Allowance(**allowance),  # type: ignore[arg-type]  # numbers all
        calls=heard or CallsInMemory(),
    )


class _Connection(HTTPConnection):
    """A connection to whoever serves the other end of a pair."""

    def __init__(self, to: Gateway) -> None:
        super().__init__("gateway")
        self.sock, theirs = socket.socketpair()
        Thread(target=self._serve, args=(to, theirs), daemon=True).start()

    @staticmethod
    def _serve(to: Gateway, link: socket.socket) -> None:
        with link:
            to.serve(link)


def ask(
    to: Gateway, body: object, path: str = "/v1/chat/completions", method: str = "POST"
) -> tuple[HTTPResponse, Mapping[str, Json]]:
    """A response, and its JSON."""
    connection = _Connection(to)
    try:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data)
        response = connection.getresponse()
        return response, json.loads(response.read())
    finally:
        connection.close()


def question(text: str = "hello", **more: Json) -> Mapping[str, Json]:
    """A question."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def test_a_question_is_answered_and_reported() -> None:
    calls = CallsInMemory()
    response, body = ask(gateway(calls), question())

    assert response.status == 200
    assert "echo: hello" in json.dumps(body)
    (call,) = calls.calls
    assert (call.prompt_tokens, call.completion_tokens, call.refused) == (10, 5, "")
    assert call.dollars == pytest.approx(20e-6)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 100_000, 400),
        ({"model": "gpt-unknown", "messages": []}, 404),
        ({"model": ["m"], "messages": []}, 404),
        ({"model": "m"}, 400),
        ({"model": "m", "messages": [], "n": 2}, 400),
        ({"model": "m", "messages": [], "max_tokens": True}, 400),
        ({"model": "m", "messages": [], "max_tokens": -1}, 400),
        (b"x" * 5000, 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_may_not_be_asked_is_refused(body: object, status: int) -> None:
    response, _ = ask(gateway(request_bytes=4000 if status == 413 else 1 << 20), body)

    assert response.status == status
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    "allowance", [{"calls": 2}, {"tokens": 4400}, {"dollars": 8.5e-3}], ids=str
)
def test_beyond_the_allowance_nothing_is_asked(allowance: Mapping[str, float]) -> None:
    calls = CallsInMemory()
    to = gateway(calls, **allowance)

    statuses = [ask(to, question("x" * 100, max_tokens=4096))[0].status for _ in range(40)]

    assert statuses[0] == 200
    assert statuses[-1] == 429
    answered = [call for call in calls.calls if not call.refused]
    assert len(calls.calls) == 40
    assert len(answered) == statuses.count(200)
    assert sum(call.dollars for call in answered) <= allowance.get("dollars", 1.0)


def test_calls_under_way_cannot_overdraw_the_allowance_together() -> None:
    calls = CallsInMemory()
    to = gateway(calls, calls=5)
    threads = [Thread(target=ask, args=(to, question())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(not call.refused for call in calls.calls) == 5


def test_too_many_calls_a_minute_may_be_put_later() -> None:
    to = gateway(calls_a_minute=1)
    ask(to, question())
    response, _ = ask(to, question())

    assert response.status == 429
    assert response.headers["x-should-retry"] == "true"
    assert 1 <= int(response.headers["retry-after"]) <= 60


def test_a_model_that_does_not_answer_is_no_answer() -> None:
    response, body = ask(gateway(), question("fail"))

    assert (response.status, response.headers["retry-after"]) == (502, "7")
    assert "tired" in json.dumps(body)


def test_a_budget_in_dollars_needs_a_price() -> None:
    with pytest.raises(ValueError, match="price of 'm'"):
        Gateway(Echo(), models={"m": None}, allowance=Allowance(dollars=1), calls=CallsInMemory())


def test_tools_and_the_list_of_models_are_known_in_both_formats() -> None:
    _, openai = ask(gateway(), question("tool"))
    _, anthropic = ask(gateway(), question("tool", max_tokens=9), "/v1/messages")
    _, models = ask(gateway(), b"", "/v1/models", "GET")

    assert '"arguments": "{\\"at\\": 1}"' in json.dumps(openai)
    assert '"input": {"at": 1}' in json.dumps(anthropic)
    assert anthropic["stop_reason"] == "tool_use"
    assert '"id": "m"' in json.dumps(models)


def test_nonsense_on_the_line_ends_the_connection_and_nothing_else() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(b"\x00\xff nonsense\r\n\r\n" + b"x" * 1000)
        ours.shutdown(socket.SHUT_WR)
        with theirs:
            gateway().serve(theirs)


LIBRARIES = """
import anthropic, openai
o, a = openai.OpenAI(max_retries=2), anthropic.Anthropic(max_retries=2)
hello = [{"role": "user", "content": "hello"}]
print(o.chat.completions.create(model="m", messages=hello).choices[0].message.content)
print(a.messages.create(model="m", max_tokens=50, messages=hello).content[0].text)
parts = o.chat.completions.create(model="m", messages=hello, stream=True)
print("".join(part.choices[0].delta.content or "" for part in parts))
with a.messages.stream(model="m", max_tokens=50, messages=hello) as stream:
    print(stream.get_final_text())
for ask, error in (
    (lambda: o.chat.completions.create(model="m", messages=hello), openai.RateLimitError),
    (lambda: a.messages.create(model="m", max_tokens=50, messages=hello), anthropic.RateLimitError),
):
    try:
        ask()
    except error as refused:
        print("refused", type(refused).__name__)
"""

SEARCH = """
import os, glob
found = []
for path in ["/proc/1/cmdline", "/proc/1/environ", "/proc/self/environ", "/proc/1/mem"]:
    try:
        found.append(open(path, "rb").read())
    except OSError:
        pass
for folder in ("/work", "/tmp", "/etc", "/root", "/run"):
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                found.append(open(os.path.join(top, name), "rb").read(1 << 20))
            except OSError:
                pass
# Backwards, so that it does not find what it looks for in itself.
wanted = b"tsoh-eht-fo-yek-laer-eht-ks"
print(any(wanted in each[::-1] for each in found), len(found) > 3)
"""


@pytest.mark.docker
def test_both_libraries_are_answered_within_the_allowance_and_refused_beyond(
    engine: Engine,
) -> None:
    calls = CallsInMemory()
    image = build(engine, Recipe(packages=("anthropic", "openai"))).name
    to = gateway(calls, calls=4)
    source = Containers(engine=engine, image=image)
    with Pool(source, size=1) as pool, pool.lease(services=[to]) as sandbox:
        sandbox.write({"main.py": LIBRARIES})
        done = sandbox.run(Script(file="main.py"), Limits(seconds=120))

    assert done.stdout.decode().split("\n") == [
        *["echo: hello"] * 4,
        "refused RateLimitError",
        "refused RateLimitError",
        "",
    ], done.stderr
    assert len([call for call in calls.calls if not call.refused]) == 4


@pytest.mark.docker
def test_no_key_is_where_the_code_inside_could_look(
    engine: Engine, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    source = Containers(engine=engine, image=image, run="key")
    with Pool(source, size=1) as pool, pool.lease(services=[gateway()]) as sandbox:
        sandbox.write({"main.py": SEARCH})
        done = sandbox.run(Script(file="main.py"))
        (container,) = (c for c in engine.containers() if '"key"' in json.dumps(c["Labels"]))
        inspected = engine.api.inspect_container(str(container["Id"]))
        memory = memory_of_all(str(container["Id"]))

    assert done.stdout == b"False True\n", done.stderr
    assert SECRET not in json.dumps(inspected)
    assert b"sandboxes.inside" in memory
    assert SECRET.encode() not in memory


def memory_of_all(container: str) -> bytes:
    """The memory of all processes of a container, as the host sees it."""
    parts: list[bytes] = []
    for process in Path("/proc").iterdir():
        try:
            if container not in (process / "cgroup").read_text():
                continue
            maps = (process / "maps").read_text().splitlines()
            with (process / "mem").open("rb", 0) as memory:
                parts += [_region(memory, line) for line in maps if " rw" in line]
        except OSError:
            continue
    if not parts:
        pytest.skip("the engine's processes are not to be seen from here")
    return b"".join(parts)


def _region(memory: BinaryIO, line: str) -> bytes:
    low, high = (int(each, 16) for each in line.split(maxsplit=1)[0].split("-"))
    memory.seek(low)
    return memory.read(high - low)
