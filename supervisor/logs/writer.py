"""Writes to a descriptor that may block, from a thread, with bounded memory and never a wait for the caller.

For the daemon's stdout: a terminal that was stopped with ctrl-S, a full pipe, a reader that died. What does not
fit into the buffer is skipped and counted, and the number is said as soon as there is room. The descriptor
stays in blocking mode: O_NONBLOCK would be shared with every process that has the same terminal.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

BOUND = 1024 * 1024
"""Bytes that may wait."""


class Sized(Protocol):
    """What can wait here: `size` in bytes, and how many `lines` are lost when it is skipped."""

    @property
    def size(self) -> int: ...

    @property
    def lines(self) -> int: ...


T = TypeVar("T", bound=Sized)


class Writer(Generic[T]):
    """`render` turns an item into bytes, in the thread; `skipped` says how many lines were left out.

    The thread starts with the first item. Once a write fails (the reader is gone) everything is dropped.
    """

    def __init__(
        self,
        fd: int,
        render: Callable[[T], Iterable[bytes]],
        skipped: Callable[[int], bytes],
        bound: int = BOUND,
    ) -> None:
        self._fd = os.dup(fd)
        self._render = render
        self._skipped = skipped
        self._bound = bound
        self._items: deque[T] = deque()
        self._waiting_bytes = 0
        self._skipped_lines = 0
        self._gone = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def gone(self) -> bool:
        """Nobody reads any more."""
        return self._gone

    def put(self, item: T, *, urgent: bool = False) -> bool:
        """Queue an item; False when it was skipped. From any thread, never waits for the descriptor.

        An `urgent` item (rare, ours) may fill the buffer to twice its bound.
        """
        with self._changed:
            if self._gone or self._closing:
                return False
            room = self._bound * (2 if urgent else 1) - self._waiting_bytes
            # Once lines were skipped, no more pass until that has been said in their place.
            if item.size > room or (self._skipped_lines and not urgent):
                self._skipped_lines += item.lines
                return False
            self._items.append(item)
            self._waiting_bytes += item.size
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="echo", daemon=True)
                self._thread.start()
        return True

    def close(self, deadline: float = 1.0) -> bool:
        """Write what waits, for at most `deadline` seconds; False when the descriptor did not take it in time."""
        with self._changed:
            self._closing = True
            self._changed.notify()
            thread = self._thread
        if thread is None:
            self._finish()
            return True
        thread.join(deadline)
        return not thread.is_alive()

    def _work(self) -> None:
        # In the background of a terminal with `stty tostop`, writing would otherwise stop the whole daemon.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
        try:
            while (task := self._next()) is not None:
                item, skipped = task
                for part in [self._skipped(skipped)] if item is None else self._render(item):
                    self._write(part)
        except OSError:
            pass  # the reader is gone: the files have it all
        self._finish()

    def _next(self) -> tuple[T | None, int] | None:
        """The next item, or None and a number of skipped lines; waits for either."""
        with self._changed:
            while True:
                if self._items:
                    item = self._items.popleft()
                    self._waiting_bytes -= item.size
                    return item, 0
                if self._skipped_lines:
                    lines, self._skipped_lines = self._skipped_lines, 0
                    return None, lines
                if self._closing:
                    return None
                self._changed.wait()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # somebody else put the terminal into non-blocking mode
                writable = select.poll()
                writable.register(self._fd, select.POLLOUT)
                writable.poll()

    def _finish(self) -> None:
        with self._changed:
            self._gone = True
            self._items.clear()
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
