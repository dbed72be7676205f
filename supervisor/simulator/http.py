"""The rules behind HTTP: requests in, answers and deliveries out, timers in between. Decides nothing.

A call whose client hangs up is not taken back; it stays with the rules as on the real server, and its answer is
thrown away. The referee's paths are somebody else's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from aiohttp import web

from supervisor.simulator.clock import Clock
from supervisor.simulator.envelope import Destination, TooLarge, read_arguments, read_path
from supervisor.simulator.faults import Fault, Faults
from supervisor.simulator.onlookers import Onlookers
from supervisor.simulator.poster import Poster, resolve
from supervisor.simulator.rules import texts
from supervisor.simulator.rules.bot import SimulatedBot
from supervisor.simulator.rules.calls import Abandon, Action, Answer, Call, Post, Reply, Resolve, fail, too_many
from supervisor.simulator.rules.telegram import Telegram

BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
Referee = Callable[[web.BaseRequest], Awaitable[web.Response]]


class Front:
    """The one handler of the HTTP server."""

    def __init__(self, telegram: Telegram, faults: Faults, clock: Clock, poster: Poster) -> None:
        self._telegram = telegram
        self._faults = faults
        self._clock = clock
        self._poster = poster
        self._answers: dict[Call, asyncio.Future[Reply]] = {}
        self._timers: dict[SimulatedBot, tuple[float, asyncio.TimerHandle]] = {}
        self._connections: dict[asyncio.Transport, tuple[int | None, str]] = {}
        self.referee: Referee | None = None
        self.onlookers = Onlookers()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        raw_path = request.rel_url.raw_path
        if self.referee and (raw_path == "/simulator" or raw_path.startswith("/simulator/")):
            return await self.referee(request)
        if request.method not in {"GET", "POST"}:
            return web.Response(status=501)
        if raw_path.startswith("/file/bot"):
            return web.Response(body=b"simulated", content_type="application/octet-stream")
        destination = read_path(raw_path)
        if destination is None:
            return _response(fail(404, texts.NOT_FOUND))
        try:
            found = await read_arguments(request)
        except TooLarge:
            return _response(fail(413, texts.TOO_LARGE), close=True)
        spelled = destination.method or found.args.get("method", "")
        call = Call(spelled.lower(), found.args, found.files, _peer(request), spelled)
        return await self._with_faults(request, destination, call)

    async def _with_faults(
        self, request: web.BaseRequest, destination: Destination, call: Call
    ) -> web.StreamResponse:
        digits = destination.token.partition(":")[0]
        bot_id = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None
        delay, fault = self._faults.meet(self._clock.real(), bot_id, call.method)
        if delay:
            await asyncio.sleep(delay)
        if fault:
            return await _answer_fault(request, fault)
        transport = request.transport
        if transport is None:
            await _vanish()
        self._connections[transport] = (bot_id, call.method)
        try:
            return _response(await self._call(request, destination, call))
        finally:
            self._connections.pop(transport, None)

    async def _call(self, request: web.BaseRequest, destination: Destination, call: Call) -> Reply:
        now = self._clock.now()
        outside = request.headers.get("X-Real-IP")
        bot = self._telegram.admit(now, destination.token, destination.test, outside)
        if isinstance(bot, Reply):
            return bot
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._answers[call] = answer
        with self.onlookers.during(bot.identity.id, call):
            try:
                self.perform(bot, bot.call(now, call))
                return await answer
            except asyncio.CancelledError:
                bot.hung_up(self._clock.now(), call)
                raise
            finally:
                del self._answers[call]

    def perform(self, bot: SimulatedBot, actions: list[Action]) -> None:
        """Do what the rules of one bot ask for, and set its timer."""
        for action in actions:
            match action:
                case Answer():
                    answer = self._answers.get(action.call)
                    if answer and not answer.done():
                        answer.set_result(action.reply)
                case Post():
                    self._post(bot, action)
                case Abandon():
                    self._poster.abandon(bot, action.attempt)
                case Resolve():
                    asyncio.get_running_loop().call_soon(self._resolve, bot, action)
        self._set_timer(bot)

    def _post(self, bot: SimulatedBot, post: Post) -> None:
        self._poster.send(
            bot,
            post,
            lambda outcome: self.perform(bot, bot.posted(self._clock.now(), post.attempt, outcome)),
        )

    def _resolve(self, bot: SimulatedBot, question: Resolve) -> None:
        address, error = resolve(question.host)
        self.perform(bot, bot.resolved(self._clock.now(), question.generation, address, error))

    def _set_timer(self, bot: SimulatedBot) -> None:
        due = bot.due()
        current = self._timers.get(bot)
        if current and current[0] == due:
            return
        if current:
            current[1].cancel()
            del self._timers[bot]
        if due is not None:
            self._timers[bot] = (due, self._clock.at(due, lambda: self._wake(bot)))

    def _wake(self, bot: SimulatedBot) -> None:
        self._timers.pop(bot, None)
        self.perform(bot, bot.wake(self._clock.now()))

    def cut(self, fault: Fault) -> None:
        """Break the open connections that a fault covers, as when the line goes dead."""
        now = self._clock.real()
        for transport, (bot_id, method) in list(self._connections.items()):
            if fault.covers(now, bot_id, method):
                transport.abort()

    async def close(self) -> None:
        """Cut all waiting clients off; stop all timers and deliveries."""
        for transport in list(self._connections):
            transport.abort()
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        await self._poster.close()


def _peer(request: web.BaseRequest) -> str | None:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return f"{peer[0]}:{peer[1]}" if peer else None


async def _vanish() -> NoReturn:
    """Wait for the cancellation that a lost connection brings."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a lost connection ends its handler")


async def _answer_fault(request: web.BaseRequest, fault: Fault) -> web.StreamResponse:
    if fault.kind == "unreachable":
        if request.transport:
            request.transport.abort()
        await _vanish()
    if fault.kind == "502":
        return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")
    if fault.kind == "429":
        return _response(too_many(fault.retry_after))
    unauthorized = fault.kind == "401"
    return _response(fail(401, texts.UNAUTHORIZED) if unauthorized else fail(500, "Internal Server Error"))


def _response(reply: Reply, close: bool = False) -> web.Response:
    headers = {"Connection": "close" if close else "keep-alive"}
    if reply.retry_after is not None:
        headers["Retry-After"] = str(reply.retry_after)
    response = web.Response(
        status=reply.status, body=reply.body.encode(), content_type="application/json", headers=headers
    )
    if close:
        response.force_close()
    return response
