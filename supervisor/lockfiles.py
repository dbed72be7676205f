"""Lock files as such: the note that a holder writes into one, and which processes have one open.

A note is for people; it is read from files that everybody may write, so it is believed no further than that it can
be shown. What a process of another user has open is seen by root only. This room takes no lock and knows no bot.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from supervisor.model.leases import Holder

FRESH = 1.0
"""Seconds for which one look at all processes serves all bots of a starting fleet."""

_LONGEST = 200


def read_note(fd: int) -> dict[str, object]:
    try:
        data = json.loads(os.pread(fd, 4096, 0).decode(errors="replace") or "{}")
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def write_note(fd: int, data: dict[str, object]) -> None:
    """Failing to (a full disk) does not weaken the lock."""
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(data).encode(), 0)
    except OSError:
        pass


def author(fd: int) -> Holder:
    """Who wrote the note. A number for a time must be one, and a command has no control characters."""
    data = read_note(fd)
    pid, since = data.get("pid"), data.get("since")
    return Holder(
        pid if isinstance(pid, int) and 0 < pid < 2**31 else 0,
        float(since) if isinstance(since, int | float) and 0 < since < 2**34 else 0.0,
        _shown(data.get("command")),
        _shown(data.get("bot")),
    )


def _shown(text: object) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:_LONGEST]) if isinstance(text, str) else ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A lock file that the process `pid` has open as `link`; `identity` is its device and inode."""

    name: str
    removed: bool
    pid: int
    identity: tuple[int, int]
    link: str


class Openers:
    """Who has which lock file open, looked up at most once in `FRESH` seconds."""

    def __init__(self) -> None:
        self._seen: list[Opened] = []
        self._at = float("-inf")

    def of_removed(self, name: str) -> Holder | None:
        """Who has a removed lock file that was called `name`; the pid is what its note says, or else its own."""
        for seen in self._look():
            if seen.removed and seen.name == name:
                holder = _author_of(seen.link)
                return holder if holder.pid else replace(holder, pid=seen.pid)
        return None

    def instead_of(self, holder: Holder, fd: int) -> Holder:
        """`holder`, or where that process is gone, the one which it left behind with the open file `fd`."""
        if not holder.pid or _alive(holder.pid):
            return holder
        status = os.fstat(fd)
        for seen in self._look():
            if seen.identity == (status.st_dev, status.st_ino) and seen.pid != os.getpid():
                return replace(holder, pid=seen.pid, command=f"left by pid {holder.pid} ({holder.command})")
        return holder

    def _look(self) -> list[Opened]:
        if time.monotonic() - self._at > FRESH:
            self._seen = list(_opened())
            self._at = time.monotonic()
        return self._seen


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _opened() -> Iterator[Opened]:
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - all processes
    except OSError:
        return
    for pid in pids:
        with suppress(OSError):  # gone, or not ours to read
            for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                link = f"/proc/{pid}/fd/{number}"
                name, dot, rest = os.readlink(link).rpartition("/")[2].partition(".lock")  # noqa: PTH115
                if dot and name.isdigit() and rest in ("", " (deleted)"):
                    status = os.stat(link)  # noqa: PTH116
                    yield Opened(name + dot, bool(rest), pid, (status.st_dev, status.st_ino), link)


def _author_of(path: str) -> Holder:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Holder(0, 0.0, "")
    try:
        return author(fd)
    finally:
        os.close(fd)
