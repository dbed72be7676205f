"""The right to run a token: at most one holder per bot id on this host, by a file lock.

A lease is an `flock` on `<lease dir>/<bot id>.lock`. The descriptor is inherited by the run, and the lock
belongs to the open file, so a lease outlives a dead supervisor exactly as long as anything of its run does.
It is therefore never unlocked, only closed. Bot ids are public; no secret comes near this room.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from supervisor.errors import LeaseHeld, SupervisorError
from supervisor.model.leases import Holder

LEASE_DIR_VARIABLE = "BOTCTL_LEASE_DIR"


class LeaseUnavailable(SupervisorError):
    """The lease directory cannot be used; says which and why."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A granted lease; `epoch` grows with every grant and goes into marks and logs; `fd` is to be inherited."""

    token_id: int
    epoch: int
    fd: int
    since: float

    def drop(self) -> None:
        """Let go of our end; the lock lives on while a process of the run still holds the file."""
        try:
            os.close(self.fd)
        except OSError:
            pass  # dropped before: nothing is held twice


class TokenLeases(Protocol):
    """Grants leases. `take` raises LeaseHeld when somebody has it, LeaseUnavailable when it cannot be known."""

    def take(self, token_id: int, bot: str) -> Lease: ...


def default_directory() -> Path:
    """Shared by all supervisors of the host, whoever runs them: beside other programs' locks, or in /tmp."""
    given = os.environ.get(LEASE_DIR_VARIABLE)
    if given:
        return Path(given)
    locks = Path("/run/lock")
    return (locks if os.access(locks, os.W_OK) else Path("/tmp")) / "botctl"  # noqa: S108  # shared on purpose


class FileLeases:
    """Leases as lock files in one directory, whose files everybody may open: the lock is the right, not the file."""

    def __init__(self, directory: Path, command: str) -> None:
        self.directory = directory
        self._command = command

    def take(self, token_id: int, bot: str) -> Lease:
        try:
            fd = self._open(token_id)
        except OSError as error:
            raise LeaseUnavailable(
                f"lease directory {self.directory}: {error.strerror}; make it writable or set {LEASE_DIR_VARIABLE}"
            ) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _read(fd)
            os.close(fd)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise LeaseHeld(_known(holder)) from None
            raise LeaseUnavailable(f"lock in {self.directory}: {error.strerror}") from None
        last = _read(fd).get("epoch")
        since = time.time()
        epoch = last + 1 if isinstance(last, int) else 1
        _write(fd, {"pid": os.getpid(), "since": since, "command": self._command, "bot": bot, "epoch": epoch})
        return Lease(token_id, epoch, fd, since)

    def _open(self, token_id: int) -> int:
        if not self.directory.is_dir():
            self.directory.mkdir(parents=True, exist_ok=True)
            self.directory.chmod(0o1777)
        path = self.directory / f"{token_id}.lock"
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(path, flags)  # without O_CREAT first: protected_regular forbids it on others' files
        except FileNotFoundError:
            fd = os.open(path, flags | os.O_CREAT, 0o666)
            os.fchmod(fd, 0o666)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, f"{path.name} is not a regular file")
        return fd


@dataclass(slots=True)
class StateLock:
    """One supervisor a state directory: held from start to end, never inherited by a run."""

    fd: int

    def release(self) -> None:
        os.close(self.fd)


def lock_state(state_dir: Path, command: str) -> StateLock | Holder:
    """The lock of `state_dir`, or who has it."""
    fd = os.open(state_dir / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = _known(_read(fd))
        os.close(fd)
        return holder
    _write(fd, {"pid": os.getpid(), "since": time.time(), "command": command})
    return StateLock(fd)


def _known(data: dict[str, object]) -> Holder:
    pid, since = data.get("pid"), data.get("since")
    return Holder(
        pid if isinstance(pid, int) else 0,
        float(since) if isinstance(since, int | float) else 0.0,
        str(data.get("command") or ""),
        str(data.get("bot") or ""),
    )


def _read(fd: int) -> dict[str, object]:
    try:
        data = json.loads(os.pread(fd, 4096, 0).decode(errors="replace") or "{}")
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _write(fd: int, data: dict[str, object]) -> None:
    """What is written is for people; failing to (a full disk) does not weaken the lock."""
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(data).encode(), 0)
    except OSError:
        pass
