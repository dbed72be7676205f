"""Counts what a run holds open to its API host, to tell one polling loop from two; it sends nothing itself.

The number of connections does not tell. Measured with the minimal bots of tests/libraries against the simulator
(open at once for 5 s, quiet / under messages; Python 3.11, Node 20):

    library                        one loop    two loops in one process
    python-telegram-bot 22.8       2 / 2       4 / 4
    aiogram 3.31                   1 / 4       2 / 8
    pyTelegramBotAPI 4.37          2 / 4       4 / 6
    grammY 1.46                    2 / 2       4 / 4
    telegraf 4.16                  1 / 3       2 / 4
    node-telegram-bot-api 1.2      1 / 4       3 / 5

What tells is how many requests wait at once, each for seconds (sockets.py). Of windows of 10 samples in 5 s: with one
loop never more than 1 (54 of 54); with two loops 2 in 33 of 36 for four of the libraries, because the server answers
a repeated conflict 3 s late (tdlib/telegram-bot-api, Client.cpp). Two loops that both rest 3 s or longer after a
conflict (the grammY and telegraf bots here) stayed at 1, and the first request of a TLS 1.3 connection looks answered
(session tickets): 1 is no proof of one loop. And 2 is no proof of two: a slow upload waits as well, HTTP/2 answers
housekeeping, and a proxy may serve other hosts. Evidence only beside quiet probes.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import psutil

from supervisor.model.rivals import Connections
from supervisor.rivals.sockets import Endpoint, plain, traffic

RESOLVE = 5.0
"""Seconds for the address of the API host."""

WAITS = 2.0
"""A request that waits this long is no ordinary call; a repeated conflict is answered after 3."""

TOGETHER = 0.1
"""Requests that follow one another touch; the kernel counts in steps of up to 10 ms."""

PORTS = {"https": 443, "http": 80, "socks5": 1080, "socks5h": 1080, "socks4": 1080}


@dataclass(frozen=True, slots=True)
class Held:
    """One connection at one look. If the kernel `told`: when its last request began and ended (monotonic)."""

    pid: int
    local: Endpoint
    told: bool = False
    began: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """One sample: what was held, and what could not be read."""

    held: tuple[Held, ...]
    unread: tuple[str, ...] = ()


async def count(
    run_pids: Callable[[], Awaitable[Sequence[int]]],
    api_url: str,
    proxy: str | None,
    *,
    samples: int = 10,
    every: float = 0.5,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Connections:
    """Look `samples` times, `every` seconds apart, at the processes that `run_pids` names each time.

    With a proxy its connections are counted, whatever they are for. Never raises for what cannot be read: `unread`.
    """
    host, port = _host(proxy or api_url)
    if not host:
        return Connections(0, 0, 0, "the address of the API has no host")
    try:
        targets = await _resolve(host, port)
    except (OSError, UnicodeError, TimeoutError) as problem:
        why = "no answer in time" if isinstance(problem, TimeoutError) else str(problem)
        return Connections(0, 0, 0, f"the address of {host} could not be found: {why}")
    looks = []
    for number in range(samples):
        if number:
            await sleep(every)
        looks.append(await asyncio.to_thread(look, tuple(await run_pids()), targets))
    return conclude(looks)


def look(pids: Sequence[int], targets: frozenset[Endpoint]) -> Look:
    """The connections of these processes to these addresses, now. A process that has gone holds none."""
    held: dict[Endpoint, Held] = {}
    remotes: dict[Endpoint, Endpoint] = {}
    unread = []
    for pid in sorted(pids):
        try:
            connections = psutil.Process(pid).net_connections("tcp")
        except psutil.NoSuchProcess:
            continue
        except (psutil.Error, OSError):
            unread.append(f"pid {pid} belongs to another user: only root may see its connections")
            continue
        for one in connections:
            if one.status != psutil.CONN_ESTABLISHED or not one.raddr:
                continue
            local, remote = (plain(one.laddr.ip), one.laddr.port), (plain(one.raddr.ip), one.raddr.port)
            if remote in targets:
                held.setdefault(local, Held(pid, local))  # a socket that a fork passed on is one connection
                remotes[local] = remote
    return Look(_timed(held, remotes), tuple(unread))


def conclude(looks: Sequence[Look]) -> Connections:
    """From the samples to numbers. A connection is long-lived when two samples saw it."""
    seen = Counter(one.local for sample in looks for one in sample.held)
    most: tuple[Held, ...] = ()
    for sample in looks:
        lasting = tuple(one for one in sample.held if seen[one.local] > 1)
        most = max(most, lasting, key=len)
    holders = Counter(one.pid for one in most)
    pid = min(holders, key=lambda one: (-holders[one], one)) if holders else 0
    unread = "; ".join(dict.fromkeys(words for sample in looks for words in sample.unread))
    told = [one for sample in looks for one in sample.held if one.told]
    if not told and any(sample.held for sample in looks):
        return Connections(len(most), len(looks), pid, unread)
    waited = together(requests(told))
    return Connections(len(most), len(looks), pid, unread, len(waited), tuple(sorted({one.pid for one in waited})))


def requests(seen: Sequence[Held]) -> list[Held]:
    """The requests behind the sightings: one that still waits is seen again and again, and ends later each time."""
    last: dict[Endpoint, Held] = {}
    done = []
    for one in seen:
        before = last.get(one.local)
        if before is not None and abs(one.began - before.began) < TOGETHER / 2:
            last[one.local] = replace(one, began=before.began)
            continue
        if before is not None:
            done.append(before)
        last[one.local] = one
    return [*done, *last.values()]


def together(seen: Sequence[Held]) -> tuple[Held, ...]:
    """The largest set of long requests, each on a connection of its own, that waited at one moment."""
    spans = [(one.began, one.ended - TOGETHER, one) for one in seen if one.ended - one.began >= WAITS]
    best: tuple[Held, ...] = ()
    for moment, _, _ in spans:
        at_once = {one.local: one for began, ended, one in spans if began <= moment < ended}
        best = max(best, tuple(at_once.values()), key=len)
    return best


def _timed(held: dict[Endpoint, Held], remotes: dict[Endpoint, Endpoint]) -> tuple[Held, ...]:
    """With the kernel's times, where it tells: not for a run in a network namespace of its own."""
    if not held:
        return ()
    try:
        times = traffic()
    except OSError:
        times = {}
    out = []
    for local, one in held.items():
        if (used := times.get((local, remotes[local]))) is None:
            out.append(one)
            continue
        ended = time.monotonic() if used.waits else used.received
        out.append(replace(one, told=True, began=used.sent, ended=ended))
    return tuple(out)


def _host(url: str) -> tuple[str, int]:
    """Host and port of an address, without the password that a proxy's may hold."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.hostname or "", port or PORTS.get(parts.scheme, 443)


async def _resolve(host: str, port: int) -> frozenset[Endpoint]:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(RESOLVE):
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return frozenset((plain(str(sockaddr[0])), port) for *_, sockaddr in found)
