"""The one place of the process that calls waitpid.

A child of ours resolves the future that `watch` gave; anybody else's orphan (we are PID 1 in a container, or
child subreaper) is simply reaped. One SIGCHLD handler in the event loop: no threads, no polling. Whoever uses
subprocess.run beside it loses his child's status to this room; start programs through launch.py instead.
"""

from __future__ import annotations

import asyncio
import os
import signal


class Reaper:
    """Reaps every child of this process while installed; belongs to one event loop of the main thread."""

    def __init__(self) -> None:
        self._watched: dict[int, asyncio.Future[int]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def install(self) -> None:
        """Needs the running loop of the main thread. Children that ended before are reaped by the first signal."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGCHLD, self._reap)
        self._loop.call_soon(self._reap)

    def close(self) -> None:
        """Stop reaping; futures still waiting are cancelled."""
        if self._loop is not None:
            self._loop.remove_signal_handler(signal.SIGCHLD)
            self._loop = None
        for future in self._watched.values():
            future.cancel()
        self._watched.clear()

    def watch(self, pid: int) -> asyncio.Future[int]:
        """The raw wait status (os.waitstatus_to_exitcode reads it) of our child `pid`, once it ended.

        Raises ChildProcessError when `pid` is not our child or was reaped already: watch it in the same turn
        of the loop that forked it.
        """
        if self._loop is None:
            raise RuntimeError("the reaper is not installed")
        future = self._watched.get(pid)
        if future is None:
            future = self._loop.create_future()
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                future.set_result(status)
            else:
                self._watched[pid] = future
        return future

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            future = self._watched.pop(pid, None)
            if future is not None and not future.done():
                future.set_result(status)
