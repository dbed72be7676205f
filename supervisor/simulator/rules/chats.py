"""Messages of one bot's chats: their numbers, and the latest ones so that they can be edited."""

import re
from collections import OrderedDict
from typing import Any

KEPT = 2000
_COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?")


class Chats:
    """What was said, by whomever."""

    def __init__(self) -> None:
        self._last_id: dict[int, int] = {}
        self._messages: OrderedDict[tuple[int, int], dict[str, Any]] = OrderedDict()

    def add(self, message: dict[str, Any]) -> dict[str, Any]:
        """Number a message and remember it."""
        chat_id = message["chat"]["id"]
        number = self._last_id[chat_id] = self._last_id.get(chat_id, 0) + 1
        numbered = {"message_id": number} | message
        self._messages[chat_id, number] = numbered
        while len(self._messages) > KEPT:
            self._messages.popitem(last=False)
        return numbered

    def find(self, chat_id: int, message_id: int) -> dict[str, Any] | None:
        """A remembered message."""
        return self._messages.get((chat_id, message_id))

    def replace(self, message: dict[str, Any]) -> None:
        """An edited message takes the place of the old one."""
        self._messages[message["chat"]["id"], message["message_id"]] = message

    def remove(self, chat_id: int, message_id: int) -> bool:
        """Delete a message; False if it is not known."""
        return self._messages.pop((chat_id, message_id), None) is not None


def commands_in(text: str) -> list[dict[str, Any]]:
    """The bot commands of a text as Telegram marks them; offsets count UTF-16 units [D: MessageEntity]."""

    def units(part: str) -> int:
        return len(part.encode("utf-16-le", "surrogatepass")) // 2

    return [
        {"offset": units(text[: match.start()]), "length": units(match[0]), "type": "bot_command"}
        for match in _COMMAND.finditer(text)
    ]
