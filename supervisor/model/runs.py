"""A run: one start of one bot. Never reused; its number grows with every start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class RunId:
    """Bot name and number; numbers of a bot grow over restarts of the supervisor too."""

    bot: str
    number: int

    def __str__(self) -> str:
        return f"{self.bot}#{self.number}"


@dataclass(frozen=True, slots=True)
class Handle:
    """The address of a run: plain data that can be saved as JSON and given back to its runner."""

    runner: str
    run: RunId
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int | None:
        pid = self.data.get("pid")
        return pid if isinstance(pid, int) else None

    @property
    def container(self) -> str | None:
        """The container's id, where the run is one."""
        found = self.data.get("container")
        return found if isinstance(found, str) else None

    @property
    def address(self) -> str:
        """Where the run's port can be asked."""
        found = self.data.get("address")
        return found if isinstance(found, str) and found else "127.0.0.1"

    @property
    def where(self) -> str:
        """For people: a process or a container."""
        return f"container {self.data.get('name')}" if self.container else f"pid {self.pid}"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a run ended: `code` or `signal`; `left_behind` counts processes of it that had to be ended afterwards.

    Neither is known of a container that vanished; `limit` is the memory (bytes) that one may have, 0 if unlimited.
    """

    code: int | None
    signal: int | None = None
    oom: bool = False
    left_behind: int = 0
    limit: int = 0

    @property
    def clean(self) -> bool:
        return self.code == 0

    def __str__(self) -> str:
        import signal as signals

        if self.signal is not None:
            try:
                name = signals.Signals(self.signal).name
            except ValueError:
                name = f"signal {self.signal}"
            how = f"killed by {name}"
        elif self.code is None:
            how = "ended, and nobody can say how: it was removed"
        else:
            how = f"exited with code {self.code}"
        if self.oom:
            how += f" (out of memory: its limit is {self.limit / 1e6:.0f} MB)" if self.limit else " (out of memory)"
        if self.left_behind:
            how += f", leaving {self.left_behind} processes behind, which were ended"
        return how


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a bot wrote, redacted; `at` is Unix seconds, `stream` is stdout, stderr, setup or supervisor."""

    bot: str
    at: float
    stream: str
    text: str

    def as_json(self) -> dict[str, object]:
        when = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
        return {"bot": self.bot, "at": when, "stream": self.stream, "text": self.text}
