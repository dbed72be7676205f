"""Each library's bot alone against the simulator: it answers, a rival makes it say 409, SIGTERM ends all of it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from supervisor.simulator.server import Simulator
from tests.libraries.bots import BOTS, LibraryBot, must_run, why_not

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
GRACE = 45.0  # seconds from SIGTERM; python-telegram-bot may sit in a back-off of 30
SOON = 30.0


class Program:
    """A bot's process in a session of its own, and all it wrote so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.written = ""
        self._more = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            async with self._more:
                self.written += line.decode(errors="replace")
                self._more.notify_all()

    async def says(self, *words: str) -> None:
        async with self._more:
            await self._more.wait_for(lambda: any(word in self.written for word in words))

    async def end(self) -> int:
        """The exit code, when every process that could write to its output is gone."""
        code = await self.process.wait()
        await self._reading
        return code

    @property
    def processes_left(self) -> bool:
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


@asynccontextmanager
async def running(bot: LibraryBot, api_url: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        *bot.command,
        cwd=bot.cwd,
        env={
            "PATH": os.environ["PATH"],
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": api_url,
            "PYTHONUNBUFFERED": "1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    program = Program(process)
    try:
        yield program
    finally:
        if program.processes_left:
            os.killpg(process.pid, signal.SIGKILL)
        await program.end()


class Referee:
    """What a test asks of the simulator: to write as a user, to poll as a rival, to tell what a bot did."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url
        self._bot = f"{url}/simulator/bots/{TOKEN.partition(':')[0]}"

    async def write(self, text: str) -> None:
        async with self._session.post(f"{self._bot}/messages", json={"text": text}) as response:
            assert response.status == 200, await response.text()

    async def seen(self) -> dict[str, Any]:
        async with self._session.get(self._bot) as response:
            report: dict[str, Any] = await response.json()
            return report

    async def poll_as_a_rival(self) -> Mapping[str, Any]:
        async with self._session.get(f"{self.url}/bot{TOKEN}/getUpdates", params={"timeout": 1}) as response:
            answer: Mapping[str, Any] = await response.json()
            return answer

    async def answered(self, text: str) -> None:
        """Returns once the bot has sent `text`, and has told the server that it is done with every update."""
        while True:
            report = await self.seen()
            if any(text in str(sent) for sent in report["sent_messages"]) and not report["pending"]:
                return
            await asyncio.sleep(0)


@pytest.fixture
async def referee() -> AsyncIterator[Referee]:
    simulator = Simulator()
    url = await simulator.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Referee(session, url)
    finally:
        await simulator.stop()


@pytest.fixture(
    params=[pytest.param(bot, id=bot.name, marks=[pytest.mark.node] if bot.needs_node else []) for bot in BOTS]
)
def bot(request: pytest.FixtureRequest) -> LibraryBot:
    chosen: LibraryBot = request.param
    if reason := why_not(chosen):
        pytest.fail(reason) if must_run() else pytest.skip(reason)
    return chosen


async def test_it_answers_and_ends_at_sigterm_leaving_nothing(bot: LibraryBot, referee: Referee) -> None:
    async with running(bot, referee.url) as program:
        await referee.write("hello")
        async with asyncio.timeout(SOON):
            await referee.answered(bot.answer("hello"))
        program.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(GRACE):
            code = await program.end()
        assert code == (0 if bot.stops_cleanly else -signal.SIGTERM)
        assert not program.processes_left
    report = await referee.seen()
    assert (report["lost"], report["pending"]) == (0, 0)


async def test_a_rival_makes_it_say_409(bot: LibraryBot, referee: Referee) -> None:
    async with running(bot, referee.url) as program:
        await referee.write("hello")
        async with asyncio.timeout(SOON):
            await referee.answered(bot.answer("hello"))
            while "409" not in program.written and "Conflict" not in program.written:
                await referee.poll_as_a_rival()
            if bot.dies_of_409:
                assert await program.end() == 1
        assert program.processes_left != bot.dies_of_409
