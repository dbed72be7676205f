"""What a line of a bot's log can mean to us.

Owns the seven kinds of sign and the shape of one; knows nothing of how text is read (`supervisor.logs.signs`)
nor of what is done about it (the core). The values are public: `botctl read-log` prints them, and they are
the class names of the log corpus that the reader is measured on.
"""

from dataclasses import dataclass
from enum import StrEnum


class SignKind(StrEnum):
    """What the Bot API server, or the way to it, told the bot.

    The three conflicts are the server's three reasons for a 409 (tdlib/telegram-bot-api, Client.cpp).
    A 409 that comes without a reason counts as GET_UPDATES, by far the most frequent one.
    """

    GET_UPDATES = "conflict.get_updates"
    WEBHOOK_ACTIVE = "conflict.webhook_active"
    SET_WEBHOOK = "conflict.set_webhook"
    UNAUTHORIZED = "unauthorized"
    FLOOD = "flood"
    BAD_WEBHOOK = "bad_webhook"
    NETWORK = "network"


CONFLICTS = frozenset({SignKind.GET_UPDATES, SignKind.WEBHOOK_ACTIVE, SignKind.SET_WEBHOOK})


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing read in a log.

    excerpt: the line that says it, cleaned of colours and escapes, at most 300 characters.
    retry_after: seconds the server asked for, in a flood that names them; else None.
    """

    kind: SignKind
    excerpt: str
    retry_after: float | None = None
