"""Follows one container's log: one connection, no thread; breaks are mended, and nothing is told twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from supervisor.runners.containers.engine import Engine, EngineError, Missing
from supervisor.runners.containers.output import Output

_AGAIN = 1.0
_STANDSTILL = 5.0
"""Seconds without a chunk after which the log of a container that has ended is read once more, not followed."""


class Reading:
    """Begins at once. `wake` is called when the log comes to an end: so may have the container."""

    def __init__(self, engine: Engine, identity: str, output: Output, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._identity = identity
        self._output = output
        self._wake = wake
        self._over = asyncio.Event()
        self._task = asyncio.create_task(self._follow(), name=f"log of {identity[:12]}")

    async def finish(self) -> None:
        """The container has ended: returns when all that it said is told, or cannot be had."""
        self._over.set()
        while not self._task.done():
            seen = self._output.chunks
            await asyncio.wait([self._task], timeout=_STANDSTILL)
            if not self._task.done() and self._output.chunks == seen:
                await self.abandon()
                with contextlib.suppress(EngineError, TimeoutError):
                    async with asyncio.timeout(_STANDSTILL):
                        await self._read(follow=False)
        self._output.end()

    async def abandon(self) -> None:
        """Read no more; the place in the log is kept."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._output.close()

    async def _follow(self) -> None:
        while True:
            last = self._over.is_set()  # what ended before this reading began is read to its end by it
            try:
                await self._read(follow=not last)
            except Missing:
                return
            except EngineError:
                last = False
            if last:
                return
            self._wake()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    await self._over.wait()

    async def _read(self, *, follow: bool) -> None:
        query = {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "1" if follow else "0"}
        since = self._output.since()
        if since:
            query["since"] = since
        async with self._engine.stream(f"/containers/{self._identity}/logs", **query) as answer:
            async for chunk in answer.content.iter_any():
                self._output.feed(chunk)
