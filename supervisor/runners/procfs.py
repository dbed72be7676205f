"""Reading single processes: from /proc on Linux, through psutil elsewhere. No caching, no judgement."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from supervisor.runners.linux import LINUX
from supervisor.runners.marks import MARK, Mark

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Anything else (no descriptors left) must not look like a process that is gone: it is raised.
_GONE = (FileNotFoundError, ProcessLookupError)
_NEEDLE = MARK.encode() + b"="


class Process:
    """One process as it was when read. `started` tells two owners of one pid apart; its unit is the platform's.

    `cpu` is in seconds, `rss` in bytes. `alive` is False for a zombie, `program` for a thread of the kernel's own.
    """

    __slots__ = ("alive", "cpu", "mark", "pgid", "pid", "ppid", "program", "rss", "sid", "started")

    def __init__(
        self,
        pid: int,
        ppid: int,
        pgid: int,
        sid: int,
        started: float,
        *,
        alive: bool = True,
        program: bool = True,
        cpu: float = 0.0,
        rss: int = 0,
        mark: Mark | None = None,
    ) -> None:
        self.pid = pid
        self.ppid = ppid
        self.pgid = pgid
        self.sid = sid
        self.started = started
        self.alive = alive
        self.program = program
        self.cpu = cpu
        self.rss = rss
        self.mark = mark

    @property
    def identity(self) -> tuple[int, float]:
        return self.pid, self.started

    def __repr__(self) -> str:
        return f"Process(pid={self.pid}, ppid={self.ppid}, sid={self.sid}, mark={self.mark})"


def _slurp(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(fd, 65536)
        chunk = data if len(data) > 4000 else b""
        while chunk:
            chunk = os.read(fd, 65536)
            data += chunk
        return data
    finally:
        os.close(fd)


def find_mark(environ: bytes) -> Mark | None:
    """The mark in an environment as /proc shows it, items ended by NUL."""
    if _NEEDLE in environ:
        for item in environ.split(b"\0"):
            if item.startswith(_NEEDLE):
                return Mark.parse(item[len(_NEEDLE) :].decode("utf-8", "replace"))
    return None


def _proc_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - the hot path


def _proc_read(pid: int) -> Process | None:
    try:
        stat = _slurp(f"/proc/{pid}/stat")
    except _GONE:
        return None
    # The name may hold spaces and brackets; fields are counted from the last bracket (proc(5): state is 3rd).
    fields = stat[stat.rfind(b")") + 2 :].split()
    # A process whose first thread ended early looks like a zombie while its other threads run.
    alive = fields[0] not in (b"Z", b"X") or int(fields[17]) > 1
    ticks = int(fields[11]) + int(fields[12])
    return Process(
        pid,
        int(fields[1]),
        int(fields[2]),
        int(fields[3]),
        int(fields[19]),
        alive=alive,
        program=fields[20] != b"0",
        cpu=ticks / _TICKS,
        rss=int(fields[21]) * _PAGE,
    )


def _proc_environ(pid: int) -> bytes | None:
    try:
        return _slurp(f"/proc/{pid}/environ")
    except (*_GONE, PermissionError):
        return None


def _psutil_pids() -> list[int]:
    import psutil

    return psutil.pids()


def _psutil_read(pid: int) -> Process | None:
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            alive = process.status() != psutil.STATUS_ZOMBIE
            return Process(pid, process.ppid(), os.getpgid(pid), os.getsid(pid), process.create_time(), alive=alive)
    except (psutil.Error, OSError):
        return None


def _psutil_environ(pid: int) -> bytes | None:
    import psutil

    try:
        return _NEEDLE + psutil.Process(pid).environ().get(MARK, "").encode()
    except (psutil.Error, OSError):
        return None


list_pids: Callable[[], list[int]] = _proc_pids if LINUX else _psutil_pids
read_process: Callable[[int], Process | None] = _proc_read if LINUX else _psutil_read
read_environ: Callable[[int], bytes | None] = _proc_environ if LINUX else _psutil_environ
"""None where it may not be read; empty in the moment of an exec, and for the kernel's own threads."""


def descendants(pid: int) -> list[Process]:
    """Children and theirs, quickly: the cost is that of the tree, not of the machine's whole process table.

    Empty where the kernel does not tell (no CONFIG_PROC_CHILDREN, or no Linux): a scan finds them then.
    """
    found: list[Process] = []
    parents = [pid] if LINUX else []
    while parents:
        parent = parents.pop()
        try:
            for thread in os.listdir(f"/proc/{parent}/task"):  # noqa: PTH208
                children = [int(child) for child in _slurp(f"/proc/{parent}/task/{thread}/children").split()]
                found += filter(None, map(_proc_read, children))
                parents += children
        except OSError:
            continue
    return found


def has_open(pid: int, file: tuple[int, int]) -> bool:
    """Whether the process has this file (device, inode) open; False where that cannot be read."""
    folder = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(folder)  # noqa: PTH208 - as above
    except OSError:
        return False
    for number in numbers:
        try:
            found = os.stat(f"{folder}/{number}")  # noqa: PTH116
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == file:
            return True
    return False


def command_line(pid: int) -> list[str]:
    """The words a process was started with; empty when they cannot be read. They may hold secrets."""
    if LINUX:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
        except OSError:
            return []
    import psutil

    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []
