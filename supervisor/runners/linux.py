"""The few calls of Linux that Python has no name for, and pidfds; elsewhere each is a quiet no-op.

Importing this room never fails: a platform without prctl or pidfd only loses the extra safety.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl() -> Callable[..., int]:
    if not LINUX:
        return lambda *_: 0
    function = ctypes.CDLL(None).prctl
    function.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    return lambda option, value: int(function(option, value, 0, 0, 0))


# Loaded now: nothing may be imported or resolved between fork and exec.
prctl = _prctl()


def become_subreaper(wanted: bool = True) -> bool:
    """Orphaned descendants of this process become its children (prctl(2)), or not; False where that is unknown."""
    return LINUX and prctl(_PR_SET_CHILD_SUBREAPER, int(wanted)) == 0


def die_with(parent: int) -> None:
    """In a forked child: be killed when the thread that forked us ends; leave at once if `parent` is gone already."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def open_pidfd(pid: int) -> int | None:
    """A descriptor that means this very process, readable once it ended; None where there is no such thing.

    Raises ProcessLookupError when there is no process `pid`.
    """
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:  # an old kernel, a sandbox, or no descriptors left
        return None
