"""What a bot says: messages sent, edited, forwarded, deleted. Told to the referee, shown to nobody [M].

Markup (`parse_mode`) is not interpreted: a text stands in the message as the bot wrote it.
"""

import json
from typing import Any, Final

from supervisor.simulator.rules import people
from supervisor.simulator.rules.arguments import integer
from supervisor.simulator.rules.calls import Call, Reply, fail, ok
from supervisor.simulator.rules.chats import Chats
from supervisor.simulator.rules.people import Identity
from supervisor.simulator.rules.tally import Tally

MAX_TEXT = 4096
_FILE: Final = {"file_id": "SimulatedFile", "file_unique_id": "SimulatedFile", "file_size": 9}
_SIZED: Final = _FILE | {"width": 1, "height": 1}
_TIMED: Final = _FILE | {"duration": 1}
_CONTENT: Final[dict[str, dict[str, Any]]] = {
    "sendphoto": {"photo": [_SIZED]},
    "senddocument": {"document": _FILE},
    "sendaudio": {"audio": _TIMED},
    "sendvoice": {"voice": _TIMED},
    "sendvideo": {"video": _SIZED | _TIMED},
    "sendanimation": {"animation": _SIZED | _TIMED},
    "sendvideonote": {"video_note": _TIMED | {"length": 1}},
    "sendsticker": {
        "sticker": _SIZED | {"type": "regular", "is_animated": False, "is_video": False},
    },
    "senddice": {"dice": {"emoji": "🎲", "value": 4}},
    "sendlocation": {"location": {"latitude": 0.0, "longitude": 0.0}},
}
_NOT_MODIFIED: Final = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


class Outbox:
    """The bot's side of its chats."""

    def __init__(self, identity: Identity, chats: Chats, tally: Tally) -> None:
        self._identity = identity
        self._chats = chats
        self._tally = tally

    def answer(self, date: int, call: Call) -> Reply | None:
        """The reply to a method about messages; None if the method is about something else."""
        method = call.method
        if method == "sendchataction":
            return ok(True)
        if method == "deletemessage":
            return self._delete(date, call)
        if method.startswith("editmessage"):
            return self._edit(date, call)
        if method.startswith("send") or method in {"forwardmessage", "copymessage"}:
            return self._send(date, call)
        return None

    def _send(self, date: int, call: Call) -> Reply:
        args = call.args
        if not args.get("chat_id"):
            return fail(400, "Bad Request: chat_id is empty")
        chat_id = people.chat_number(args["chat_id"])
        if chat_id is None:
            return fail(400, "Bad Request: chat not found")
        if call.method == "sendmessage":
            if not args.get("text", "").strip():
                return fail(400, "Bad Request: message text is empty")
            if len(args["text"]) > MAX_TEXT:
                return fail(400, "Bad Request: message is too long")
        message: dict[str, Any] = {"from": self._identity.user, "chat": people.chat(chat_id), "date": date}
        message |= _CONTENT.get(call.method, {}) | _texts(call)
        reply_to = self._chats.find(chat_id, _reply_to(args))
        if reply_to:
            message["reply_to_message"] = {k: v for k, v in reply_to.items() if k != "reply_to_message"}
        sent = self._chats.add(message)
        self._record(date, call, chat_id, sent["message_id"])
        if call.method == "copymessage":
            return ok({"message_id": sent["message_id"]})
        return ok([sent] if call.method == "sendmediagroup" else sent)

    def _edit(self, date: int, call: Call) -> Reply:
        if call.args.get("inline_message_id"):
            return ok(True)
        chat_id = people.chat_number(call.args.get("chat_id", ""))
        if chat_id is None:
            return fail(400, "Bad Request: chat not found")
        old = self._chats.find(chat_id, integer(call.args, "message_id", 0))
        if old is None:
            return fail(400, "Bad Request: message to edit not found")
        if call.method == "editmessagetext" and not call.args.get("text", "").strip():
            return fail(400, "Bad Request: message text is empty")
        # An edit without reply_markup takes the keyboard away [D].
        kept = {key: value for key, value in old.items() if key not in {"reply_markup", "edit_date"}}
        new = kept | _texts(call)
        if new == {key: value for key, value in old.items() if key != "edit_date"}:
            return fail(400, _NOT_MODIFIED)
        self._chats.replace(new | {"edit_date": date})
        self._record(date, call, chat_id, old["message_id"])
        return ok(new | {"edit_date": date})

    def _delete(self, date: int, call: Call) -> Reply:
        chat_id = people.chat_number(call.args.get("chat_id", ""))
        if chat_id is None:
            return fail(400, "Bad Request: chat not found")
        message_id = integer(call.args, "message_id", 0)
        if not self._chats.remove(chat_id, message_id):
            return fail(400, "Bad Request: message to delete not found")
        self._record(date, call, chat_id, message_id)
        return ok(True)

    def _record(self, date: int, call: Call, chat_id: int, message_id: int) -> None:
        self._tally.message(
            {
                "chat_id": chat_id,
                "text": call.args.get("text", call.args.get("caption", "")),
                "date": date,
                "method": call.spelled or call.method,
                "message_id": message_id,
                "reply_to": _reply_to(call.args) or None,
            }
        )


def _texts(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {key: call.args[key] for key in ("text", "caption") if call.args.get(key)}
    try:
        markup = json.loads(call.args.get("reply_markup", ""))
    except (ValueError, RecursionError):
        return found
    # Only inline keyboards are part of a message [D]; the others are shown to the user and forgotten.
    if isinstance(markup, dict) and "inline_keyboard" in markup:
        found["reply_markup"] = markup
    return found


def _reply_to(args: dict[str, str]) -> int:
    try:
        parameters = json.loads(args.get("reply_parameters", ""))
        return int(parameters["message_id"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return integer(args, "reply_to_message_id", 0)
