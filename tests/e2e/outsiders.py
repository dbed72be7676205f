"""Other users of a token, as they really come: an app of pm2, a container, a poller that this host shows nothing of.

Each is there for as long as its context is open, and is really gone afterwards.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.daemon import SOON
from tests.e2e.processes import ended, naming
from tests.e2e.programs import BOTS
from tests.e2e.telegram_side import Account

TESTS = Path(__file__).parents[1]
NODE_MODULES = TESTS / "node" / "node_modules"
IMAGE = "python:3.13-slim-trixie"


def variables(account: Account, **more: str) -> dict[str, str]:
    """What such a program is started with."""
    place = {"TELEGRAM_API_URL": account.api_url, "TELEGRAM_BOT_TOKEN": account.token}
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"} | place | more


async def output(*argv: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a command wrote. Raises AssertionError when it ends with anything but 0."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=env,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SOON):
        said, _ = await process.communicate()
    assert process.returncode == 0, f"{argv}: {said.decode(errors='replace')}"
    return said.decode()


class Pm2:
    """A pm2 of its own, whose daemon was started without any token."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = str(NODE_MODULES / ".bin" / "pm2")
        path = f"{NODE_MODULES / '.bin'}:{os.environ['PATH']}"
        self._environ = {"PATH": path, "HOME": str(home), "PM2_HOME": str(home)}

    async def tell(self, *words: str, environ: Mapping[str, str] | None = None) -> str:
        return await output(self.program, *words, env=self._environ | dict(environ or {}), cwd=self.home)

    async def start(self, name: str, account: Account) -> None:
        """An app that polls."""
        command = ["start", str(BOTS / "poller.py"), "--name", name, "--interpreter", sys.executable]
        place = {"TELEGRAM_API_URL": account.api_url, "TELEGRAM_BOT_TOKEN": account.token}
        await self.tell(*command, "--interpreter-args=-I -S", environ=place)

    @classmethod
    @asynccontextmanager
    async def running(cls, home: Path) -> AsyncIterator[Pm2]:
        pm2 = cls(home)
        await pm2.tell("ping")
        try:
            yield pm2
        finally:
            await pm2.tell("kill")
            async with asyncio.timeout(SOON):
                await ended(*naming([str(home)]))


def why_no_pm2() -> str | None:
    if shutil.which("node") is None:
        return "pm2 needs node, which is not on the PATH: install Node.js 18 or newer"
    if not (NODE_MODULES / ".bin" / "pm2").exists():
        return "pm2 is not installed: run `npm ci` in tests/node (scripts/test does)"
    return None


@asynccontextmanager
async def container(name: str, account: Account) -> AsyncIterator[None]:
    """A poller in a container, which restarts it, on the host's network: the simulator listens there."""
    names = [word for variable in ("TELEGRAM_API_URL", "TELEGRAM_BOT_TOKEN") for word in ("-e", variable)]
    options = ["--detach", "--network", "host", "--restart", "unless-stopped", "--volume", f"{BOTS}:/bots:ro"]
    command = ["docker", "run", "--name", name, *options, *names, IMAGE, "python", "/bots/poller.py"]
    await output(*command, env=variables(account))
    try:
        yield
    finally:
        await output("docker", "rm", "--force", name)


def why_no_docker() -> str | None:
    if shutil.which("docker") is None:
        return "docker is not installed"
    found = subprocess.run(["docker", "image", "inspect", IMAGE], check=False, capture_output=True, timeout=SOON)
    return None if found.returncode == 0 else found.stderr.decode(errors="replace").strip()


@asynccontextmanager
async def poller_of_nowhere(account: Account) -> AsyncIterator[None]:
    """Nothing on this host tells of its token."""
    environ = {"PATH": os.environ["PATH"], "TELEGRAM_API_URL": account.api_url}
    async with _script("rival_by_stdin.py", environ=environ, says=account.token):
        yield


@asynccontextmanager
async def setter_of_webhooks(account: Account, every: float) -> AsyncIterator[None]:
    async with _script("webhook_setter.py", str(every), environ=variables(account)):
        yield


@asynccontextmanager
async def _script(name: str, *words: str, environ: Mapping[str, str], says: str = "") -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BOTS / name),
        *words,
        env=environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin
    try:
        process.stdin.write(f"{says}\n".encode())
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
