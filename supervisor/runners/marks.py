"""The mark that every process of a run carries in its environment, so that it can be found again.

`BOTCTL_RUN=<fleet>/<boot>/<bot>/<number>`: fleet is the id of the state directory, boot the id of one life
of the supervisor. A process that belongs to our fleet but to another boot has lost its supervisor.
"""

from __future__ import annotations

from dataclasses import dataclass

from supervisor.model.runs import RunId

MARK = "BOTCTL_RUN"
BOT = "BOTCTL_BOT"
CONTAINER = "container"
"""Stands for the boot in marks of containers: they outlive their supervisor, and only an engine ends them."""


@dataclass(frozen=True, slots=True)
class Mark:
    fleet: str
    boot: str
    run: RunId

    def __str__(self) -> str:
        return f"{self.fleet}/{self.boot}/{self.run.bot}/{self.run.number}"

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """None for anything that we did not write."""
        fleet, _, rest = text.partition("/")
        boot, _, rest = rest.partition("/")
        bot, _, number = rest.rpartition("/")
        if not (fleet and boot and bot and number.isascii() and number.isdigit()) or len(number) > 18:
            return None
        return cls(fleet, boot, RunId(bot, int(number)))
