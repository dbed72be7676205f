"""What the control API asks of the supervisor behind it; the daemon implements this, tests have a fake.

Everything given back is shown to people as it is: redacted, and never with a token in it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from supervisor.model.incidents import Incident
from supervisor.model.plans import Reload
from supervisor.model.runs import LogLine
from supervisor.model.status import BotStatus, FleetStatus


class Supervisor(Protocol):
    """The fleet as its owner steers it. `UnknownBot` (supervisor.names) is raised for a name that does not exist."""

    async def status(self) -> FleetStatus:
        """The fleet now: what was seen of it, and what its runs cost at this moment."""
        ...

    def watch(self) -> AsyncGenerator[FleetStatus, None]:
        """The fleet now, and again whenever a bot's state changed; a slow reader gets the newest, not all."""
        ...

    async def start(self, bot: str) -> BotStatus:
        """Wish the bot to run, and forget why it was held or failed.

        Returns when the wish is taken in, not when the bot is up: the status given back shows its effect already.
        """
        ...

    async def stop(self, bot: str) -> BotStatus:
        """Wish the bot off, also over a restart of the daemon; returns when taken in."""
        ...

    async def restart(self, bot: str) -> BotStatus:
        """Stop and start with bots.yaml, .env and env_file as they are now; returns when taken in."""
        ...

    async def reload(self) -> Reload:
        """Read bots.yaml and apply it, or nothing of it; returns when the keepers know, not when they are done."""
        ...

    async def plan(self) -> Reload:
        """What `reload` would do now; changes nothing."""
        ...

    def incidents(self, bot: str | None, limit: int) -> list[Incident]:
        """The newest `limit` incidents, newest first; also of bots that are no longer in the file."""
        ...

    def logs(self, bots: Sequence[str], n: int, since: float | None, follow: bool) -> AsyncGenerator[LogLine, None]:
        """The last `n` lines of these bots (all of them when none is named) in order of time, then, with
        `follow`, each new one. `since` (Unix seconds) leaves out what is older. Closed with `aclose`."""
        ...
