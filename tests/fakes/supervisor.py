"""A supervisor that runs nothing: it implements the port of the control API and tells what it is told to.

A bot's future is a script: every look at the status (`status()`) takes the next scene, so a test that waits for "up"
needs no clock. What was asked of it is in `asked`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from supervisor.errors import SupervisorError
from supervisor.model.incidents import Incident
from supervisor.model.plans import Reload
from supervisor.model.runs import LogLine
from supervisor.model.status import BotStatus, FleetStatus, Phase, SupervisorStatus
from supervisor.names import UnknownBot

SINCE = "2026-11-20T13:00:00.000+00:00"


def bot(name: str, state: Phase = Phase.UP, **facts: object) -> BotStatus:
    """A status with plausible facts; `facts` replace them."""
    running = state in (Phase.UP, Phase.UNHEALTHY, Phase.STARTING, Phase.STOPPING)
    status = BotStatus(
        name=name,
        mode="worker",
        state=state,
        reason="",
        runner="process",
        pid=4711 if running else None,
        bot_id=123456789,
        username=f"{name}_bot",
        since=SINCE,
        uptime_s=7503.0 if running else None,
        restarts=2,
        conflicts=1,
        last_incident=None,
        port=None,
        health=None,
        lease={"epoch": 3, "since": SINCE} if running else None,
        rss_bytes=48_300_000 if running else None,
        cpu_percent=1.5 if running else None,
    )
    return replace(status, **facts)  # type: ignore[arg-type]


class FakeSupervisor:
    """`bots` is the fleet now; `futures[name]` are the scenes that the next looks will show, one each."""

    def __init__(self, *bots: BotStatus) -> None:
        self.bots = {each.name: each for each in bots}
        self.futures: dict[str, list[BotStatus]] = {}
        self.asked: list[str] = []
        self.about = SupervisorStatus("0.1.0", 4242, SINCE, "/srv/bots.yaml", "https://api.telegram.org", False, ())
        self.edit = Reload()
        self.known_incidents: list[Incident] = []
        self.lines: list[LogLine] = []
        self.live: asyncio.Queue[LogLine | Exception] = asyncio.Queue()
        self.following = asyncio.Event()
        self.closed = asyncio.Event()
        self.log_calls: list[tuple[tuple[str, ...], int, float | None, bool]] = []
        self.failure: Exception | None = None

    async def watch(self) -> AsyncGenerator[FleetStatus, None]:
        yield await self.status()

    async def status(self) -> FleetStatus:
        self._fail()
        for name, scenes in self.futures.items():
            if scenes:
                self.bots[name] = scenes.pop(0)
        return FleetStatus(self.about, tuple(self.bots.values()))

    async def start(self, bot: str) -> BotStatus:
        return self._steer("start", bot)

    async def stop(self, bot: str) -> BotStatus:
        return self._steer("stop", bot)

    async def restart(self, bot: str) -> BotStatus:
        return self._steer("restart", bot)

    async def reload(self) -> Reload:
        self._fail()
        self.asked.append("reload")
        return self.edit

    async def plan(self) -> Reload:
        self._fail()
        self.asked.append("plan")
        return self.edit

    def incidents(self, bot: str | None, limit: int) -> list[Incident]:
        return [each for each in self.known_incidents if bot in (None, each.bot)][:limit]

    async def logs(
        self, bots: Sequence[str], n: int, since: float | None, follow: bool
    ) -> AsyncGenerator[LogLine, None]:
        self.log_calls.append((tuple(bots), n, since, follow))
        try:
            for line in self.lines[-n:] if n else []:
                yield line
            self.following.set()
            while follow:
                news = await self.live.get()
                if isinstance(news, Exception):
                    raise news
                yield news
        finally:
            self.closed.set()

    def _steer(self, verb: str, name: str) -> BotStatus:
        self._fail()
        if name not in self.bots:
            raise UnknownBot(name, self.bots)
        self.asked.append(f"{verb} {name}")
        scenes = self.futures.get(name)
        if scenes:
            self.bots[name] = scenes.pop(0)
        return self.bots[name]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class Refusal(SupervisorError):
    """An error whose text people may read, with a hint."""

    hint = "try later"
