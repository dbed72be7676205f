"""Builds everything once and says who gets whom; a page of plain calls instead of a container."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from supervisor.daemon.office import Office, Rooms
from supervisor.daemon.simulation import Simulation
from supervisor.journal import Journal
from supervisor.keep.calls import TelegramCalls
from supervisor.keep.health import HttpHealth
from supervisor.keep.insight import Insight
from supervisor.keep.roster import Roster
from supervisor.keep.services import OnSign, Services
from supervisor.keep.usage import Usage
from supervisor.leases import FileLeases, default_directory
from supervisor.logs.echo import Echo, configure
from supervisor.logs.pipeline import BotLog
from supervisor.logs.redact import Redactor
from supervisor.logs.store import LogStore
from supervisor.model.bots import Fleet, LogPolicy, RunnerKind, RunSpec
from supervisor.model.runs import RunId
from supervisor.model.signs import Sign
from supervisor.paths import log_folder
from supervisor.rivals.host import HostEyes
from supervisor.runners import environment
from supervisor.runners.containers.engine import Engine
from supervisor.runners.containers.images import Images
from supervisor.runners.docker import DockerRunner
from supervisor.runners.marks import CONTAINER, Mark
from supervisor.runners.ports import Ports
from supervisor.runners.process import ProcessRunner
from supervisor.runners.protocol import LogSink, Runner
from supervisor.runners.reaper import Reaper
from supervisor.runners.setup import Setups
from supervisor.runners.tool import run_tool


@dataclass(slots=True)
class Preparation:
    """Makes a bot ready for its start in the way of its runner."""

    setups: Setups
    images: Images

    async def prepare(self, spec: RunSpec, bot: str, sink: LogSink) -> Path | None:
        if spec.runner is RunnerKind.DOCKER:
            return await self.images.prepare(spec, bot, sink)
        return await self.setups.prepare(spec, bot, sink)

    def forget(self, bot: str) -> None:
        self.setups.forget(bot)


@dataclass(slots=True)
class Built:
    """The parts that the daemon itself starts and ends."""

    reaper: Reaper
    runners: Mapping[str, Runner]
    roster: Roster
    office: Office
    simulation: Simulation
    health: HttpHealth
    echo: Echo
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        """After the bots are gone."""
        for runner in self.runners.values():
            await runner.close()
        await self.health.close()
        await self.simulation.close()


def build(
    config: Path,
    environ: Mapping[str, str],
    state_dir: Path,
    journal: Journal,
    boot: str,
    log_format: str,
    fleet: Fleet,
) -> Built:
    """Nothing runs yet. `fleet` is only asked for its secrets and the width of its names."""
    redactor = Redactor()
    _learn(redactor, fleet)
    echo = configure("json" if log_format == "json" else "text", sys.stdout, redactor, names=list(fleet.bots))
    reaper = Reaper()
    runner = ProcessRunner(journal.fleet_id, boot, reaper)
    folder = log_folder(state_dir)

    def make_log(bot: str, policy: LogPolicy, on_sign: OnSign) -> BotLog:
        def on_signs(signs: Sequence[Sign]) -> None:
            for sign in signs:
                on_sign(sign)

        return BotLog(LogStore(folder, bot, policy), redactor, on_signs, echo)

    def mark(run: RunId, kind: RunnerKind) -> Mark:
        return runner.mark(run) if kind is RunnerKind.PROCESS else Mark(journal.fleet_id, CONTAINER, run)

    def variables(spec: RunSpec, run: RunId, port: int | None, venv: Path | None) -> Mapping[str, str]:
        if spec.runner is RunnerKind.DOCKER:
            return environment.build_for_container(spec, mark(run, spec.runner), port=port)
        return environment.build(spec, runner.mark(run), port=port, venv=venv, base=environ)

    docker = DockerRunner(journal.fleet_id, Engine(environ), state_dir / "containers", f"{_holder()}, {state_dir}")
    runners: dict[str, Runner] = {RunnerKind.PROCESS: runner, RunnerKind.DOCKER: docker}
    health = HttpHealth()
    eyes = HostEyes(journal.fleet_id, redactor.redact_text, partial(run_tool, reaper))
    services = Services(
        runners=runners,
        setups=Preparation(Setups(state_dir, runner, base=environ), docker.images),
        leases=FileLeases(default_directory(), _holder()),
        journal=journal,
        ports=Ports(),
        telegram=TelegramCalls(),
        health=health,
        host=Insight(eyes, runner.table, mark),
        make_log=make_log,
        environ=variables,
        containers=docker,
        redact=redactor.redact_text,
    )
    roster = Roster(services)
    simulation = Simulation()
    usage = Usage(runner.table)
    rooms = Rooms(roster, journal, usage, simulation, folder, mark, learn=lambda wanted: _learn(redactor, wanted))
    office = Office(config, environ, rooms)
    return Built(reaper, runners, roster, office, simulation, health, echo)


def _holder() -> str:
    """Who we are, for those who meet our leases. PID 1 is a number of our own container: its name says more."""
    command = " ".join(sys.argv)
    return f"{command}, in container {socket.gethostname()}" if os.getpid() == 1 else command


def _learn(redactor: Redactor, fleet: Fleet) -> None:
    for spec in fleet:
        redactor.add(spec.run.token.reveal())
