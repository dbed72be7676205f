"""What happens to a bot's output: whole lines -> redacted -> file, followers, echo, signs.

`BotLog` is the LogSink of all runs of one bot. It works chunk by chunk, so that a line costs nothing of its own,
and keeps no more than one unfinished line per stream and a few kilobytes of the last text. It refuses to know
what a token or a sign looks like, and what anybody does about them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from supervisor.logs.redact import Redactor
from supervisor.logs.signs import SignReader
from supervisor.logs.split import LIMIT, MARK, LineSplitter
from supervisor.logs.store import RETRY_EVERY, LogStore, StoreProblem
from supervisor.model.bots import LogPolicy
from supervisor.model.runs import LogLine
from supervisor.model.signs import Sign

IDLE = 1.0
"""Seconds after which an unfinished line is shown as far as it goes: a prompt, a progress bar."""

RECENT_BLOCK = 4 * 1024
RECENT_TOTAL = 8 * 1024
"""Bytes of recent text kept for evidence: of one block, and of all but the last."""


class ShowsLines(Protocol):
    """The daemon's stdout; see `echo.py`."""

    def show(self, bot: str, stream: str, block: bytes, at: float) -> None: ...


class Timer(Protocol):
    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Timer]
"""`loop.call_later`, or what stands for it in a test."""


def _on_the_loop(delay: float, callback: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay, callback)


@dataclass(slots=True)
class _Stream:
    """One stream of the current run."""

    lines: LineSplitter
    signs: SignReader | None
    timer: Timer | None = None


class BotLog:
    """Implements LogSink. Methods are for the event loop's thread, and none of them waits or raises.

    The signs of conflicts and the like go to `on_signs`, after the text was stored. Without an `echo` nothing is
    shown. `limit` bounds a line (bytes, at least `redact.LEAST_CUT`), `idle` is in seconds.
    """

    def __init__(
        self,
        store: LogStore,
        redactor: Redactor,
        on_signs: Callable[[Sequence[Sign]], None],
        echo: ShowsLines | None = None,
        *,
        limit: int = LIMIT,
        idle: float = IDLE,
        clock: Callable[[], float] = time.time,
        later: Later = _on_the_loop,
    ) -> None:
        self.bot = store.bot
        self._store = store
        self._redactor = redactor
        self._on_signs = on_signs
        self._echo = echo
        self._limit = limit
        self._idle = idle
        self._clock = clock
        self._later = later
        self._streams: dict[str, _Stream] = {}
        self._recent: deque[tuple[float, str, bytes]] = deque()
        self._recent_size = 0
        self._watchers: set[asyncio.Event] = set()
        self._mending: Timer | None = None

    @property
    def problem(self) -> StoreProblem | None:
        """What could not be stored, while that is so."""
        return self._store.problem

    def write(self, stream: str, chunk: bytes) -> None:
        """Raw output of the bot; `stream` is stdout, stderr or setup."""
        source = self._streams.get(stream) or self._begin(stream)
        block = source.lines.feed(chunk)
        if block:
            if source.timer is not None:
                source.timer.cancel()
                source.timer = None
            self._pass_on(stream, source.signs, block)
        if source.timer is None and source.lines.waiting:
            source.timer = self._later(self._idle, lambda: self._pause(stream, source))

    def end(self, stream: str) -> None:
        """The run's stream is over: its last line is complete, and the next run starts anew."""
        source = self._streams.pop(stream, None)
        if source is None:
            return
        if source.timer is not None:
            source.timer.cancel()
        self._pass_on(stream, source.signs, source.lines.end())

    def note(self, text: str) -> None:
        """A line (or several) of the supervisor itself, told where the bot's own lines stand."""
        self._pass_on("supervisor", None, text.strip("\n").encode(errors="backslashreplace") + b"\n")

    def recent(self, n: int = 20) -> list[LogLine]:
        """The last lines, at most `n`, as far as the few kilobytes reach that are kept; works with a full disk."""
        lines: list[LogLine] = []
        for at, stream, block in self._recent:
            texts = block[:-1].decode(errors="replace").split("\n")
            lines += [LogLine(self.bot, at, stream, text) for text in texts]
        return lines[-n:] if n > 0 else []

    @contextmanager
    def changes(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is more to read; the reader clears it, reads, and waits again."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            yield changed
        finally:
            self._watchers.discard(changed)

    def adopt(self, policy: LogPolicy) -> None:
        self._store.adopt(policy)

    def close(self) -> None:
        """End what is unfinished and let go of the file."""
        for stream in list(self._streams):
            self.end(stream)
        if self._mending is not None:
            self._mending.cancel()
            self._mending = None
        self._store.close()

    def _begin(self, stream: str) -> _Stream:
        # What `setup` prints (pip, npm) is not said by a bot to Telegram.
        signs = None if stream == "setup" else SignReader()
        source = _Stream(LineSplitter(self._redactor.safe_cut, self._limit), signs)
        self._streams[stream] = source
        return source

    def _pause(self, stream: str, source: _Stream) -> None:
        source.timer = None
        self._pass_on(stream, source.signs, source.lines.flush())

    def _pass_on(self, stream: str, signs: SignReader | None, block: bytes) -> None:
        if not block:
            return
        at = self._clock()
        block = self._redactor.redact(block)
        self._store.append(stream, block, at)
        self._remember(at, stream, block)
        for watcher in self._watchers:
            watcher.set()
        if self._echo is not None:
            self._echo.show(self.bot, stream, block, at)
        if self._store.problem is not None and self._mending is None:
            self._mending = self._later(RETRY_EVERY, self._mend)
        if signs is not None and (found := signs.feed(block)):
            self._on_signs(found)

    def _remember(self, at: float, stream: str, block: bytes) -> None:
        if len(block) > RECENT_BLOCK:
            block = block[-RECENT_BLOCK:]
            newline = block.find(b"\n", 0, -1)
            block = block[newline + 1 :] if newline >= 0 else MARK + block
        self._recent.append((at, stream, block))
        self._recent_size += len(block)
        while self._recent_size > RECENT_TOTAL or len(self._recent) > 20:
            self._recent_size -= len(self._recent.popleft()[2])

    def _mend(self) -> None:
        """A quiet bot's log recovers too, and says what it lost."""
        self._mending = None
        self._store.mend()
        if self._store.problem is not None:
            self._mending = self._later(RETRY_EVERY, self._mend)
