"""The lines of several bots as one stream: the last ones in order of time, then each new one as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from supervisor.logs.pipeline import BotLog
from supervisor.logs.reader import Cursor, read_from, tail_from
from supervisor.model.runs import LogLine


async def follow_logs(
    folder: Path, logs: Sequence[BotLog], n: int, since: float | None, *, follow: bool
) -> AsyncGenerator[LogLine, None]:
    """Reads the files, so that a slow reader holds nothing in memory and misses nothing."""
    with ExitStack() as stack:
        watched = [(log.bot, stack.enter_context(log.changes())) for log in logs]
        cursors: dict[str, Cursor] = {}
        first: list[LogLine] = []
        for bot, _ in watched:
            lines, cursors[bot] = tail_from(folder, bot, n, since)
            first += lines
        first.sort(key=lambda line: line.at)
        for line in first[-n:] if n else []:
            yield line
        while follow:
            for bot, changed in watched:
                if changed.is_set():
                    changed.clear()
                    lines, cursors[bot] = read_from(folder, bot, cursors[bot])
                    if lines:
                        changed.set()  # there may be more than one read gives
                    for line in lines:
                        yield line
            await _any(event for _, event in watched)


async def _any(events: Iterable[asyncio.Event]) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    if not waits:
        await asyncio.get_running_loop().create_future()
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
