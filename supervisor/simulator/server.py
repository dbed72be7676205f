"""Starts and stops a simulator: in a test or a daemon with `Simulator`, from the command line with `simulate`.

It listens on the loopback only, because it believes whatever token it is shown.
"""

import asyncio
import errno
import ipaddress
import random
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from aiohttp import web

from supervisor.simulator.clock import Clock
from supervisor.simulator.errors import BadTokensFile, NotLoopback, PortTaken, SimulatorError
from supervisor.simulator.faults import Faults
from supervisor.simulator.http import Front
from supervisor.simulator.onlookers import Onlooker
from supervisor.simulator.poster import Poster
from supervisor.simulator.referee import Referee
from supervisor.simulator.report import report
from supervisor.simulator.rules.bot import World
from supervisor.simulator.rules.telegram import Telegram
from supervisor.simulator.rules.tokens import is_token

IDLE_TIMEOUT = 500.0
"""Idle connections are closed after this [S: HttpServer.h]."""

SHUTDOWN = 0.5
"""Seconds for requests that neither wait nor end, such as those a fault makes slow."""


class Simulator:
    """One simulated Bot API server in the running loop."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        tokens: Iterable[str] | None = None,
        strict: bool = False,
        scale: float = 1.0,
        cloud: bool = True,
    ) -> None:
        """`port` 0 takes a free one. `tokens`: the only valid ones; None believes all. `strict`: webhooks are
        checked as in the cloud (https, ports, public addresses). `scale`: real seconds per simulated second.
        `cloud`: malformed tokens get 404 as on api.telegram.org. Raises NotLoopback.
        """
        if not _is_loopback(host):
            raise NotLoopback(
                f"the simulator listens on this machine only, not on {host}: use --host 127.0.0.1 or ::1"
            )
        if not 0.001 <= scale <= 1000:
            raise SimulatorError(f"scale must lie between 0.001 and 1000, not {scale:g}")
        # One address, so that a free port is the same port for everybody.
        self._host = "127.0.0.1" if host == "localhost" else host
        self._port = port
        self._tokens = None if tokens is None else list(tokens)
        self._strict = strict
        self._scale = scale
        self._cloud = cloud
        self._runner: web.ServerRunner | None = None
        self._front: Front | None = None
        self._report: Callable[[int], dict[str, Any]] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """The base address for bots, such as http://127.0.0.1:8081; empty before `start`."""
        return self._url

    async def start(self) -> str:
        """Listen; returns the base address. Raises PortTaken."""
        clock = Clock(self._scale)
        # Chance decides first update ids and the spread of retries, nothing that must be secret.
        world = World(clock.date, random.random, clock.now(), local=not self._strict)
        telegram = Telegram(world, self._tokens, self._cloud)
        faults = Faults()
        front = Front(telegram, faults, clock, Poster(self._scale))
        front.referee = Referee(telegram, faults, clock, front).handle
        server = web.Server(front.handle, handler_cancellation=True, access_log=None, keepalive_timeout=IDLE_TIMEOUT)
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=SHUTDOWN)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port, backlog=1024)
        try:
            await site.start()
        except OSError as problem:
            await runner.cleanup()
            raise _cannot_listen(self._host, self._port, problem) from problem
        self._runner, self._front = runner, front
        self._report = lambda bot_id: report(telegram.bot(bot_id), clock)
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._url = f"http://{host}:{runner.addresses[0][1]}"
        return self._url

    def watch(self, onlooker: Onlooker) -> AbstractContextManager[None]:
        """Call `onlooker` with each call of a bot as it begins and ends, while the context is open; after `start`."""
        if self._front is None:
            raise SimulatorError("the simulator is not running: start it first")
        return self._front.onlookers.listening(onlooker)

    async def until(self, bot_id: int, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait, without a deadline, until the referee's report of the bot is as `seen` wants it; that report."""
        if self._front is None or self._report is None:
            raise SimulatorError("the simulator is not running: start it first")
        look = self._report
        await self._front.onlookers.until(lambda: seen(look(bot_id)))
        return look(bot_id)

    async def stop(self) -> None:
        """Close all connections and forget everything. Harmless when not started."""
        if self._front:
            await self._front.close()
        if self._runner:
            await self._runner.cleanup()
        self._front = self._runner = None


async def simulate(
    host: str,
    port: int,
    tokens: Path | None,
    strict: bool,
    scale: float,
    announce: Callable[[str], None],
) -> None:
    """Run a simulator until cancelled; `announce` is told the address once it listens. Raises SimulatorError."""
    simulator = Simulator(host, port, None if tokens is None else read_tokens(tokens), strict, scale)
    url = await simulator.start()
    try:
        announce(url)
        await asyncio.get_running_loop().create_future()
    finally:
        await simulator.stop()


def read_tokens(path: Path) -> list[str]:
    """The tokens of a file, one in a line; blank lines and `#` comments are skipped. Raises BadTokensFile."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadTokensFile(f"cannot read the tokens in {path}: {problem}") from problem
    tokens: list[str] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not is_token(text):
            raise BadTokensFile(
                f"{path}:{number}: this is no bot token; write one in a line, like 123456789: and 35 characters"
            )
        tokens.append(text)
    return tokens


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _cannot_listen(host: str, port: int, problem: OSError) -> SimulatorError:
    if problem.errno == errno.EADDRINUSE:
        return PortTaken(f"port {port} is taken: choose another with --port")
    return SimulatorError(f"cannot listen on {host} port {port}: {problem.strerror or problem}")
