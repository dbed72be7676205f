"""The control API: JSON over whatever implements the `Supervisor` port. It listens nowhere by itself.

Every refusal is `{"error": ..., "hint": ...}` with a fitting status: 400 a bad argument, 404 no such bot or route,
409 not possible now, 422 bots.yaml has problems, 500 our own fault (told by its type only: its text may hold
anything).
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime

from aiohttp import web

from supervisor import __version__
from supervisor.errors import ConfigError, SupervisorError
from supervisor.model.runs import LogLine
from supervisor.model.status import BotStatus
from supervisor.names import UnknownBot
from supervisor.web.port import Supervisor
from supervisor.web.streams import stream_lines

SUPERVISOR: web.AppKey[Supervisor] = web.AppKey("supervisor", Supervisor)
API_VERSION = 1
MOST_LINES = 100_000
MOST_INCIDENTS = 10_000

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadArgument(SupervisorError):
    """The caller sent a query that means nothing."""


def application(supervisor: Supervisor) -> web.Application:
    """The routes over `supervisor`, for any listener."""
    app = web.Application(middlewares=[refusals], client_max_size=64 * 1024)
    app[SUPERVISOR] = supervisor
    app.router.add_get("/version", get_version)
    app.router.add_get("/status", get_status)
    app.router.add_post(r"/bots/{name}/{verb:start|stop|restart}", steer)
    app.router.add_post("/reload", post_reload)
    app.router.add_get("/plan", get_plan)
    app.router.add_get("/incidents", get_incidents)
    app.router.add_get("/logs", get_logs)
    return app


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every error into its JSON form; nothing else in this room builds an error answer."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return refusal(
            404, f"no such route: {request.path}", "see docs/botctl.md; is botctl newer than the supervisor?"
        )
    except web.HTTPMethodNotAllowed as error:
        return refusal(
            405, f"{request.method} is not possible here", "use " + ", ".join(sorted(error.allowed_methods))
        )
    except UnknownBot as error:
        return refusal(404, str(error), error.hint)
    except BadArgument as error:
        return refusal(400, str(error))
    except ConfigError as error:
        return refusal(422, str(error), "mend it and try again; nothing was changed")
    except SupervisorError as error:
        return refusal(409, str(error), getattr(error, "hint", ""))
    except web.HTTPException:
        raise
    except Exception as error:
        if request.transport is None or request.transport.is_closing():
            raise
        log.exception("control request failed: %s %s", request.method, request.path)
        return refusal(500, f"internal error: {type(error).__name__}", "the supervisor's own log has the details")


def refusal(status: int, error: str, hint: str = "") -> web.Response:
    return web.json_response({"error": error, "hint": hint}, status=status)


async def get_version(_: web.Request) -> web.Response:
    return web.json_response({"version": __version__, "api": API_VERSION})


async def get_status(request: web.Request) -> web.StreamResponse:
    if flag(request, "follow"):
        seen = request.app[SUPERVISOR].watch()
        return await stream_lines(request, (json.dumps(status.as_json()).encode() async for status in seen))
    return web.json_response((await request.app[SUPERVISOR].status()).as_json())


async def steer(request: web.Request) -> web.Response:
    supervisor = request.app[SUPERVISOR]
    verbs: dict[str, Callable[[str], Awaitable[BotStatus]]] = {
        "start": supervisor.start,
        "stop": supervisor.stop,
        "restart": supervisor.restart,
    }
    bot = await verbs[request.match_info["verb"]](request.match_info["name"])
    return web.json_response(bot.as_json(), status=202)


async def post_reload(request: web.Request) -> web.Response:
    return web.json_response((await request.app[SUPERVISOR].reload()).as_json())


async def get_plan(request: web.Request) -> web.Response:
    return web.json_response((await request.app[SUPERVISOR].plan()).as_json())


async def get_incidents(request: web.Request) -> web.Response:
    limit = number(request, "limit", default=20, most=MOST_INCIDENTS)
    found = request.app[SUPERVISOR].incidents(request.query.get("bot"), limit)
    return web.json_response([incident.as_json() for incident in found])


async def get_logs(request: web.Request) -> web.StreamResponse:
    supervisor = request.app[SUPERVISOR]
    known = [bot.name for bot in (await supervisor.status()).bots]
    bots = request.query.getall("bot", [])
    for name in bots:
        if name not in known:
            raise UnknownBot(name, known)
    n = number(request, "n", default=100, most=MOST_LINES)
    lines = supervisor.logs(bots, n, moment(request, "since"), flag(request, "follow"))
    return await stream_lines(request, encoded(lines))


async def encoded(lines: AsyncGenerator[LogLine, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(lines):
        async for line in lines:
            yield json.dumps(line.as_json(), ensure_ascii=False).encode()


def flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "0") not in ("0", "false", "")


def number(request: web.Request, name: str, *, default: int, most: int) -> int:
    """A whole number from the query, between 0 and `most`."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise BadArgument(f"{name}: {text[:40]!r} is not a number from 0 to {most}")
    return int(text)


def moment(request: web.Request, name: str) -> float | None:
    """Unix seconds from the query, which has them as a number or in ISO 8601 (no zone means local time)."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise BadArgument(f"{name}: {text[:40]!r} is neither Unix seconds nor ISO 8601") from None
