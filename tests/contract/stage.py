"""What tests of runners share: a sink that can be waited on, specs, and proof that a process is gone."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from supervisor.model.bots import Mode, RunSpec, Token
from supervisor.model.runs import RunId
from supervisor.runners.pins import Pin
from supervisor.runners.procfs import read_process
from supervisor.runners.protocol import StartOrder

TOKEN = Token("123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF")
PATH = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
DEADLINE = 30.0

T = TypeVar("T")


async def within(awaitable: Awaitable[T], seconds: float = DEADLINE) -> T:
    """Nothing in these tests waits without a deadline."""
    async with asyncio.timeout(seconds):
        return await awaitable


class Lines:
    """A sink that keeps everything, and lets a test wait for a text."""

    def __init__(self) -> None:
        self.streams: defaultdict[str, bytes] = defaultdict(bytes)
        self.ends: list[str] = []
        self._news = asyncio.Event()

    def write(self, stream: str, chunk: bytes) -> None:
        assert chunk
        assert stream not in self.ends
        self.streams[stream] += chunk
        self._news.set()

    def end(self, stream: str) -> None:
        self.ends.append(stream)

    @property
    def out(self) -> str:
        return self.streams["stdout"].decode()

    async def line(self, start: str, stream: str = "stdout") -> str:
        """The rest of the first complete line that starts so."""
        async with asyncio.timeout(DEADLINE):
            while True:
                for line in self.streams[stream].decode().split("\n")[:-1]:
                    if line.startswith(start):
                        return line.removeprefix(start).strip()
                self._news.clear()
                await self._news.wait()


class Counter:
    """A sink that only counts bytes."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, stream: str, chunk: bytes) -> None:
        assert stream in ("stdout", "stderr")
        self.bytes += len(chunk)

    def end(self, stream: str) -> None:
        pass


def spec(*command: str, cwd: Path = Path("/"), **more: Any) -> RunSpec:
    return RunSpec(Mode.WORKER, TOKEN, command, cwd, **more)


def order(*command: str, bot: str = "news", number: int = 1, lease_fd: int | None = None, **more: Any) -> StartOrder:
    return StartOrder(RunId(bot, number), spec(*command, **more), {"PATH": PATH}, lease_fd=lease_fd)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-u", "-c", code)


def is_alive(pid: int) -> bool:
    process = read_process(pid)
    return process is not None and process.alive


async def gone(pid: int) -> None:
    """Returns when the process has ended (its zombie may still be there)."""
    process = read_process(pid)
    if process is None:
        return
    ended = asyncio.Event()
    pin = Pin(process, lambda _: ended.set())
    try:
        await within(ended.wait())
    finally:
        pin.close()


async def reaped(pid: int) -> None:
    """Returns when not even a zombie is left; somebody must be reaping."""
    await gone(pid)
    async with asyncio.timeout(DEADLINE):
        while read_process(pid) is not None:  # noqa: ASYNC110 - turns of the loop, no time
            await asyncio.sleep(0)
