"""A newcomer at a fresh clone: `git clone`, `docker compose ...`, an editor, and what the screen shows.

Everything goes through the command lines that the README names. A newcomer's project, image, volume and lease
directory are his own, so that nothing of this machine is met, and nothing of his is left.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOON = 120.0
"""Seconds for anything that is to happen at all: the first build and the bots' own set-ups fetch from PyPI."""
COMPOSE_CLEARS = "\x1b[2K"
"""Some versions of Compose put it before each line of `logs`, terminal or not."""

Status = dict[str, Any]


async def run(*command: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> tuple[int, str]:
    """A command's exit code and all it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=env,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SOON):
            said, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, said.decode(errors="replace")


class Screen:
    """A command that goes on, and the lines it has shown."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.lines: list[str] = []
        self._process = process
        self._news = asyncio.Condition()
        self._over = False
        self._reading = asyncio.create_task(self._read())

    async def until(self, seen: Callable[[str], bool], what: str) -> str:
        """The first line that is as `seen` wants it."""

        def found() -> list[str]:
            return [line for line in self.lines if seen(line)]

        try:
            async with asyncio.timeout(SOON), self._news:
                await self._news.wait_for(lambda: found() or self._over)
        except TimeoutError:
            raise AssertionError(f"waited {SOON:g} s for {what}\n" + "\n".join(self.lines[-40:])) from None
        assert found(), f"it ended before {what}\n" + "\n".join(self.lines[-40:])
        return found()[0]

    async def says(self, *words: str) -> str:
        return await self.until(lambda line: all(word in line for word in words), f"a line with {words}")

    async def ended(self) -> int:
        async with asyncio.timeout(SOON):
            await self._reading
            return await self._process.wait()

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self._reading
        await self._process.wait()

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            async with self._news:
                self.lines.append(line.decode(errors="replace").rstrip().removeprefix(COMPOSE_CLEARS))
                self._news.notify_all()
        async with self._news:
            self._over = True
            self._news.notify_all()


class Newcomer:
    """One clone and its compose project."""

    def __init__(self, folder: Path, leases: Path) -> None:
        self.folder = folder
        self.leases = leases
        self.project = f"botctl-test-{uuid.uuid4().hex[:8]}"
        self._env = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ} | {
            "COMPOSE_PROJECT_NAME": self.project,
            "BOTCTL_IMAGE": self.project,
            "BOTCTL_LEASES": str(leases),
        }
        self._screens: list[Screen] = []

    async def compose(self, *words: str) -> str:
        code, said = await run("docker", "compose", *words, env=self._env, cwd=self.folder)
        assert code == 0, f"docker compose {' '.join(words)}: {said}"
        return said

    async def botctl(self, *words: str) -> str:
        """As the README has it: no flags, whatever is mounted where."""
        return await self.compose("exec", "-T", "supervisor", "botctl", *words)

    async def screen(self, *words: str) -> Screen:
        """`docker compose ...` in a second terminal."""
        return await self._open("docker", "compose", *words)

    async def logs(self) -> Screen:
        return await self.screen("logs", "-f", "--no-log-prefix", "--no-color")

    async def exit_code(self) -> Screen:
        """Shows the container's exit code once it has ended."""
        return await self._open("docker", "wait", await self.container())

    async def container(self) -> str:
        return (await self.compose("ps", "-a", "-q", "supervisor")).strip()

    async def inspect(self) -> Any:
        code, said = await run("docker", "inspect", await self.container())
        assert code == 0, said
        return json.loads(said)[0]

    async def pid_one(self) -> dict[str, str]:
        """What the kernel says of the supervisor: /proc/PID/status as seen from the host."""
        pid = (await self.inspect())["State"]["Pid"]
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    async def until(self, seen: Callable[[Status], bool]) -> Status:
        """The first status that is as `seen` wants it, of those that `botctl status --watch` shows."""
        watch = await self.screen("exec", "-T", "supervisor", "botctl", "status", "--watch", "--json")
        try:
            line = await watch.until(lambda line: line.startswith("{") and seen(json.loads(line)), "such a status")
        finally:
            await watch.close()
        found: Status = json.loads(line)
        return found

    async def until_up(self, *names: str) -> dict[str, dict[str, Any]]:
        """The bots by name, once all of `names` are up."""
        status = await self.until(lambda status: all(bots(status).get(n, {}).get("state") == "up" for n in names))
        return bots(status)

    def saves(self, name: str, text: str) -> None:
        """As vim does: a new file, put in the old one's place."""
        fresh = self.folder / f".{name}.swp"
        fresh.write_text(text)
        owner = self.folder.stat()
        if os.geteuid() == 0:
            os.chown(fresh, owner.st_uid, owner.st_gid)
        fresh.rename(self.folder / name)

    async def leave(self) -> None:
        """Whatever became of it, nothing of it stays."""
        for screen in self._screens:
            await screen.close()
        await self.compose("down", "--volumes", "--rmi", "all", "--timeout", "10")

    async def _open(self, *command: str) -> Screen:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self._env,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._screens.append(Screen(process))
        return self._screens[-1]


def bots(status: Status) -> dict[str, dict[str, Any]]:
    return {bot["name"]: bot for bot in status["bots"]}


@asynccontextmanager
async def newcomer(tmp_path: Path) -> AsyncIterator[Newcomer]:
    """With a clone that has nothing but what is committed."""
    code, said = await run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(tmp_path / "clone"))
    assert code == 0, said
    somebody = Newcomer(tmp_path / "clone", tmp_path / "leases")
    try:
        yield somebody
    finally:
        await somebody.leave()
