"""What the server keeps about a bot on disk: its queue, the kinds it wants, its webhook.

It outlives the bot object, which `close` ends and the next request loads again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from supervisor.simulator.rules.kinds import DEFAULT_KINDS
from supervisor.simulator.rules.queue import UpdateQueue


@dataclass(frozen=True)
class WebhookRecord:
    """A webhook as it was set."""

    url: str
    max_connections: int
    secret: str
    fixed_address: str
    certificate: bytes | None
    address: str = ""
    """The IP address in use; empty until it was looked up."""
    last_error_date: int = 0
    last_error: str = ""


class Mailbox:
    """One bot's lasting state."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self.queue = UpdateQueue(chance)
        self.allowed: frozenset[str] = DEFAULT_KINDS
        self.webhook: WebhookRecord | None = None
