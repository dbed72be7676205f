"""The referee's HTTP: look at bots, write to them as a user would, order faults. `docs/simulator.md` lists it."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from supervisor.simulator.clock import Clock
from supervisor.simulator.faults import BadFault, Faults
from supervisor.simulator.http import Front
from supervisor.simulator.report import report
from supervisor.simulator.rules import people
from supervisor.simulator.rules.bot import SimulatedBot
from supervisor.simulator.rules.chats import commands_in
from supervisor.simulator.rules.kinds import KINDS
from supervisor.simulator.rules.telegram import Telegram

VERSION = "1 (Bot API 10.0)"
_BOT = re.compile(r"/simulator/bots/(\d{1,17})(?:/(messages|updates|revoke))?")


class Refused(Exception):
    """The referee cannot do that; the text says what would work."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Referee:
    """Answers everything under /simulator."""

    def __init__(self, telegram: Telegram, faults: Faults, clock: Clock, front: Front) -> None:
        self._telegram = telegram
        self._faults = faults
        self._clock = clock
        self._front = front
        self._fixed: dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {
            ("GET", "/simulator"): self._about,
            ("GET", "/simulator/bots"): self._list,
            ("GET", "/simulator/faults"): lambda _: {"faults": faults.show(clock.real())},
            ("POST", "/simulator/faults"): self._order_fault,
            ("DELETE", "/simulator/faults"): self._clear_faults,
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; errors are `{"error": ...}`."""
        try:
            return _json(200, self._route(request.method, request.path.rstrip("/"), await _body(request)))
        except Refused as refusal:
            return _json(refusal.status, {"error": str(refusal)})
        except BadFault as problem:
            return _json(400, {"error": str(problem)})

    def _route(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        if handler := self._fixed.get((method, path)):
            return handler(body)
        match = _BOT.fullmatch(path)
        if not match:
            raise Refused(404, f"there is no {method} {path} here; see docs/simulator.md")
        bot_id, what = int(match[1]), match[2]
        if not self._telegram.tokens.may_exist(bot_id):
            raise Refused(404, f"bot {bot_id} is not in the list of tokens")
        match (method, what):
            case ("GET", None):
                return self._show(bot_id)
            case ("POST", "messages"):
                return self._write(self._telegram.bot(bot_id), body)
            case ("POST", "updates"):
                return self._update(self._telegram.bot(bot_id), body)
            case ("POST", "revoke"):
                return self._revoke(bot_id)
        raise Refused(405, f"{path} does not take {method}")

    def _about(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"simulated": True, "version": VERSION, "bots": len(self._telegram.tokens.known())}

    def _list(self, _: Mapping[str, Any]) -> dict[str, Any]:
        shown = [self._show(bot_id) for bot_id in sorted(self._telegram.tokens.known())]
        # A list is asked for often; what the bots said is asked for one by one.
        return {"bots": [{key: bot[key] for key in bot if key != "sent_messages"} for bot in shown]}

    def _show(self, bot_id: int) -> dict[str, Any]:
        return report(self._telegram.bot(bot_id), self._clock)

    def _order_fault(self, body: Mapping[str, Any]) -> dict[str, Any]:
        fault = self._faults.order(self._clock.real(), body)
        if fault and fault.kind == "unreachable" and fault.left is None:
            self._front.cut(fault)
        return {"faults": self._faults.show(self._clock.real())}

    def _clear_faults(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._faults.clear()
        return {"faults": []}

    def _write(self, bot: SimulatedBot, body: Mapping[str, Any]) -> dict[str, Any]:
        text = body.get("text")
        if not isinstance(text, str) or not text:
            raise Refused(400, 'a message needs a text: {"text": "hello"}')
        sender = body.get("from", {})
        if isinstance(sender, int):
            sender = {"id": sender}
        if not isinstance(sender, dict):
            raise Refused(400, "from is a user id or a User object")
        chat_id = _chat_id(body, sender)
        default = chat_id if chat_id > 0 else people.VISITOR
        person = people.user(int(sender.get("id", default))) | sender
        now = self._clock.now()
        message: dict[str, Any] = {"from": person, "chat": people.chat(chat_id), "date": self._clock.date(now)}
        message["text"] = text
        if commands := commands_in(text):
            message["entities"] = commands
        return self._put(bot, "message", bot.number(message), None)

    def _update(self, bot: SimulatedBot, body: Mapping[str, Any]) -> dict[str, Any]:
        kinds = [key for key in body if key in KINDS]
        extra = set(body) - set(kinds) - {"update_id"}
        if len(kinds) != 1 or extra or not isinstance(body[kinds[0]], dict):
            raise Refused(400, f"an update holds exactly one of {', '.join(KINDS)}, and optionally an update_id")
        update_id = body.get("update_id")
        if update_id is not None and (isinstance(update_id, bool) or not isinstance(update_id, int)):
            raise Refused(400, "update_id must be a whole number")
        return self._put(bot, kinds[0], body[kinds[0]], update_id)

    def _put(self, bot: SimulatedBot, kind: str, content: dict[str, Any], update_id: int | None) -> dict[str, Any]:
        now = self._clock.now()
        update = bot.receive(now, kind, content, update_id)
        self._front.perform(bot, bot.wake(now))
        return {"update_id": update.id if update else None, "message_id": content.get("message_id")}

    def _revoke(self, bot_id: int) -> dict[str, Any]:
        if not self._telegram.tokens.revoke(bot_id):
            raise Refused(409, f"bot {bot_id} has shown no token yet, so there is none to revoke")
        bot = self._telegram.bot(bot_id)
        self._front.perform(bot, bot.revoked(self._clock.now()))
        return {"revoked": True}


def _chat_id(body: Mapping[str, Any], sender: Mapping[str, Any]) -> int:
    chat_id = body.get("chat_id", sender.get("id", people.VISITOR))
    if isinstance(chat_id, bool) or not isinstance(chat_id, int) or not chat_id:
        raise Refused(400, "chat_id must be a whole number other than 0")
    return chat_id


async def _body(request: web.BaseRequest) -> Mapping[str, Any]:
    if not request.can_read_body:
        return {}
    text = await request.text()
    try:
        body = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body


def _json(status: int, value: Any) -> web.Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return web.Response(status=status, body=body, content_type="application/json")
