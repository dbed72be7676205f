"""The real `botctl up` as a process: its output, the stream of its status, its control socket, its end.

All waiting is for a line or a status that comes in; every wait ends with an error that tells what was there instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.processes import ended

BOTCTL = (sys.executable, "-m", "supervisor")
SOON = 40.0
"""Seconds for anything that is to happen at all; a loaded machine must not fail a test."""

Status = Mapping[str, Any]


class Daemon:
    """One life of a supervisor."""

    def __init__(self, process: asyncio.subprocess.Process, state: Path) -> None:
        self.process = process
        self.lines: list[str] = []
        self.status: Status = {}
        self.on_line: Callable[[], None] = lambda: None
        self._state = state
        self._news = asyncio.Condition()
        self._over = False
        self._reading = asyncio.create_task(self._read())
        self._following: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    async def spawn(cls, folder: Path, state: Path, environ: Mapping[str, str]) -> Daemon:
        """A process, and nothing more yet; see `ready`."""
        process = await asyncio.create_subprocess_exec(
            *BOTCTL,
            "up",
            cwd=folder,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        return cls(process, state)

    async def ready(self) -> None:
        """Returns when it has taken in its bots.yaml and answers on its socket."""
        await self.says(f"supervisor pid {self.process.pid} runs ")
        self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._state / "control.sock")))
        self._following = asyncio.create_task(self._follow(self._session))
        await self.until(bool)

    async def says(self, *words: str, after: int = 0) -> str:
        """The first line from number `after` on that has all of `words`."""

        def said() -> list[str]:
            return [line for line in self.lines[after:] if all(word in line for word in words)]

        await self._until(lambda: bool(said()), f"a line with {words}")
        return said()[0]

    async def until(self, seen: Callable[[Status], bool]) -> Status:
        """The first status that is as `seen` wants it, from the present one on."""
        await self._until(lambda: seen(self.status), "a status that the test describes")
        return self.status

    async def until_bot(self, name: str, *states: str) -> dict[str, Any]:
        """The bot's status, once it is in one of `states`."""
        await self._until(lambda: self._bot(name).get("state") in states, f"{name} in {states}")
        return self.bot(name)

    def bot(self, name: str) -> dict[str, Any]:
        """The bot as the last status showed it. Raises AssertionError when there was none of that name."""
        assert self._bot(name), f"no bot {name} in {self.status}"
        return self._bot(name)

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path)

    async def post(self, path: str) -> Any:
        return await self._ask("POST", path)

    async def terminate(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code, after the signal (or before it, if it ended by itself)."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        async with asyncio.timeout(SOON):
            code = await self.process.wait()
        await self._close()
        return code

    async def kill(self) -> None:
        """As `kill -9` does, or the kernel short of memory."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self._close()

    async def _close(self) -> None:
        """Its output ends when nobody has the pipe any more: bots never have it, nor has the guard."""
        await ended(self.process.pid)
        async with asyncio.timeout(SOON):
            await self._reading
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _bot(self, name: str) -> dict[str, Any]:
        return next((bot for bot in self.status.get("bots", ()) if bot["name"] == name), {})

    async def _until(self, seen: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(SOON), self._news:
                await self._news.wait_for(lambda: seen() or self._over)
        except TimeoutError:
            raise AssertionError(f"waited {SOON:g} s for {what}\n{self._told()}") from None
        if not seen():
            raise AssertionError(f"the supervisor ended before {what}\n{self._told()}")

    def _told(self) -> str:
        bots = [f"{b['name']}: {b['state']} {b['reason']}" for b in self.status.get("bots", ())]
        return "\n".join([*self.lines[-60:], *bots])

    async def _ask(self, verb: str, path: str) -> Any:
        assert self._session
        async with asyncio.timeout(SOON), self._session.request(verb, f"http://botctl{path}") as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            async with self._news:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.on_line()
                self._news.notify_all()
        async with self._news:
            self._over = True
            self._news.notify_all()

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        endless = aiohttp.ClientTimeout(total=None)
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get("http://botctl/status?follow=1", timeout=endless) as answer:
                async for line in answer.content:
                    if line.strip():
                        async with self._news:
                            self.status = json.loads(line)
                            self._news.notify_all()


async def botctl(*words: str, folder: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """A short verb of the command line: its exit code, and all it said."""
    process = await asyncio.create_subprocess_exec(
        *BOTCTL,
        *words,
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SOON):
            said, _ = await process.communicate()
    except BaseException:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return process.returncode or 0, said.decode()
