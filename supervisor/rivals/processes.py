"""Reading single processes: from /proc on Linux, through psutil elsewhere. No judgement.

What a process has of tokens is read here, so that its environment need not be kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.rivals.tokens import Found, tokens_in, tokens_in_env_file

LINUX = sys.platform == "linux"
_TICKS = os.sysconf("SC_CLK_TCK")
_KERNEL_THREAD = 0x00200000  # PF_KTHREAD in the kernel's include/linux/sched.h
_LOOKS = 5
_MARK = b"BOTCTL_RUN="


@dataclass(frozen=True, slots=True)
class Process:
    """One process as it was when read. `started` is Unix seconds, and with the pid tells it from later ones.

    `argv` may hold secrets. `run` is the mark of a supervisor's run, "" without one. `readable` is False where its
    environment was refused to us; then `environment` says nothing.
    """

    pid: int
    ppid: int
    uid: int
    started: float
    name: str
    argv: tuple[str, ...] = field(repr=False)
    sid: int = 0
    tty: int = 0
    run: str = ""
    environment: Found = field(default=(), repr=False)
    command_line: Found = field(default=(), repr=False)
    env_file: Found = field(default=(), repr=False)
    readable: bool = True

    @property
    def identity(self) -> tuple[int, float]:
        return self.pid, self.started


def list_pids() -> list[int]:
    if LINUX:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - the hot path
    import psutil

    return psutil.pids()


def read_process(pid: int) -> Process | None:
    """None when it is gone, a zombie, or a thread of the kernel's own."""
    return _read_proc(pid) if LINUX else _read_psutil(pid)


def environ_of(pid: int) -> dict[str, str]:
    """Its variables, for those that name its keeper; empty where they may not be read. They hold secrets."""
    if not LINUX:
        return _psutil_environ(pid) or {}
    try:
        items = _slurp(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return {}
    pairs = (os.fsdecode(item).partition("=") for item in items if b"=" in item)
    return {name: value for name, _, value in pairs}


def user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid) if uid >= 0 else ""


def _slurp(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - the hot path
        return file.readall()


def _boot_time() -> float:
    if LINUX:
        for line in Path("/proc/stat").read_text().splitlines():
            if line.startswith("btime "):
                return float(line.split()[1])
    return 0.0


# Read once: it moves when the clock is set, and start times must stay comparable.
_BOOTED = _boot_time()


def _read_proc(pid: int) -> Process | None:
    folder = f"/proc/{pid}"
    try:
        text = _slurp(f"{folder}/stat")
        uid = os.stat(folder).st_uid  # noqa: PTH116 - the hot path
        line = _slurp(f"{folder}/cmdline")
    except OSError:
        return None
    # The name may hold spaces and brackets; fields are counted from the last bracket (proc(5): state is 3rd).
    end = text.rfind(b")")
    fields = text[end + 2 :].split()
    if int(fields[6]) & _KERNEL_THREAD or fields[0] in (b"Z", b"X"):
        return None
    environ = _proc_environ(pid)
    return Process(
        pid,
        int(fields[1]),
        uid,
        _BOOTED + int(fields[19]) / _TICKS,
        os.fsdecode(text[text.find(b"(") + 1 : end]),
        tuple(os.fsdecode(line.rstrip(b"\0")).split("\0")) if line else (),
        sid=int(fields[3]),
        tty=int(fields[4]),
        run=_mark(environ or b""),
        environment=tokens_in(environ or b""),
        command_line=tokens_in(line),
        env_file=tokens_in_env_file(f"{folder}/cwd"),
        readable=environ is not None,
    )


def _proc_environ(pid: int) -> bytes | None:
    """None where it is refused. It is empty for a moment while a program is being executed: then look again."""
    environ = b""
    for _ in range(_LOOKS):
        try:
            environ = _slurp(f"/proc/{pid}/environ")
        except PermissionError:
            return None
        except OSError:
            return b""
        if environ:
            break
    return environ


def _mark(environ: bytes) -> str:
    if _MARK in environ:
        for item in environ.split(b"\0"):
            if item.startswith(_MARK):
                return os.fsdecode(item[len(_MARK) :])
    return ""


def _read_psutil(pid: int) -> Process | None:
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            base = process.ppid(), process.uids().real, process.create_time(), process.name()
            terminal = 1 if process.terminal() else 0
    except (psutil.Error, OSError):
        return None
    argv = _psutil_words(pid)
    environ = _psutil_environ(pid)
    packed = _packed(environ or {})
    return Process(
        pid,
        *base,
        argv,
        sid=_session(pid),
        tty=terminal,
        run=(environ or {}).get("BOTCTL_RUN", ""),
        environment=tokens_in(packed),
        command_line=tokens_in(os.fsencode("\0".join(argv))),
        env_file=tokens_in_env_file(_psutil_folder(pid)),
        readable=environ is not None,
    )


def _packed(environ: Mapping[str, str]) -> bytes:
    return os.fsencode("\0".join(f"{name}={value}" for name, value in environ.items()))


def _psutil_words(pid: int) -> tuple[str, ...]:
    import psutil

    try:
        return tuple(psutil.Process(pid).cmdline())
    except (psutil.Error, OSError):
        return ()


def _psutil_environ(pid: int) -> dict[str, str] | None:
    import psutil

    try:
        return psutil.Process(pid).environ()
    except (psutil.AccessDenied, PermissionError):
        return None
    except (psutil.Error, OSError):
        return {}


def _psutil_folder(pid: int) -> str:
    import psutil

    try:
        return psutil.Process(pid).cwd()
    except (psutil.Error, OSError):
        return "/nowhere"


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0
