"""Counting what a run holds open: real sockets of this process, and the reckoning over made-up samples."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.model.rivals import Connections
from supervisor.rivals.connections import Held, Look, conclude, count, look, requests, together
from supervisor.rivals.sockets import Traffic, plain, traffic
from supervisor.simulator.server import Simulator
from tests.libraries.bots import BOTS, must_run, why_not

SOON = 20.0
TICK = 0.05
ROOT = Path(__file__).parents[2]


class Api:
    """A server that answers each line with a line, when told to."""

    def __init__(self) -> None:
        self.url = ""
        self.port = 0
        self.asked = asyncio.Semaphore(0)
        self.answer = asyncio.Semaphore(0)
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        while await reader.readline():
            self.asked.release()
            await self.answer.acquire()
            writer.write(b"answer\n")
            await writer.drain()


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    server = Api()
    await server.start()
    yield server
    await server.stop()


async def connect(api: Api, stack: AsyncExitStack) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)

    async def close() -> None:
        writer.close()
        await writer.wait_closed()

    stack.push_async_callback(close)
    return reader, writer


async def ourselves() -> Sequence[int]:
    return (os.getpid(),)


async def at_once(_: float) -> None:
    """No time between the samples."""


async def test_connections_to_the_api_are_counted_and_others_are_not(api: Api) -> None:
    other = Api()
    await other.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(other.stop)
        await connect(other, stack)
        assert (await count(ourselves, api.url, None, samples=3, sleep=at_once)).most == 0
        for _ in range(2):
            await connect(api, stack)
        seen = await count(ourselves, api.url, None, samples=3, sleep=at_once)
        assert (seen.most, seen.samples, seen.pid, seen.unread) == (2, 3, os.getpid(), "")
        through = await count(
            ourselves, "https://api.telegram.org", other.url.replace("http://", "http://u:p@"), sleep=at_once
        )
        assert through.most == 1


async def test_a_connection_seen_once_is_not_long_lived(api: Api) -> None:
    async with AsyncExitStack() as stack:

        async def one_more(_: float) -> None:
            await connect(api, stack)

        seen = await count(ourselves, api.url, None, samples=3, sleep=one_more)
        assert seen.most == 1  # of two at the end, one was new


async def test_the_kernel_tells_whether_a_request_waits(api: Api) -> None:
    targets = frozenset([("127.0.0.1", api.port)])

    def now() -> Traffic:
        return next(used for ends, used in traffic().items() if ends[1] in targets)

    async with AsyncExitStack() as stack, asyncio.timeout(SOON):
        reader, writer = await connect(api, stack)
        assert not now().waits  # nothing was asked yet
        for _ in range(3):
            writer.write(b"question\n")
            await writer.drain()
            await api.asked.acquire()
            first, second = look((os.getpid(),), targets), look((os.getpid(),), targets)
            assert now().waits
            assert len(requests([*first.held, *second.held])) == 1
            assert second.held[0].ended > first.held[0].ended
            api.answer.release()
            await reader.readline()
            assert not now().waits
            await _next_tick(now().received)  # the kernel counts in ticks: what follows is to be a later one


async def test_what_cannot_be_counted_is_told(api: Api) -> None:
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()

    async def nobody() -> Sequence[int]:
        return (gone.pid,)

    assert await count(nobody, api.url, None, samples=2, sleep=at_once) == Connections(0, 2, 0, "", 0)
    assert "no host" in (await count(ourselves, "", None)).unread
    lost = await count(ourselves, "https://bot-api.invalid/", "http://user:secret@proxy.invalid:99999", sleep=at_once)
    assert "proxy.invalid" in lost.unread
    assert "secret" not in lost.unread
    assert lost.most == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_process_is_told() -> None:
    code = (
        "import os\nfrom supervisor.rivals.connections import look\nos.setuid(65534)\n"
        "print(look((os.getppid(),), frozenset()).unread[0])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"pid {os.getpid()} belongs to another user" in run.stdout


def test_an_address_has_one_spelling() -> None:
    assert plain("::ffff:192.0.2.7") == "192.0.2.7"
    assert plain("fe80::1%eth0") == "fe80::1"
    assert plain("2001:DB8::0:1") == "2001:db8::1"


def held(port: int, began: float, ended: float, pid: int = 7) -> Held:
    return Held(pid, ("127.0.0.1", port), True, began, ended)


@pytest.mark.parametrize(
    ("seen", "number"),
    [
        ([held(1, 0, 10), held(2, 10, 20)], 1),  # one after the other
        ([held(1, 0, 10), held(2, 9.95, 20)], 1),  # closer than the kernel's clock tells
        ([held(1, 0, 10), held(2, 9, 20)], 2),
        ([held(1, 0, 10), held(2, 9, 9.5)], 1),  # an ordinary call beside a poll
        ([held(1, 0, 10), held(1, 11, 20)], 1),
        ([held(1, 0, 10), held(2, 4, 7), held(3, 6, 9)], 3),
        ([], 0),
    ],
)
def test_requests_that_wait_together(seen: list[Held], number: int) -> None:
    assert len(together(seen)) == number


def test_one_request_seen_often_is_one() -> None:
    seen = [held(1, 0.001 * look, 3 + look) for look in range(5)] + [held(1, 20, 20.5)]
    assert [(one.began, one.ended) for one in requests(seen)] == [(0, 7), (20, 20.5)]


def test_the_numbers_of_a_tree() -> None:
    looks = [
        Look((held(1, 0, 5 + n, pid=7), held(2, 4, 5 + n, pid=7), held(3, 4, 4.1, pid=8)), ("pid 9: no",))
        for n in range(3)
    ]
    assert conclude(looks) == Connections(3, 3, 7, "pid 9: no", 2, (7,))
    assert conclude(looks).two_polls


def test_without_the_kernels_word_nothing_is_said_of_waiting() -> None:
    looks = [Look((Held(7, ("127.0.0.1", 1)), Held(7, ("127.0.0.1", 2)))) for _ in range(2)]
    assert conclude(looks) == Connections(2, 2, 7, "", None)
    assert not conclude(looks).two_polls


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 60), st.floats(0, 1)), max_size=30))
def test_a_poll_at_a_time_is_never_two(steps: list[tuple[int, float, float]]) -> None:
    """However one loop changes connections, and whatever short calls it makes beside its polls."""
    now, seen = 0.0, []
    for port, length, short in steps:
        seen += [held(port, now, now + length), held(port + 10, now + length / 2, now + length / 2 + short)]
        now += length
    assert len(together(requests(seen))) <= 1


async def _next_tick(after: float) -> None:
    while time.monotonic() < after + TICK:
        await asyncio.to_thread(traffic)


TWICE = """
import asyncio, os
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
async def one():
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"]))
    bot = Bot(os.environ["TELEGRAM_BOT_TOKEN"], session=session)
    dp = Dispatcher()
    dp.message.register(lambda message: message.answer("hello"))
    await dp.start_polling(bot, handle_signals=False)
async def main():
    await asyncio.gather(one(), one())
asyncio.run(main())
"""


@pytest.mark.long
async def test_two_loops_are_seen_and_six_healthy_libraries_are_not() -> None:
    simulator = Simulator()
    url = await simulator.start()
    commands = {bot.name: (bot.command, bot.cwd) for bot in BOTS if must_run() or not why_not(bot)}
    commands["twice"] = ((sys.executable, "-c", TWICE), BOTS[0].cwd)
    processes = {}
    try:
        for number, (name, (command, cwd)) in enumerate(commands.items()):
            environment = {
                "PATH": os.environ["PATH"],
                "TELEGRAM_API_URL": url,
                "TELEGRAM_BOT_TOKEN": f"{1000 + number}:AAFakeFakeFakeFakeFakeFakeFakeFakeF",
            }
            processes[name] = await asyncio.create_subprocess_exec(
                *command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            await simulator.until(1000 + number, lambda report: report["polls"] > 0)

        async def counted(name: str) -> Connections:
            async def pids() -> Sequence[int]:
                return (processes[name].pid,)

            return await count(pids, url, None)

        async with asyncio.timeout(100):
            while not (await counted("twice")).two_polls:
                pass
        for seen in await asyncio.gather(*(counted(name) for name in processes if name != "twice")):
            assert seen.most >= 1
            assert not seen.two_polls, seen
    finally:
        for process in processes.values():
            if process.returncode is None:
                process.kill()
            await process.wait()
        await simulator.stop()
