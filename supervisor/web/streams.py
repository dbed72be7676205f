"""Endless answers: one JSON text a line, until the source ends, the reader goes, or the server stops.

A reader that leaves while nothing is being written is noticed by the next heartbeat, an empty line. The handler is
not cancelled instead, because cancelling on disconnect is a switch for the whole server, and a reload must not stop
in its middle when somebody presses Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Literal

from aiohttp import web

HEARTBEAT: web.AppKey[float] = web.AppKey("heartbeat", float)
"""Seconds of silence after which a stream sends an empty line."""

STOPPING: web.AppKey[asyncio.Event] = web.AppKey("stopping", asyncio.Event)
"""Set when the server stops: streams end by themselves, so that nothing waits for them."""

_END = object()

log = logging.getLogger(__name__)


async def stream_lines(request: web.Request, lines: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """Write each of `lines` and a newline; `lines` is closed in every case."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    stopping = asyncio.ensure_future(request.app[STOPPING].wait())
    try:
        await response.prepare(request)
        await _pump(lines, response, stopping, request.app[HEARTBEAT])
        await response.write_eof()
    except ConnectionError:
        pass  # the reader went away
    except Exception:
        # The answer has begun: all that can still be said is that it is not complete.
        log.exception("a stream broke off: %s", request.path)
        if request.transport is not None:
            request.transport.close()
    finally:
        stopping.cancel()
        await lines.aclose()
    return response


async def _pump(
    lines: AsyncGenerator[bytes, None],
    response: web.StreamResponse,
    stopping: asyncio.Future[Literal[True]],
    heartbeat: float,
) -> None:
    async def following() -> bytes | object:
        return await anext(lines, _END)

    waiting = asyncio.ensure_future(following())
    try:
        while not stopping.done():
            await asyncio.wait((waiting, stopping), timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                await response.write(b"\n")
                continue
            line = waiting.result()
            if not isinstance(line, bytes):
                return
            await response.write(line + b"\n")
            waiting = asyncio.ensure_future(following())
    finally:
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await waiting
