"""What the tests of this room share: a server to be connected to, programs that live elsewhere, and eyes."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from supervisor.model.rivals import Rival, Sighting
from supervisor.rivals.host import HostEyes
from supervisor.rivals.survey import take_survey
from tests.libraries.bots import must_run

# The whole host is looked at, and other tests may run beside these: nobody else has this bot.
BOT = 1_000_000_000 + secrets.randbelow(1_000_000_000)
TOKEN = f"{BOT}:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
OTHER = f"{BOT + 1}:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
POLLER = Path(__file__).with_name("poller.py")
SOON = 30.0

# Started by a process that ends at once: so it has no ancestor in common with the tests.
_ORPHAN = """
import subprocess, sys
quiet = subprocess.DEVNULL
started = subprocess.Popen(sys.argv[2:], start_new_session=True, stdin=quiet, stdout=int(sys.argv[1]), stderr=quiet)
print(started.pid)
"""


class Door:
    """Stands for the API host: whoever connects is held until the end of the test."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []
        self._came: asyncio.Queue[None] = asyncio.Queue()
        self.port = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Door]:
        server = await asyncio.start_server(self._held, "0.0.0.0", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.close()

    async def _held(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await reader.readline()
        self._came.put_nowait(None)

    async def came(self) -> None:
        """Returns once one more program has connected."""
        async with asyncio.timeout(SOON):
            await self._came.get()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"


@dataclass(slots=True)
class Eyes:
    """The room under test, asked about one bot."""

    host: HostEyes
    door: Door

    async def see(self, token: str = TOKEN) -> Sighting:
        bot = int(token.partition(":")[0])
        return await self.host.sight({bot: token}, {bot: self.door.url}, anew=True)

    async def only_rival(self) -> Rival:
        seen = await self.see()
        assert len(seen.rivals) == 1, seen
        return seen.rivals[0]


def environ(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"} | more


@asynccontextmanager
async def orphan(*argv: str, env: Mapping[str, str], cwd: Path | None = None) -> AsyncIterator[int]:
    """A program that belongs to nobody and has said its first line; its session is killed at the end."""
    ready, said = os.pipe()
    pid = 0
    try:
        starter = (sys.executable, "-c", _ORPHAN, str(said), *argv)
        done = await asyncio.to_thread(
            subprocess.run, starter, env=env, cwd=cwd, pass_fds=[said], stdout=subprocess.PIPE, check=True
        )
        pid = int(done.stdout)
        os.close(said)
        async with asyncio.timeout(SOON):
            assert await asyncio.to_thread(os.read, ready, 100) == b"polling\n"
        yield pid
    finally:
        end_session(pid)
        os.close(ready)


def end_session(sid: int) -> None:
    """Kill every process of a session that a test began, and what left it and has its parents still."""
    survey = take_survey()
    for process in survey.processes.values():
        line = {process.pid, process.sid, *(elder.pid for elder in survey.ancestors(process))}
        if sid and sid in line:
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


async def output(*argv: str, env: Mapping[str, str], cwd: Path | None = None) -> tuple[int, str]:
    """A command's exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=env,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SOON):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


def needs(program: str, remedy: str) -> str:
    """Its path; without it the test is skipped, loudly, and fails where everything must run."""
    found = shutil.which(program)
    if found is None:
        cannot_run(f"{program} is not installed: {remedy}")
    return str(found)


def cannot_run(reason: str) -> None:
    pytest.fail(reason) if must_run() else pytest.skip(reason)
