"""A roster over fakes: real machines, journal, leases, log files; only runs, Telegram and health are played."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.core import steps as s
from supervisor.errors import StartRefused
from supervisor.journal import Journal
from supervisor.keep.roster import Roster
from supervisor.keep.services import HealthAnswer, OnSign, Services
from supervisor.leases import FileLeases
from supervisor.logs.pipeline import BotLog
from supervisor.logs.redact import Redactor
from supervisor.logs.store import LogStore
from supervisor.model.bots import BotSpec, Fleet, LogPolicy, RunSpec
from supervisor.model.rivals import Connections, Sighting
from supervisor.model.runs import RunId
from supervisor.model.signs import Sign
from supervisor.model.status import Phase
from supervisor.runners.ports import Ports
from supervisor.runners.protocol import LogSink
from tests.fakes.runner import FakeRunner


@dataclass
class FakeTelegram:
    """Answers every question well, or with what stands in `answers` for the step's class name."""

    answers: dict[str, s.Answer] = field(default_factory=dict)
    asked: list[s.Step] = field(default_factory=list)

    async def ask(self, step: s.Step, spec: BotSpec) -> s.Answer:
        self.asked.append(step)
        if isinstance(step, s.Probe):
            await asyncio.sleep(step.seconds)
        usual: dict[str, s.Answer] = {
            "Identify": s.Identified(spec.token_id, "demo_bot"),
            "ReadWebhook": s.WebhookSeen("", 0),
            "Probe": s.Probed(10.0, rival=False, waiting=False),
        }
        name = type(step).__name__
        return self.answers.get(name) or usual.get(name) or s.Done()


@dataclass
class FakeSetups:
    """A setup that takes `seconds`, fails with `fails`, and counts how many are under way at once."""

    seconds: float = 0.0
    fails: str = ""
    under_way: int = 0
    most: int = 0

    async def prepare(self, spec: RunSpec, bot: str, sink: LogSink) -> Path | None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
            if self.fails:
                raise StartRefused(self.fails, permanent=False)
        finally:
            self.under_way -= 1
        return None

    def forget(self, bot: str) -> None:
        pass


@dataclass
class FakeHealth:
    answers: Sequence[HealthAnswer] = (HealthAnswer(True, True, "200"),)

    def __post_init__(self) -> None:
        self._next = itertools.chain(self.answers, itertools.repeat(self.answers[-1]))

    async def ask(self, port: int, path: str, timeout: float, host: str = "127.0.0.1") -> HealthAnswer:
        return next(self._next)


class QuietHost:
    """A host with nobody else on it."""

    async def look(self, spec: BotSpec, *, stop: bool) -> s.Looked:
        return s.Looked(Sighting())

    async def read_source(self, spec: BotSpec) -> s.SourceRead:
        return s.SourceRead(())

    async def count_connections(self, run: RunId, spec: RunSpec) -> Connections:
        return Connections(1, 10, 0)


class Kept:
    """A roster in a folder; `fleet` puts specs before it as bots.yaml would."""

    def __init__(self, folder: Path, runner: FakeRunner | None = None, *, health: FakeHealth | None = None) -> None:
        self.folder = folder
        self.runner = runner or FakeRunner()
        self.telegram = FakeTelegram()
        self.setups = FakeSetups()
        self.journal = Journal(folder / "journal.sqlite")
        loop = asyncio.get_running_loop()
        self.services = Services(
            runners={"process": self.runner},
            setups=self.setups,
            leases=FileLeases(folder / "leases", "botctl up"),
            journal=self.journal,
            ports=Ports(),
            telegram=self.telegram,
            health=health or FakeHealth(),
            host=QuietHost(),
            make_log=self._log,
            environ=lambda spec, run, port, venv: {"PORT": str(port)},
            redact=Redactor().redact_text,
            monotonic=loop.time,
            chance=lambda: 0.0,
        )
        self.roster = Roster(self.services)

    def fleet(self, *specs: BotSpec) -> None:
        self.roster.apply(Fleet(self.folder / "bots.yaml", {spec.name: spec for spec in specs}))

    async def until(self, name: str, phase: Phase) -> None:
        await self.roster.until(lambda: any(k.name == name and k.phase is phase for k in self.roster))

    async def leave(self) -> None:
        """The orderly end: nothing may be left, and the referee has seen nothing."""
        await self.roster.leave("leaving")
        assert self.runner.live == {}
        assert self.runner.broken == []
        self.journal.close()

    def _log(self, bot: str, policy: LogPolicy, on_sign: OnSign) -> BotLog:
        def on_signs(signs: Sequence[Sign]) -> None:
            for sign in signs:
                on_sign(sign)

        return BotLog(LogStore(self.folder / "logs", bot, policy), Redactor(), on_signs)
