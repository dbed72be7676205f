"""A folder with bots.yaml, a supervisor on it, and a simulated Telegram in the test's own process.

The simulator outlives the supervisor, so it stays the referee over a `kill -9`. At the end a rig holds everything it
started to account: nothing of it may live, and no token may stand in any file, any output or any command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from supervisor.simulator.server import Simulator
from tests.e2e.daemon import Daemon, botctl
from tests.e2e.processes import command_lines, ended, naming
from tests.e2e.telegram_side import Account, Witness

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
QUICK = {
    "mode": "worker",
    "stop": {"grace": "5s"},
    "restart": {"delay": "100ms", "max_delay": "1s"},
    "conflict": {"wait": "1s", "window": "5s", "probe": "3s"},
}
"""Every wait short, for bots that end at once when they are told to."""
LEAVING = 10.0
"""Seconds for what was told to end, or has lost its supervisor, to be gone."""


def token(number: int) -> str:
    return f"{700000000 + number}:AAFake{number:05d}FakeFakeFakeFakeFakeFake"


class Rig:
    """One bots.yaml and its supervisor; `lease_dir` can be another rig's, as on one host."""

    def __init__(
        self, folder: Path, simulator: Simulator, session: aiohttp.ClientSession, lease_dir: Path | None = None
    ) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.lease_dir = lease_dir or folder / "leases"
        self.simulator = simulator
        self.accounts: dict[str, Account] = {}
        self.bots: dict[str, dict[str, Any]] = {}
        self.defaults: dict[str, Any] = dict(QUICK)
        self.variables: dict[str, str] = {}
        self.shell: dict[str, str] = {}
        self.daemon: Daemon | None = None
        self.past: list[Daemon] = []
        self._session = session
        self._commands = b""

    # the files

    def add(self, name: str, command: list[str], *, number: int | None = None, **keys: Any) -> Account:
        """A bot in bots.yaml, with a token of its own in .env; written by `write`."""
        secret = token(number if number is not None else len(self.accounts) + 1)
        variable = f"{name.upper().replace('-', '_')}_TOKEN"
        self.variables[variable] = secret
        self.bots[name] = {"token": f"${{{variable}}}", "command": command} | keys
        self.accounts[name] = Account(name, secret, self.simulator, self._session)
        return self.accounts[name]

    def write(self) -> None:
        """As an editor saves: a new file in place of the old one, .env first."""
        lines = [f"{name}={value}\n" for name, value in self.variables.items()]
        self.save(".env", "".join(lines))
        self.save("bots.yaml", self.text())

    def text(self) -> str:
        telegram = {"api_url": self.simulator.url}
        return yaml.safe_dump({"telegram": telegram, "defaults": self.defaults, "bots": self.bots}, sort_keys=False)

    def save(self, name: str, text: str) -> None:
        fresh = self.folder / f"{name}.new"
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.rename(self.folder / name)

    # the supervisor

    @property
    def environ(self) -> dict[str, str]:
        own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
        own |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        return own | {"BOTCTL_LEASE_DIR": str(self.lease_dir), "BOTCTL_STATE_DIR": str(self.state)} | self.shell

    async def spawn(self) -> Daemon:
        """A supervisor that has only just been started."""
        self.daemon = await Daemon.spawn(self.folder, self.state, self.environ)
        self.past.append(self.daemon)
        return self.daemon

    async def up(self) -> Daemon:
        """A supervisor that has taken in its bots.yaml."""
        daemon = await self.spawn()
        await daemon.ready()
        return daemon

    async def kill(self) -> None:
        assert self.daemon
        daemon, self.daemon = self.daemon, None
        await daemon.kill()

    async def down(self) -> int:
        assert self.daemon
        daemon, self.daemon = self.daemon, None
        return await daemon.terminate()

    async def botctl(self, *words: str) -> tuple[int, str]:
        return await botctl(*words, folder=self.folder, environ=self.environ)

    @property
    def fleet(self) -> str:
        """What the marks of its runs begin with."""
        with closing(sqlite3.connect(self.state / "journal.sqlite")) as journal:
            return str(journal.execute("SELECT value FROM meta WHERE key = 'fleet'").fetchone()[0])

    def name_of(self, bot_id: int) -> str:
        return next((name for name, account in self.accounts.items() if account.id == bot_id), str(bot_id))

    def witness(self) -> Witness:
        fleet = self.fleet
        return Witness(self.name_of, lambda: fleet)

    # the account

    async def leave(self) -> None:
        """End the supervisor, if it still runs, in its own way."""
        self._commands += command_lines()
        if self.daemon is not None:
            code = await self.down()
            assert code == 0, f"the supervisor left with {code}"

    async def settle(self) -> None:
        """Raise AssertionError for what is left of anything that ran here (and end it), and for readable tokens."""
        left = naming(self._names)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING):  # the guard of a killed one may still be at its work
                await ended(*left)
        left = naming(self._names)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, f"still alive after the supervisor's end: {left}"
        self._no_token_in({"a command line": self._commands})
        self._no_token_in({f"the output of pid {past.process.pid}": _bytes(past.lines) for past in self.past})
        files = [path for place in (self.state, self.lease_dir) for path in place.rglob("*") if path.is_file()]
        self._no_token_in({str(path): path.read_bytes() for path in files})

    @property
    def _names(self) -> list[str]:
        """What only processes that were started here have in their environment or command line."""
        return [str(self.folder), *([self.fleet] if (self.state / "journal.sqlite").exists() else [])]

    def _no_token_in(self, texts: Mapping[str, bytes]) -> None:
        secrets = [value.partition(":")[2].encode() for value in self.variables.values() if ":AAFake" in value]
        found = [where for where, text in texts.items() if any(secret in text for secret in secrets)]
        assert not found, f"a token stands in {found}"


def _bytes(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


async def _end(rigs: list[Rig]) -> None:
    """All supervisors leave before any rig is held to account: they name one another's folders."""
    try:
        for rig in rigs:
            await rig.leave()
    finally:
        for rig in rigs:
            await rig.settle()


@asynccontextmanager
async def rigged(*folders: Path) -> AsyncIterator[list[Rig]]:
    """A rig for each folder, all on one simulator and one lease directory: one host."""
    simulator = Simulator()
    await simulator.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            rigs = [Rig(folder, simulator, session, folders[0] / "leases") for folder in folders]
            try:
                yield rigs
            finally:
                await _end(rigs)
    finally:
        await simulator.stop()
