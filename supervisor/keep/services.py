"""What all keepers of one supervisor share; built once by the daemon, plain fields and nothing to decide."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from supervisor.core.steps import Answer, Looked, SourceRead, Step
from supervisor.journal import Journal
from supervisor.leases import TokenLeases
from supervisor.logs.pipeline import BotLog
from supervisor.model.bots import BotSpec, LogPolicy, RunSpec, StopPolicy
from supervisor.model.leases import Holder
from supervisor.model.rivals import Connections
from supervisor.model.runs import Handle, RunId
from supervisor.model.signs import Sign
from supervisor.runners.containers.labels import Ours
from supervisor.runners.ports import Ports
from supervisor.runners.protocol import LogSink, Runner

OnSign = Callable[[Sign], None]
MakeLog = Callable[[str, LogPolicy, OnSign], BotLog]
"""A bot's log by name and limits; what it reads as a sign is told to the third."""


class Prepares(Protocol):
    """Makes a bot ready for its first start; see runners/setup.py."""

    async def prepare(self, spec: RunSpec, bot: str, sink: LogSink) -> Path | None: ...

    def forget(self, bot: str) -> None: ...


class AsksTelegram(Protocol):
    """Does the steps of a procedure that go to Telegram; see keep/calls.py."""

    async def ask(self, step: Step, spec: BotSpec) -> Answer: ...


class LooksAtHost(Protocol):
    """What this host shows of a token's users and of a bot's insides; see supervisor/rivals/."""

    async def look(self, spec: BotSpec, *, stop: bool) -> Looked: ...

    async def read_source(self, spec: BotSpec) -> SourceRead: ...

    async def count_connections(self, run: RunId, spec: RunSpec) -> Connections: ...


class KnowsContainers(Protocol):
    """Containers that outlive supervisors; see runners/docker.py. All raise EngineError where no engine answers."""

    async def holder(self, token_id: int) -> Holder | None: ...

    async def left(self) -> list[Ours]: ...

    def resume(self, left: Ours, sink: LogSink) -> Handle: ...

    async def end(self, left: Ours, how: StopPolicy) -> None: ...

    def same(self, left: Ours, spec: RunSpec) -> bool: ...


class ChecksHealth(Protocol):
    """Asks a web bot once; see keep/health.py."""

    async def ask(self, port: int, path: str, timeout: float, host: str = "127.0.0.1") -> HealthAnswer: ...


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    ok: bool
    port_open: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Services:
    """`environ` builds a run's environment, `redact` takes the secrets out of what a program said.

    `monotonic` and `chance` are injected so that tests own them.
    """

    runners: Mapping[str, Runner]
    setups: Prepares
    leases: TokenLeases
    journal: Journal
    ports: Ports
    telegram: AsksTelegram
    health: ChecksHealth
    host: LooksAtHost
    make_log: MakeLog
    environ: Callable[[RunSpec, RunId, int | None, Path | None], Mapping[str, str]]
    redact: Callable[[str], str]
    containers: KnowsContainers | None = None
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    chance: Callable[[], float] = field(default=random.random)
