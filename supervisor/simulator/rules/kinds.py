"""Kinds of update: how long each is kept, and which of them must arrive in order [S: Client.cpp add_update*].

A webhook gets at most one update per lane at a time. Messages share their chat's lane; other kinds have lanes of
their own by user or chat, so a callback may overtake a message.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

DAY: Final = 86400.0


@dataclass(frozen=True)
class Kind:
    """What the server knows about one kind of update."""

    keep: float
    """Seconds until an unconfirmed update of this kind is forgotten."""
    lane: int
    """Kinds with the same number share lanes."""
    by: Literal["chat", "user", "poll"]


# In the order in which getWebhookInfo names them.
KINDS: Final[dict[str, Kind]] = {
    "message": Kind(DAY, 0, "chat"),
    "edited_message": Kind(DAY, 0, "chat"),
    "channel_post": Kind(DAY, 0, "chat"),
    "edited_channel_post": Kind(DAY, 0, "chat"),
    "inline_query": Kind(30, 1, "user"),
    "chosen_inline_result": Kind(600, 2, "user"),
    "callback_query": Kind(150, 3, "user"),
    "shipping_query": Kind(150, 4, "user"),
    "pre_checkout_query": Kind(150, 4, "user"),
    "poll": Kind(DAY, 14, "poll"),
    "poll_answer": Kind(DAY, 14, "poll"),
    "my_chat_member": Kind(DAY, 5, "chat"),
    "chat_member": Kind(DAY, 6, "user"),
    "chat_join_request": Kind(DAY, 6, "user"),
    "chat_boost": Kind(DAY, 7, "chat"),
    "removed_chat_boost": Kind(DAY, 7, "chat"),
    "message_reaction": Kind(DAY, 8, "chat"),
    "message_reaction_count": Kind(DAY, 9, "chat"),
    "business_connection": Kind(DAY, 10, "user"),
    "business_message": Kind(DAY, 11, "chat"),
    "edited_business_message": Kind(DAY, 11, "chat"),
    "deleted_business_messages": Kind(DAY, 11, "chat"),
    "purchased_paid_media": Kind(DAY, 12, "user"),
    "guest_message": Kind(DAY, 12, "chat"),
    "managed_bot": Kind(DAY, 13, "user"),
}

ALL_KINDS: Final = frozenset(KINDS)
DEFAULT_KINDS: Final = ALL_KINDS - {"chat_member", "message_reaction", "message_reaction_count"}

Lane = tuple[int, str]


def lane_of(kind: str, content: dict[str, Any]) -> Lane:
    """The lane of an update; content that names neither chat nor user shares one lane per kind."""
    rule = KINDS[kind]
    if rule.by == "poll":
        owner: Any = content.get("poll_id", content.get("id"))
    elif rule.by == "chat":
        owner = _id_of(content.get("chat")) or _id_of(_inner_message(content).get("chat"))
    else:
        owner = _id_of(content.get("from")) or _id_of(content.get("user"))
    return (rule.lane, str(owner or ""))


def _id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else None


def _inner_message(content: dict[str, Any]) -> dict[str, Any]:
    inner = content.get("message")
    return inner if isinstance(inner, dict) else {}
