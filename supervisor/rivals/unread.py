"""What of this host's processes we cannot see, in words: "none found" must not stand for "none looked at"."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from supervisor.rivals.processes import LINUX, Process, user_name

# The first pid namespace has this inode number (PROC_PID_INIT_INO in the kernel's include/linux/proc_ns.h).
_HOST_NAMESPACE = "pid:[4026531836]"
_MOST_NAMES = 4


def what_is_hidden(processes: Iterable[Process]) -> tuple[str, ...]:
    """One sentence for each reason, with what helps."""
    told = [refused([process for process in processes if not process.readable])]
    if LINUX:
        told += [_namespace(_link("/proc/self/ns/pid")), hidden_by_mount(_mounts(), os.geteuid())]
    return tuple(text for text in told if text)


def refused(processes: list[Process]) -> str:
    """About processes whose environment and folder were refused to us."""
    if not processes:
        return ""
    names = sorted({user_name(process.uid) for process in processes})
    users = ", ".join(names[:_MOST_NAMES]) + (" and others" if len(names) > _MOST_NAMES else "")
    count = len(processes)
    what = f"{count} process{'es' if count != 1 else ''} of {users}"
    if os.geteuid() == 0:
        return f"the environment of {what} could not be read, although we are root (a container without SYS_PTRACE?)"
    return f"the environment of {what} could not be read: root can (sudo botctl rivals)"


def hidden_by_mount(mounts: str, uid: int) -> str:
    """About /proc mounted with `hidepid`, from the text of /proc/self/mountinfo (proc(5))."""
    for line in mounts.splitlines():
        fields = line.split()
        if uid != 0 and len(fields) > 4 and fields[4] == "/proc" and re.search(r"hidepid=(2|invisible|4|ptr)", line):
            return "processes of other users are hidden (/proc is mounted with hidepid): root sees them"
    return ""


def _namespace(link: str) -> str:
    if link in ("", _HOST_NAMESPACE):
        return ""
    return (
        "we run in a container (a pid namespace): processes of the host and of other containers cannot be seen "
        "from here; run `botctl rivals` on the host"
    )


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""
