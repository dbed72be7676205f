"""The right to run a token: at most one holder per bot id on this host, by a file lock.

A lease is an `flock` on `<lease dir>/<bot id>.lock`. The descriptor is inherited by the run, and the lock
belongs to the open file, so a lease outlives a dead supervisor exactly as long as anything of its run does.
It is therefore never unlocked, only closed. Bot ids are public; no secret comes near this room.

A lock is on a file and not on its name, and names can be removed (`rm -rf`, a cleaner of /tmp). So whoever finds no
note in a lock file first asks /proc for a holder of a removed one, and a holder makes sure now and then (`renew`)
that its file still has the name. What a lock file says, and who has one open, is lockfiles.py's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from supervisor.errors import LeaseHeld, SupervisorError
from supervisor.lockfiles import Openers, author, read_note, write_note
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
    """Grants leases. Both raise LeaseHeld when somebody else has it, LeaseUnavailable when it cannot be known."""

    def take(self, token_id: int, bot: str) -> Lease: ...

    def renew(self, lease: Lease, bot: str) -> Lease:
        """The same right, whatever became of its file; another Lease where that had to be made anew."""
        ...


def default_directory(locks: Path = Path("/run/lock")) -> Path:
    """Shared by all supervisors of the host, whoever runs them: beside other programs' locks, or in /tmp.

    What everybody may use decides, not what we may: otherwise root would lock here and its users there.
    """
    given = os.environ.get(LEASE_DIR_VARIABLE)
    if given:
        return Path(given)
    try:
        everybodys = bool(locks.stat().st_mode & stat.S_IWOTH)
    except OSError:
        everybodys = False
    return (locks if everybodys else Path("/tmp")) / "botctl"  # noqa: S108  # shared on purpose


class FileLeases:
    """Leases as lock files in one directory, whose files everybody may open: the lock is the right, not the file."""

    def __init__(self, directory: Path, command: str) -> None:
        self.directory = directory
        self._command = command
        self._openers = Openers()

    def take(self, token_id: int, bot: str) -> Lease:
        fd = self._opened(token_id)
        if "epoch" not in read_note(fd) and (holder := self._openers.of_removed(self._path(token_id).name)):
            os.close(fd)
            raise LeaseHeld(holder)
        return self._lock(fd, token_id, bot)

    def renew(self, lease: Lease, bot: str) -> Lease:
        try:
            fcntl.flock(lease.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ours, unless a process of the run let go of it
        except OSError:
            raise LeaseHeld(author(lease.fd)) from None
        if self._named(lease.fd, lease.token_id):
            return lease
        fresh = self._lock(self._opened(lease.token_id), lease.token_id, bot)
        lease.drop()
        return replace(fresh, epoch=max(fresh.epoch, lease.epoch + 1))

    def _lock(self, fd: int, token_id: int, bot: str) -> Lease:
        """The lease by the open file `fd`, which is closed when there is none."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._openers.instead_of(author(fd), fd)
            os.close(fd)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise LeaseHeld(holder) from None
            raise LeaseUnavailable(f"lock in {self.directory}: {error.strerror}") from None
        if not self._named(fd, token_id):
            os.close(fd)
            raise LeaseUnavailable(f"the lock file of {token_id} in {self.directory} was removed just now")
        last = read_note(fd).get("epoch")
        since = time.time()
        epoch = last + 1 if isinstance(last, int) and 0 < last < 2**53 else 1
        write_note(fd, {"pid": os.getpid(), "since": since, "command": self._command, "bot": bot, "epoch": epoch})
        return Lease(token_id, epoch, fd, since)

    def _named(self, fd: int, token_id: int) -> bool:
        """Is the open file still the one of that name?"""
        try:
            named, ours = os.lstat(self._path(token_id)), os.fstat(fd)
        except OSError:
            return False
        return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)

    def _path(self, token_id: int) -> Path:
        return self.directory / f"{token_id}.lock"

    def _opened(self, token_id: int) -> int:
        try:
            return self._open(token_id)
        except OSError as error:
            remedy = (
                "raise the limit on open files"
                if error.errno in (errno.EMFILE, errno.ENFILE)
                else f"make it writable or set {LEASE_DIR_VARIABLE}"
            )
            raise LeaseUnavailable(f"lease directory {self.directory}: {error.strerror}; {remedy}") from None

    def _open(self, token_id: int) -> int:
        if not self.directory.is_dir():
            self.directory.mkdir(parents=True, exist_ok=True)
            self.directory.chmod(0o1777)
        path = self._path(token_id)
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
    folder: int

    def release(self) -> None:
        os.close(self.fd)
        os.close(self.folder)


def lock_state(state_dir: Path, command: str) -> StateLock | Holder:
    """The lock of `state_dir`, or who has it. Two locks: on a file with a note, and on the folder itself."""
    fd = os.open(state_dir / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    if not (_locked(fd) and _locked(folder)):  # whoever tidied the file away left the folder
        holder = author(fd)
        os.close(fd)
        os.close(folder)
        return holder
    write_note(fd, {"pid": os.getpid(), "since": time.time(), "command": command})
    return StateLock(fd, folder)


def _locked(fd: int) -> bool:
    """False when somebody has it; True also where the file system has no locks on folders (NFS)."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
    return True
