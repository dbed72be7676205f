"""The words of the rules: calls that come in, replies and other actions that go out.

A `Call` is answered by exactly one `Answer`, at once or later. A client that hangs up does not take its call back:
the call stays where it was and its answer goes nowhere, as on the real server.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from supervisor.simulator.rules import texts


@dataclass(frozen=True)
class Reply:
    """One HTTP answer of the Bot API."""

    status: int
    body: str
    retry_after: int | None = None


@dataclass(eq=False)
class Call:
    """One request of a bot, after its envelope was opened."""

    method: str
    """Lower case: the server does not distinguish."""
    args: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """Uploaded files by field name; content beyond what the rules need may have been cut off."""
    client: str | None = None
    """The peer's address; None for calls made in the answer of a webhook."""
    spelled: str = ""
    """The method as the client wrote it, for the referee."""
    alive: bool = True
    """False once the client has hung up: nobody will see the answer."""


@dataclass(frozen=True)
class Answer:
    """Send `reply` to whoever made `call`, if it is still there."""

    call: Call
    reply: Reply


@dataclass(frozen=True)
class Resolve:
    """Look up the webhook's host; report with `resolved(generation, ...)`."""

    generation: int
    host: str


@dataclass(frozen=True)
class Post:
    """Deliver one update to the webhook; report with `posted(attempt, ...)`."""

    attempt: int
    url: str
    address: str
    headers: dict[str, str]
    body: str
    certificate: bytes | None


@dataclass(frozen=True)
class Abandon:
    """The webhook is gone: drop this delivery, its result is of no interest."""

    attempt: int


Action = Answer | Resolve | Post | Abandon


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended: an HTTP answer, or with `error` none."""

    status: int = 0
    reason: str = ""
    retry_after: int = 0
    keep_alive: bool = True
    args: dict[str, str] = field(default_factory=dict)
    """The arguments of a 2xx answer's body, which may ask for a method to be run."""
    error: str | None = None


def ok(result: Any, description: str | None = None) -> Reply:
    """200 with a JSON-able result."""
    return ok_raw(json.dumps(result, ensure_ascii=False, separators=(",", ":")), description)


def ok_raw(result: str, description: str | None = None) -> Reply:
    """200 with a result that is JSON text already."""
    tail = "" if description is None else f',"description":{json.dumps(description)}'
    return Reply(200, f'{{"ok":true,"result":{result}{tail}}}')


def fail(code: int, description: str) -> Reply:
    """An error without parameters."""
    text = json.dumps(description, ensure_ascii=False)
    return Reply(code, f'{{"ok":false,"error_code":{code},"description":{text}}}')


def too_many(seconds: int) -> Reply:
    """429; the wait stands in the text, in the parameters and in a header [S: Query.cpp, HttpConnection.cpp]."""
    text = json.dumps(texts.RETRY_AFTER.format(seconds))
    body = f'{{"ok":false,"error_code":429,"description":{text},"parameters":{{"retry_after":{seconds}}}}}'
    return Reply(429, body, retry_after=seconds)
