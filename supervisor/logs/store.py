"""The log files of one bot: appended, rotated by size, private to their owner.

Nothing here raises into the event loop because of a disk: what could not be stored is counted, shown as
`problem`, tried again, and owned up to in the log itself once there is room. Writes go to the page cache and
are not synced: a log line is not worth a seek. Reading is `reader.py`'s; lines arrive whole and redacted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path

from supervisor.logs.lines import path_of, stamp, stored
from supervisor.model.bots import LogPolicy

RETRY_EVERY = 1.0
"""Seconds between two attempts while the disk refuses."""

LOOK_EVERY = 1.0
"""Seconds between two looks at whether our file is still the one of that name (logrotate, rm)."""

OPEN_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
"""Appending keeps us right after somebody truncates the file; no link leads us elsewhere."""


@dataclass(frozen=True, slots=True)
class StoreProblem:
    """Lines that are not in the file: since when (Unix seconds), why, and how many."""

    since: float
    reason: str
    lines: int
    bytes: int

    def __str__(self) -> str:
        when = stamp(self.since).decode()
        return f"{self.lines} log lines ({self.bytes} bytes) could not be stored since {when}: {self.reason}"


class LogStore:
    """Appends to `<folder>/<bot>.log`; `.1` is the youngest rotated file, `.keep` the oldest.

    No file grows beyond `policy.max_size` unless a single line is longer than that. The file is opened with
    the first line. `clock` gives Unix seconds, `monotonic` paces retries. Raises ValueError for a name that
    cannot be a file's.
    """

    def __init__(
        self,
        folder: Path,
        bot: str,
        policy: LogPolicy,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path_of(folder, bot)
        self.folder = folder
        self.bot = bot
        self.problem: StoreProblem | None = None
        self._policy = policy
        self._clock = clock
        self._monotonic = monotonic
        self._fd = -1
        self._identity = (0, 0)
        self._size = 0
        self._next_look = 0.0
        self._next_try = 0.0

    def append(self, stream: str, block: bytes, at: float | None = None) -> None:
        """Store whole lines (each ends in a newline), all with the time `at`, by default now."""
        if not block:
            return
        data = stored(stream, block, self._clock() if at is None else at)
        now = self._monotonic()
        if self.problem is not None and now < self._next_try:
            self._missed(data, self.problem.reason)
            return
        try:
            self._ready(now)
        except OSError as error:
            self._refused(data, error)
        else:
            self._put(data)

    def mend(self) -> None:
        """While there is a problem: try at once, so that a quiet bot's log recovers too."""
        if self.problem is None:
            return
        try:
            self._ready(self._monotonic())
        except OSError as error:
            self._refused(b"", error)

    def adopt(self, policy: LogPolicy) -> None:
        """Take other limits from now on; files beyond a smaller `keep` are removed at once."""
        self._policy = policy
        self._prune()

    def close(self) -> None:
        """Let go of the file; a later line opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _ready(self, now: float) -> None:
        """Have the right file open and past trouble confessed; raises OSError."""
        if self._fd < 0 or now >= self._next_look:
            self._look()
            self._next_look = now + LOOK_EVERY
        if self.problem is not None:
            self._write(stored("supervisor", str(self.problem).encode() + b"\n", self._clock()))
            self.problem = None

    def _look(self) -> None:
        """Open the file; open it anew when others moved it away or removed it, and see when they emptied it."""
        if self._fd >= 0:
            try:
                found = self.path.stat(follow_symlinks=False)
            except FileNotFoundError:
                self.close()
            else:
                self._size = found.st_size
                if (found.st_dev, found.st_ino) != self._identity:
                    self.close()
        if self._fd < 0:
            self._open()

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self.path, OPEN_FLAGS, 0o600)
        found = os.fstat(self._fd)
        self._identity = (found.st_dev, found.st_ino)
        self._size = found.st_size
        # A supervisor that died in mid-write, or a disk that filled up, left half a line: it stays, ended.
        if self._size > 0 and os.pread(self._fd, 1, self._size - 1) != b"\n":
            self._write(b"\n")
        self._prune()

    def _prune(self) -> None:
        """Remove what is beyond `keep`: it was larger once, perhaps before the last start."""
        with suppress(OSError):  # the first number without a file
            for number in count(self._policy.keep + 1):
                path_of(self.folder, self.bot, number).unlink()

    def _put(self, data: bytes) -> None:
        """Write whole lines, rotating between them where the size demands it."""
        view = memoryview(data)
        done = 0
        try:
            while done < len(data):
                end = self._end_of_room(data, done)
                if end == done:
                    self._rotate()
                    continue
                while done < end:
                    done += self._write(view[done:end])
        except OSError as error:
            self._refused(data[done:], error)

    def _end_of_room(self, data: bytes, start: int) -> int:
        """How far `data` may go into this file: to the end of a line; `start` itself when it is full."""
        room = self._policy.max_size - self._size
        if len(data) - start <= room:
            return len(data)
        end = data.rfind(b"\n", start, start + max(room, 0)) + 1
        if end:
            return end
        return start if self._size else data.index(b"\n", start) + 1

    def _write(self, data: bytes | memoryview) -> int:
        written = os.write(self._fd, data)
        self._size += written
        return written

    def _rotate(self) -> None:
        """Oldest first, so that no file is ever without a name; `reader.py` relies on that order."""
        self.close()
        names = [self.path]
        while len(names) <= self._policy.keep and (len(names) == 1 or names[-1].exists()):
            names.append(path_of(self.folder, self.bot, len(names)))
        with suppress(FileNotFoundError):  # others may have taken a file away just now
            for older, younger in pairwise(reversed(names)):
                younger.replace(older)
            if len(names) == 1:
                self.path.unlink()
        self._open()

    def _refused(self, data: bytes, error: OSError) -> None:
        """The disk said no: let go of the file (it may be gone), remember, and try again in a while."""
        reason = error.strerror or type(error).__name__
        self._next_try = self._monotonic() + RETRY_EVERY
        self.close()
        self._missed(data, reason)

    def _missed(self, data: bytes, reason: str) -> None:
        since, lines, size = (self._clock(), 0, 0)
        if self.problem is not None:
            since, lines, size = self.problem.since, self.problem.lines, self.problem.bytes
        self.problem = StoreProblem(since, reason, lines + data.count(b"\n"), size + len(data))
