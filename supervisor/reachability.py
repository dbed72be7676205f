"""The way to a Bot API server, one step at a time, so that a failure says which step it was: name, TCP, TLS.

Every step has a deadline of its own. With a proxy the way to the proxy is walked: names and certificates behind it
are its business, and asked through it (`telegram.server_time`). Knows no address of Telegram and sends no request.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

STEP_TIMEOUT = 5.0
"""Seconds for one step: on a working network each takes far below one."""

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_MOST_ADDRESSES = 6
_SOON = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: "dns", "tcp" or "tls". `detail` says in words what was met, `worry` what will go wrong."""

    name: str
    ok: bool
    detail: str
    worry: str = ""


@dataclass(frozen=True, slots=True)
class _Goal:
    host: str
    port: int
    tls: bool
    what: str

    def __str__(self) -> str:
        return f"{self.what}{self.host}"


async def walk(api_url: str, proxy: str | None = None, timeout: float = STEP_TIMEOUT) -> tuple[Step, ...]:
    """The steps up to and with the first that failed; at most `timeout` seconds for each."""
    goal = _goal(proxy or api_url, "the proxy " if proxy else "")
    steps = []
    addresses: list[str] = []
    async with _told("dns", f"the name {goal} was not resolved", timeout) as told:
        addresses = await _resolve(goal.host, goal.port)
        told.append(Step("dns", True, f"{goal} is {', '.join(addresses[:3])}{' ...' if len(addresses) > 3 else ''}"))
    steps += told
    if not told[0].ok:
        return tuple(steps)
    first = ""
    async with _told("tcp", f"{goal} (port {goal.port}) could not be connected to", timeout) as told:
        first = await _first_to_connect(addresses[:_MOST_ADDRESSES], goal.port)
        told.append(Step("tcp", True, f"{goal} takes connections on port {goal.port}"))
    steps += told
    if not told[0].ok or not goal.tls:
        return tuple(steps)
    async with _told("tls", f"no TLS with {goal}", timeout) as told:
        told.append(await _handshake(goal, first))
    return (*steps, *told)


def _goal(address: str, what: str) -> _Goal:
    parts = urlsplit(address)
    try:
        port = parts.port or _PORTS.get(parts.scheme, 443)
    except ValueError:
        port = 443
    return _Goal(parts.hostname or "", port, parts.scheme == "https", what)


@contextlib.asynccontextmanager
async def _told(name: str, failure: str, timeout: float) -> AsyncIterator[list[Step]]:
    """What happens inside as exactly one Step, whichever way it ends."""
    told: list[Step] = []
    try:
        async with asyncio.timeout(timeout):
            yield told
    except TimeoutError:
        told[:] = [Step(name, False, f"{failure} within {timeout:g} s")]
    except (OSError, UnicodeError) as error:
        told[:] = [Step(name, False, f"{failure}: {_reason(error)}")]


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted here ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return error.reason or "the handshake failed"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return "this is no name of a host"


async def _resolve(host: str, port: int) -> list[str]:
    """In a daemon thread: a resolver that hangs can be left, and does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str] | OSError | UnicodeError) -> None:
        if answer.done():
            return
        if isinstance(found, list):
            answer.set_result(found)
        else:
            answer.set_exception(found)

    def ask() -> None:
        found: list[str] | OSError | UnicodeError
        try:
            found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop has gone on and ended
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    return list(dict.fromkeys(await answer))


async def _first_to_connect(addresses: list[str], port: int) -> str:
    """Tried side by side: a family without a route (often IPv6) must not cost the other its time."""
    trials = [asyncio.create_task(_connect(address, port), name=f"connect {address}") for address in addresses]
    try:
        last: OSError | None = None
        for trial in asyncio.as_completed(trials):
            try:
                return await trial
            except OSError as error:
                last = error
        raise last or OSError("no address")
    finally:
        for task in trials:
            task.cancel()
        await asyncio.gather(*trials, return_exceptions=True)


async def _connect(address: str, port: int) -> str:
    _, writer = await asyncio.open_connection(address, port)
    writer.close()
    return address


async def _handshake(goal: _Goal, address: str) -> Step:
    context = ssl.create_default_context()
    _, writer = await asyncio.open_connection(address, goal.port, ssl=context, server_hostname=goal.host)
    session = writer.get_extra_info("ssl_object")
    writer.close()
    left = _seconds_left(session.getpeercert())
    worry = f"its certificate ends in {left / 86_400:.0f} day(s)" if left < _SOON else ""
    return Step("tls", True, f"{session.version()} with {goal}, whose certificate is trusted here", worry)


def _seconds_left(certificate: dict[str, object] | None) -> float:
    end = (certificate or {}).get("notAfter")
    return ssl.cert_time_to_seconds(end) - time.time() if isinstance(end, str) else math.inf
