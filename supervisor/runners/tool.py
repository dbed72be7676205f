"""One short command of somebody else's, run to its end: `pm2 stop`, `systemctl disable`, `tmux kill-session`.

Through launch and reaper like a run, because the reaper collects every child of this process and would take the
status away from subprocess. Not a run: it carries no mark, has a deadline, and only its output's end is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from supervisor.errors import StartRefused
from supervisor.runners.launch import Order, launch
from supervisor.runners.reaper import Reaper

KEPT = 8 * 1024
"""Bytes of output that are kept, the last ones."""


async def run_tool(
    reaper: Reaper, argv: Sequence[str], environ: Mapping[str, str], timeout: float
) -> tuple[int, str]:
    """Exit code (negative: the signal) and what it wrote on both streams.

    Raises OSError when it cannot be started, TimeoutError when it took longer than `timeout` seconds; then its
    whole process group was killed.
    """
    try:
        started = launch(Order(tuple(argv), Path("/"), dict(environ)))
    except StartRefused as refused:
        raise OSError(refused.reason) from None
    ended = reaper.watch(started.pid)
    pipes = [_Pipe(started.stdout), _Pipe(started.stderr)]
    try:
        async with asyncio.timeout(timeout):
            status = await asyncio.shield(ended)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        raise
    finally:
        output = b"".join(pipe.close() for pipe in pipes)
    return os.waitstatus_to_exitcode(status), output.decode(errors="replace")


class _Pipe:
    """Reads a pipe as it fills, so that nobody blocks on it; a child that holds it open for ever harms nobody."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._data = b""
        os.set_blocking(fd, False)
        asyncio.get_running_loop().add_reader(fd, self._read)

    def close(self) -> bytes:
        while self._read():
            pass
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        return self._data

    def _read(self) -> bool:
        try:
            chunk = os.read(self._fd, 65536)
        except BlockingIOError:
            return False
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._fd)
        self._data = (self._data + chunk)[-KEPT:]
        return bool(chunk)
