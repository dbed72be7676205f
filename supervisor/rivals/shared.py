"""One look for everybody who asks at about the same time: 300 bots that start at once cost one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

FRESH = 1.5
"""Seconds for which a look answers further questions."""


class Shared(Generic[T]):
    """Takes looks in a thread, one at a time, and keeps the last one as long as it is fresh."""

    def __init__(self, take: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._take = take
        self._clock = clock
        self._coming: asyncio.Task[T] | None = None
        self._last: tuple[float, T] | None = None

    async def get(self, *, anew: bool = False) -> T:
        """A look begun at most `FRESH` seconds ago; with `anew`, begun after this call.

        Who is cancelled while waiting leaves the look to the others.
        """
        while self._coming is not None:
            look = await asyncio.shield(self._coming)
            if not anew:
                return look
        if not anew and self._last is not None and self._clock() - self._last[0] < FRESH:
            return self._last[1]
        self._coming = asyncio.create_task(self._look(), name="look at this host")
        return await asyncio.shield(self._coming)

    async def _look(self) -> T:
        began = self._clock()
        try:
            look = await asyncio.to_thread(self._take)
            self._last = began, look
            return look
        finally:
            self._coming = None
