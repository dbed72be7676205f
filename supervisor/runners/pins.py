"""Holding on to a process that is not ours to reap: signal it and hear of its end, whoever gets its pid next."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from supervisor.runners.linux import open_pidfd
from supervisor.runners.procfs import Process, read_process

_LOOK = 0.05
"""Seconds between looks where there are no pidfds (macOS, old kernels)."""


class Pin:
    """One process; `on_gone` is called once from the loop when it has ended, or was gone already."""

    def __init__(self, process: Process, on_gone: Callable[[Pin], None]) -> None:
        self.process = process
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._fd: int | None = None
        self._timer: asyncio.Handle | None = None
        try:
            self._fd = open_pidfd(process.pid)
            self._here = self._same()
        except ProcessLookupError:
            self._here = False
        if not self._here:
            self.close()
            self._timer = self._loop.call_soon(self._gone)
        elif self._fd is not None:
            self._loop.add_reader(self._fd, self._gone)
        else:
            self._timer = self._loop.call_later(_LOOK, self._look)

    def send(self, number: int) -> bool:
        """False when it had ended, or may not be signalled (which shows as StillAlive in the end)."""
        if not self._here:
            return False
        try:
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, number)
            elif self._same():
                os.kill(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def close(self) -> None:
        """Let go; idempotent."""
        self._here = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None

    def _same(self) -> bool:
        now = read_process(self.process.pid)
        return now is not None and now.alive and now.started == self.process.started

    def _look(self) -> None:
        if self._same():
            self._timer = self._loop.call_later(_LOOK, self._look)
        else:
            self._gone()

    def _gone(self) -> None:
        self.close()
        self._on_gone(self)
