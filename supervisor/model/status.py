"""The one shape in which a bot's state is shown: API, dashboard and `botctl status --json` alike.

The keys are a contract; tests/model/test_status.py holds them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What a bot is doing now, derived from facts and never stored."""

    OFF = "off"
    CLAIMING = "claiming"
    STARTING = "starting"
    UP = "up"
    UNHEALTHY = "unhealthy"
    STOPPING = "stopping"
    RESTING = "resting"
    HEALING = "healing"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BotStatus:
    """One bot as observed. Times are ISO 8601 with a zone, `last_incident` and `lease` are small objects or None.

    lease: {"epoch": n, "since": iso}; last_incident: {"id", "opened", "closed", "outcome", "summary"}.
    """

    name: str
    mode: str
    state: Phase
    reason: str
    runner: str
    pid: int | None
    bot_id: int
    username: str | None
    since: str
    uptime_s: float | None
    restarts: int
    conflicts: int
    last_incident: dict[str, object] | None
    port: int | None
    health: str | None
    lease: dict[str, object] | None
    rss_bytes: int | None
    cpu_percent: float | None
    container: str | None = None
    image: str | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """The supervisor itself; `api_url` is what the bots use, `simulated` says loudly that it is not Telegram.

    `faults` are those of `problems` that are not about the file: the journal, the log files.
    """

    version: str
    pid: int
    since: str
    config: str
    api_url: str
    simulated: bool
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FleetStatus:
    supervisor: SupervisorStatus
    bots: tuple[BotStatus, ...]

    def as_json(self) -> dict[str, object]:
        return {"supervisor": self.supervisor.as_json(), "bots": [bot.as_json() for bot in self.bots]}
