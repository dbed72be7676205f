"""The real command line as a subprocess, against the real API of a fake supervisor on a real Unix socket."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from supervisor.model.status import Phase
from supervisor.paths import control_socket
from supervisor.web.server import serve_control
from tests.fakes.supervisor import FakeSupervisor, bot

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0


@dataclass(frozen=True, slots=True)
class Result:
    code: int | None
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Botctl:
    """Runs `botctl` on one state directory; `environ` is all that it sees of an environment, apart from PATH."""

    def __init__(self, state_dir: Path, cwd: Path) -> None:
        self.state_dir = state_dir
        self.cwd = cwd
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "TZ": "UTC",
            "HOME": str(cwd),
            "BOTCTL_STATE_DIR": str(state_dir),
            "BOTCTL_LEASE_DIR": str(cwd / "leases"),
        }

    async def begin(self, *args: str, environ: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "supervisor",
            *args,
            cwd=self.cwd,
            env=self.environ | dict(environ or {}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *args: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Result:
        process = await self.begin(*args, environ=environ)
        return await ended(process, stdin)


async def ended(process: asyncio.subprocess.Process, stdin: str = "") -> Result:
    """Wait for it, with a deadline after which it is killed and the test fails."""
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), DEADLINE)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return Result(process.returncode, out.decode(), err.decode())


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def botctl(state_dir: Path, tmp_path: Path) -> Botctl:
    return Botctl(state_dir, tmp_path)


@pytest.fixture
async def fake(state_dir: Path) -> AsyncIterator[FakeSupervisor]:
    """A running supervisor with a bot that is up, one that is held, and one that is off."""
    supervisor = FakeSupervisor(
        bot("news"),
        bot("shop", Phase.HELD, reason="somebody else polls with this token; looking again in 9 min"),
        bot("shop-2", Phase.OFF, reason="stopped by hand"),
    )
    async with serve_control(supervisor, control_socket(state_dir)):
        yield supervisor
