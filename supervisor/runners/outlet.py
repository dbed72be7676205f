"""One output pipe of a run, read as fast as it fills and given to the sink as it is.

One read per turn of the loop, so that a bot which floods its log slows nobody else. What the bytes mean,
and where they are kept, is the sink's business; a sink that fails costs its lines, never the run.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os

from supervisor.runners.protocol import LogSink

log = logging.getLogger(__name__)

_USUAL = 65536
_LARGE = 262144


class Outlet:
    """Owns the descriptor `fd` from now on."""

    def __init__(self, fd: int, stream: str, sink: LogSink) -> None:
        self._fd = fd
        self._stream = stream
        self._sink = sink
        self._size = _USUAL
        self._complained = False
        self._open = True
        self._loop = asyncio.get_running_loop()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._readable)

    def drain(self) -> None:
        """The run is over: pass on what is still in the pipe and close, even if a stranger holds the other end."""
        left = 2 * max(self._size, _LARGE)
        while self._open and left > 0:
            count = self._readable()
            if not count:
                break
            left -= count
        self.close()

    def close(self) -> None:
        """Say the end to the sink; idempotent."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        try:
            self._sink.end(self._stream)
        except Exception as error:
            self._complain(error)

    def _readable(self) -> int:
        try:
            chunk = os.read(self._fd, self._size)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return 0
        if len(chunk) == _USUAL == self._size:
            self._enlarge()
        try:
            self._sink.write(self._stream, chunk)
        except Exception as error:
            self._complain(error)
        return len(chunk)

    def _enlarge(self) -> None:
        """Only for writers that fill a pipe: the kernel grants each user 64 MiB of pipes, then shrinks new ones."""
        self._size = _LARGE
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            try:
                fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, _LARGE)
            except OSError:
                pass

    def _complain(self, error: Exception) -> None:
        if not self._complained:  # once, and without the text: it may quote the line
            self._complained = True
            log.error("the log of a bot's %s failed with %s; lines are lost", self._stream, type(error).__name__)
