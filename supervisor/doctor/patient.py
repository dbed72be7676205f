"""What the checks look at: one bot with what the supervisor says of it, and the visit that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.model.bots import BotSpec, Fleet, Mode
from supervisor.model.findings import Finding, Level
from supervisor.model.status import BotStatus, FleetStatus, Phase

_RUNNING = frozenset({Phase.UP, Phase.UNHEALTHY, Phase.STARTING, Phase.STOPPING})


@dataclass(frozen=True, slots=True)
class Patient:
    """A bot of bots.yaml. `status` is None without a supervisor, or when that one does not know the bot.

    `api_url` is "" for a bot that uses the simulator while there is none.
    """

    spec: BotSpec
    api_url: str
    status: BotStatus | None

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def is_web(self) -> bool:
        return self.spec.run.mode is Mode.WEB

    @property
    def runs(self) -> bool:
        """Whether a run of ours is there, by the supervisor's word."""
        return self.status is not None and self.status.state in _RUNNING and self.status.pid is not None

    def found(self, check: str, level: Level, evidence: str, remedy: str = "") -> Finding:
        return Finding(check, self.name, level, evidence, remedy)


@dataclass(frozen=True, slots=True)
class Visit:
    """One call of the doctor. `fleet` is the whole of bots.yaml, `patients` the bots asked about.

    `status` is None when no supervisor answers; `trouble` then says why, unless there is simply none. `home` is the
    folder whose histories are searched; `environ` is that of the caller.
    """

    fleet: Fleet
    patients: tuple[Patient, ...]
    status: FleetStatus | None
    state_dir: Path
    home: Path
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    trouble: str = ""

    def names(self) -> dict[int, str]:
        """Bot ids of the whole fleet, with their names."""
        return {bot.token_id: bot.name for bot in self.fleet}


def of_host(check: str, level: Level, evidence: str, remedy: str = "") -> Finding:
    """A finding about the host or the fleet as a whole."""
    return Finding(check, "", level, evidence, remedy)


def counted(count: int, what: str) -> str:
    """`1 update`, `2 updates`."""
    return f"{count} {what}{'s' if count != 1 else ''}"


def span(seconds: float) -> str:
    """`40 s`, `5 min`, `3 h`, `2 days`: how long ago, as exactly as it matters."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if abs(seconds) < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"
