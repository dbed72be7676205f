"""Users and chats of the simulated world; nobody here exists [M].

An id tells what it is, as on Telegram: positive is a private chat, below -1000000000000 a supergroup, any other
negative one a group; `@name` stands for a public supergroup.
"""

import zlib
from dataclasses import dataclass
from typing import Any, Final

SUPERGROUPS: Final = -1_000_000_000_000
VISITOR: Final = 1_000_001
"""The user who writes when the referee names nobody."""


@dataclass(frozen=True)
class Identity:
    """Who a bot is."""

    id: int
    username: str

    @property
    def user(self) -> dict[str, Any]:
        """The bot as sender of messages."""
        return {"id": self.id, "is_bot": True, "first_name": self.username, "username": self.username}

    @property
    def me(self) -> dict[str, Any]:
        """The result of getMe, in the server's order of fields."""
        return self.user | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "supports_guest_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
            "can_manage_bots": False,
        }


def user(user_id: int) -> dict[str, Any]:
    """A person."""
    return {
        "id": user_id,
        "is_bot": False,
        "first_name": "Visitor",
        "username": f"visitor{user_id}",
        "language_code": "en",
    }


def chat(chat_id: int) -> dict[str, Any]:
    """A chat as messages name it."""
    if chat_id > 0:
        person = user(chat_id)
        return {
            "id": chat_id,
            "first_name": person["first_name"],
            "username": person["username"],
            "type": "private",
        }
    kind = "supergroup" if chat_id < SUPERGROUPS else "group"
    return {"id": chat_id, "title": f"Simulated {kind}", "type": kind}


def full_chat(chat_id: int) -> dict[str, Any]:
    """The result of getChat."""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return chat(chat_id) | {
        "accepted_gift_types": dict.fromkeys(gifts, False),
        "accent_color_id": 0,
        "max_reaction_count": 11,
    }


def chat_number(text: str) -> int | None:
    """The chat that an argument names; None if it names none."""
    if text.startswith("@") and len(text) > 1:
        return SUPERGROUPS - 1 - zlib.crc32(text.lower().encode())
    try:
        return int(text[:20]) or None
    except ValueError:
        return None
