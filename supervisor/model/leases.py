"""Who holds a lease (or a state directory), as its owner wrote it down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """The owner of a lock: `since` is a wall-clock time (Unix seconds); 0 and "" mean that it could not be read.

    With `container` it is no lock: a running container has the token, and `command` says which supervisor's it is.
    """

    pid: int
    since: float
    command: str
    bot: str = ""
    container: str = ""

    def __str__(self) -> str:
        from datetime import datetime

        if self.container:
            return f"the container {self.container} (bot {self.bot} of {self.command})"
        if not self.pid:
            return "an unknown process (its lock file could not be read)"
        when = f", since {datetime.fromtimestamp(self.since).astimezone():%Y-%m-%d %H:%M:%S}" if self.since else ""
        what = f", {self.command}" if self.command else ""
        return f"pid {self.pid}{when}{what}"
