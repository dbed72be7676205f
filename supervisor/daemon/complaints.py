"""Errors that nobody else handles on the event loop, each kind told once a minute and counted meanwhile.

Out of descriptors, asyncio complains a hundred times a second that it cannot accept a connection: the log of the
supervisor must not fill the disk because of that.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two complaints of one kind."""

_MOST_KINDS = 100


class Complaints:
    """An exception handler for `loop.set_exception_handler`; `monotonic` is injected so that tests own it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}

    def __call__(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        kind = (str(context.get("message", ""))[:40], f"{type(error).__name__}: {error}")
        now = self._monotonic()
        told, since_then = self._kinds.get(kind, (float("-inf"), 0))
        if now - told < EVERY:
            self._kinds[kind] = (told, since_then + 1)
            return
        if len(self._kinds) >= _MOST_KINDS:
            self._kinds.clear()
        self._kinds[kind] = (now, 0)
        often = f" ({since_then} more since it was last told)" if since_then else ""
        log.error("%s%s", context.get("message") or "an error on the event loop", often, exc_info=error)
