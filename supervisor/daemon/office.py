"""What the control API asks for, answered from the roster, the journal and the files; and the reload."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supervisor import __version__
from supervisor.config.load import load
from supervisor.core.plan import diff
from supervisor.daemon.follow import follow_logs
from supervisor.daemon.simulation import Simulation
from supervisor.errors import ConfigError
from supervisor.journal import Journal
from supervisor.keep.keeper import Keeper
from supervisor.keep.overview import iso, overview
from supervisor.keep.roster import Roster
from supervisor.keep.usage import Usage
from supervisor.model.bots import SIMULATOR, Fleet, RunnerKind
from supervisor.model.incidents import Incident
from supervisor.model.plans import ChangeKind, Reload
from supervisor.model.runs import LogLine, RunId
from supervisor.model.status import BotStatus, FleetStatus, SupervisorStatus
from supervisor.runners.marks import Mark

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the office works with; `learn` is told of every fleet before it is applied (secrets to be hidden)."""

    roster: Roster
    journal: Journal
    usage: Usage
    simulation: Simulation
    logs: Path
    mark: Callable[[RunId, RunnerKind], Mark]
    learn: Callable[[Fleet], None]


class Office:
    """The fleet as its owner steers it (the `Supervisor` of web/port.py)."""

    def __init__(self, path: Path, environ: Mapping[str, str], rooms: Rooms) -> None:
        self.written: Fleet | None = None
        self._path = path
        self._environ = environ
        self._rooms = rooms
        self._problems: tuple[str, ...] = ()
        self._broken_files: tuple[Path, ...] = ()
        self._warned: frozenset[str] = frozenset()
        self._since = time.time()
        self._reloading = asyncio.Lock()

    def files(self) -> tuple[Path, ...]:
        """What must be watched: everything that was read for the fleet, or asked for by a broken edit of it."""
        return (*(self.written.files if self.written else (self._path,)), *self._broken_files)

    async def apply(self, fleet: Fleet) -> None:
        """Make a loaded fleet the wanted one."""
        settled = await self._rooms.simulation.settle(fleet)
        self._rooms.learn(settled)
        if self.written is None:
            await self._rooms.roster.take_up(settled)
        self.written = fleet
        warnings = dict.fromkeys(map(str, fleet.warnings))
        for warning in warnings:
            if warning not in self._warned:
                log.warning("%s", warning)
        self._warned = frozenset(warnings)
        self._rooms.roster.apply(settled)

    async def reload(self) -> Reload:
        async with self._reloading:
            answer, fleet = await self._compare()
            if fleet is None:
                if answer.problems != self._problems:
                    log.error("bots.yaml has problems; the fleet goes on as it was:\n%s", "\n".join(answer.problems))
            else:
                await self.apply(fleet)
                for change in answer.changes:
                    if change.kind is not ChangeKind.UNCHANGED:
                        fields = f" ({', '.join(change.fields)})" if change.fields else ""
                        log.info("bots.yaml: %s %s%s: %s", change.bot, change.kind, fields, change.effect)
            self._problems = answer.problems
            return answer

    async def plan(self) -> Reload:
        return (await self._compare())[0]

    async def _compare(self) -> tuple[Reload, Fleet | None]:
        try:
            fleet = await asyncio.to_thread(load, self._path, self._environ)
        except ConfigError as error:
            self._broken_files = error.files
            return Reload(problems=tuple(map(str, error.problems))), None
        self._broken_files = ()
        return Reload(diff(self.written, fleet), (), tuple(map(str, fleet.warnings))), fleet

    async def status(self) -> FleetStatus:
        runs = {}
        for keeper in self._rooms.roster:
            run = keeper.machine.facts.run
            if run is not None and run.handle is not None:
                runs[self._rooms.mark(run.handle.run, run.spec.runner)] = run.started_at
        costs = await self._rooms.usage.of(runs)
        latest = self._rooms.journal.latest()
        now = time.monotonic()
        bots = tuple(overview(keeper, now, costs, latest.get(keeper.name)) for keeper in self._rooms.roster)
        return FleetStatus(self._supervisor(), bots)

    async def watch(self) -> AsyncGenerator[FleetStatus, None]:
        """The status now, and again after every change of a bot's phase; changes meanwhile are one."""
        with self._rooms.roster.changes() as changed:
            while True:
                changed.clear()
                yield await self.status()
                await changed.wait()

    def _supervisor(self) -> SupervisorStatus:
        fleet = self.written
        simulated = bool(self._rooms.simulation.url)
        api_url = fleet.api_url if fleet else ""
        journal = self._rooms.journal
        logs = [f"{keeper.name}: {keeper.log.problem}" for keeper in self._rooms.roster if keeper.log.problem]
        faults = (*filter(None, (journal.damage, journal.problem)), *logs)
        return SupervisorStatus(
            version=__version__,
            pid=os.getpid(),
            since=iso(self._since),
            config=str(self._path.absolute()),
            api_url=self._rooms.simulation.url if api_url == SIMULATOR else api_url,
            simulated=simulated,
            problems=(*self._problems, *faults),
            warnings=tuple(map(str, fleet.warnings)) if fleet else (),
            faults=faults,
        )

    def summary(self) -> str:
        """What runs, in one line."""
        fleet = self.written
        return f"{len(fleet.bots) if fleet else 0} bot(s) of {self._path}"

    async def start(self, bot: str) -> BotStatus:
        return self._of(self._rooms.roster.start(bot))

    async def stop(self, bot: str) -> BotStatus:
        return self._of(self._rooms.roster.stop(bot))

    async def restart(self, bot: str) -> BotStatus:
        """With the files as they are now; a broken edit leaves the wishes as they were, and is in `problems`."""
        self._rooms.roster.keeper(bot)
        await self.reload()
        return self._of(self._rooms.roster.restart(bot))

    def _of(self, keeper: Keeper) -> BotStatus:
        return overview(keeper, time.monotonic(), {}, self._rooms.journal.latest().get(keeper.name))

    def incidents(self, bot: str | None, limit: int) -> list[Incident]:
        return self._rooms.journal.incidents(bot, limit)

    def logs(self, bots: Sequence[str], n: int, since: float | None, follow: bool) -> AsyncGenerator[LogLine, None]:
        keepers = [k for k in self._rooms.roster if not bots or k.name in bots]
        return follow_logs(self._rooms.logs, [k.log for k in keepers], n, since, follow=follow)
