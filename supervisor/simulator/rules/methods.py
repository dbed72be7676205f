"""Ordinary methods: enough of them for a bot to live, the rest a plausible `true` [M].

Methods that send give back a message, the well-known questions a well-formed answer. A name that starts with no
verb of the Bot API is no method; the real server knows its methods by heart and is stricter.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from supervisor.simulator.rules import people, texts
from supervisor.simulator.rules.arguments import integer
from supervisor.simulator.rules.calls import Call, Reply, fail, ok
from supervisor.simulator.rules.chats import Chats
from supervisor.simulator.rules.people import Identity
from supervisor.simulator.rules.posts import Outbox

_VERBS = re.compile(
    r"(?:add|allow|answer|approve|ban|close|convert|copy|create|decline|delete|demote|edit|export|forward|get|gift"
    r"|give|hide|leave|log|pin|post|promote|read|refund|remove|reopen|replace|repost|restrict|revoke|save|send|set"
    r"|stop|transfer|unban|unhide|unpin|unverify|upgrade|upload|verify)[a-z0-9]+"
)

_FIXED: Final[dict[str, Any]] = {
    "getmyname": {"name": ""},
    "getmydescription": {"description": ""},
    "getmyshortdescription": {"short_description": ""},
    "getchatmenubutton": {"type": "commands"},
    "getchatmembercount": 2,
    "getuserprofilephotos": {"total_count": 0, "photos": []},
    "getforumtopiciconstickers": [],
    "getmystarbalance": {"amount": 0},
    "getstartransactions": {"transactions": []},
    "getavailablegifts": {"gifts": []},
    "getcustomemojistickers": [],
    "getgamehighscores": [],
    "getuserchatboosts": {"boosts": []},
}


class Methods:
    """Everything that is neither polling nor webhooks nor the bot object's own life."""

    def __init__(self, identity: Identity, chats: Chats, outbox: Outbox) -> None:
        self._identity = identity
        self._outbox = outbox
        self._chats = chats
        self._commands: dict[tuple[str, str], list[Any]] = {}
        self._known: dict[str, Callable[[Call], Reply]] = {
            "getme": lambda _: ok(identity.me),
            "getchat": self._get_chat,
            "getchatmember": self._get_member,
            "getchatadministrators": self._get_administrators,
            "getfile": self._get_file,
            "setmycommands": self._set_commands,
            "getmycommands": lambda call: ok(self._commands.get(_scope(call), [])),
            "deletemycommands": self._delete_commands,
        }

    def answer(self, date: int, call: Call) -> Reply:
        """The reply to one call; `date` is the server's Unix time."""
        if handler := self._known.get(call.method):
            return handler(call)
        if call.method in _FIXED:
            return ok(_FIXED[call.method])
        if reply := self._outbox.answer(date, call):
            return reply
        return ok(True) if _VERBS.fullmatch(call.method) else fail(404, texts.NO_SUCH_METHOD)

    def _get_chat(self, call: Call) -> Reply:
        chat_id = people.chat_number(call.args.get("chat_id", ""))
        return fail(400, "Bad Request: chat not found") if chat_id is None else ok(people.full_chat(chat_id))

    def _get_member(self, call: Call) -> Reply:
        user_id = integer(call.args, "user_id", 0, high=2**53)
        if user_id == self._identity.id:
            return ok({"user": self._identity.user, "status": "member"})
        if user_id <= 0:
            return fail(400, "Bad Request: invalid user_id specified")
        return ok({"user": people.user(user_id), "status": "member"})

    def _get_administrators(self, call: Call) -> Reply:
        chat_id = people.chat_number(call.args.get("chat_id", ""))
        if chat_id is None:
            return fail(400, "Bad Request: chat not found")
        if chat_id > 0:
            return fail(400, "Bad Request: there are no administrators in the private chat")
        return ok([{"user": people.user(people.VISITOR), "status": "creator", "is_anonymous": False}])

    def _get_file(self, call: Call) -> Reply:
        file_id = call.args.get("file_id", "")
        if not file_id:
            return fail(400, "Bad Request: file_id not specified")
        name = re.sub(r"[^A-Za-z0-9_-]", "_", file_id)[:64]
        return ok({"file_id": file_id, "file_unique_id": name, "file_size": 9, "file_path": f"documents/{name}"})

    def _set_commands(self, call: Call) -> Reply:
        try:
            commands = json.loads(call.args.get("commands", ""))
        except (ValueError, RecursionError):
            return fail(400, "Bad Request: can't parse commands JSON object")
        if not isinstance(commands, list):
            return fail(400, "Bad Request: expected an Array of commands")
        self._commands[_scope(call)] = commands
        return ok(True)

    def _delete_commands(self, call: Call) -> Reply:
        self._commands.pop(_scope(call), None)
        return ok(True)


def _scope(call: Call) -> tuple[str, str]:
    scope = call.args.get("scope", "")
    try:
        parsed = json.loads(scope) if scope else {"type": "default"}
    except (ValueError, RecursionError):
        parsed = {"type": "default"}
    return json.dumps(parsed, sort_keys=True), call.args.get("language_code", "")
