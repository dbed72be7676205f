"""Starting one program: its own session, exactly the environment it is given, dying with the supervisor.

A fork of a grown supervisor costs milliseconds, so the usual way is vfork (what Popen does when nothing is to be
run in the child) through util-linux' `setpriv --pdeathsig`, which asks for the parent-death signal and then
becomes the program. Where that is missing, or another user is wanted, the child is forked and asks itself.
"""

from __future__ import annotations

import functools
import os
import pwd
import signal
import subprocess
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from supervisor.errors import StartRefused
from supervisor.runners.linux import LINUX, die_with
from supervisor.runners.program import Program, find_program, refusal

_SETPRIV = ("/usr/bin/setpriv", "/bin/setpriv")
# Python ignores these two in itself, and resets them in what it starts (`restore_signals`).
_INHERITED = tuple(sorted(set(signal.Signals) - {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGKILL, signal.SIGSTOP}))


@dataclass(frozen=True, slots=True)
class Order:
    """What to start. `keep` are descriptors for it to inherit; `umask` -1 leaves ours."""

    command: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]
    user: str | None = None
    keep: Sequence[int] = ()
    umask: int = -1


@dataclass(frozen=True, slots=True)
class Started:
    """A child that was executed, and our ends of its pipes. Nobody else will wait for it: give it to the reaper."""

    pid: int
    stdout: int
    stderr: int


def launch(order: Order) -> Started:
    """Raises StartRefused."""
    program = find_program(order.command[0], order.cwd, order.environ)
    account = _account(order.user)
    heed_ignored_signals()
    ends: list[int] = []
    try:
        ends += os.pipe()
        ends += os.pipe()
        pid = _spawn(order, program, account, ends[1], ends[3])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        for end in ends:
            os.close(end)
        raise refusal(error, program, order.cwd, order.user) from None
    os.close(ends[1])
    os.close(ends[3])
    return Started(pid, ends[0], ends[2])


def _spawn(order: Order, program: Program, account: pwd.struct_passwd | None, out: int, err: int) -> int:
    command = [program.path if program.kernel_knows else order.command[0], *order.command[1:]]
    helper = _setpriv() if account is None and program.kernel_knows else None
    parent = os.getpid()
    with warnings.catch_warnings(), _unblocked():
        # 3.12 and newer warn of forks beside threads; our child does nothing but two system calls.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = subprocess.Popen(
            [*helper, *command] if helper else command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=order.cwd,
            env=order.environ,
            start_new_session=True,
            pass_fds=order.keep,
            umask=order.umask,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=os.getgrouplist(account.pw_name, account.pw_gid) if account else None,
            preexec_fn=None if helper or not LINUX else functools.partial(die_with, parent),  # noqa: PLW1509
        )
    process.returncode = 0  # or Popen would wait for it behind the reaper's back
    return process.pid


def _account(user: str | None) -> pwd.struct_passwd | None:
    """None when the program shall run as we do."""
    if user is None:
        return None
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise StartRefused(
            f"there is no user {user!r} on this machine; create it or mend `user`", permanent=True
        ) from None
    if account.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise StartRefused(
            f"only root may run a bot as another user; start the supervisor as root or drop `user: {user}`",
            permanent=True,
        )
    return account


@functools.cache
def _setpriv() -> tuple[str, ...] | None:
    """The words before a command that make it die with us; None where setpriv is missing or cannot (busybox)."""
    for path in _SETPRIV:
        try:
            if b"pdeathsig" in Path(path).read_bytes():
                return (path, "--pdeathsig", "KILL", "--")
        except OSError:
            continue
    return None


def heed_ignored_signals() -> None:
    """Signals that we ignore (a shell's background job ignores SIGINT) get a handler that does nothing instead.

    An ignored signal stays ignored over exec, a handled one becomes default again: so programs start clean,
    and we go on ignoring it. Only the main thread may do this; elsewhere it is left as it is.
    """
    for number in _INHERITED:
        if signal.getsignal(number) is signal.SIG_IGN:
            try:
                signal.signal(number, lambda *_: None)
            except (OSError, ValueError):
                continue


@contextmanager
def _unblocked() -> Iterator[None]:
    """A signal mask is inherited too."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    if not blocked:
        yield
        return
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
