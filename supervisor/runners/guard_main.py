"""The guard's own program: waits for the supervisor's end and kills what it leaves behind.

Run by path as `python -I -S guard_main.py FLEET BOOT botctl-guard`, with a pipe on stdin whose other end only the
supervisor holds. A byte means "leave quietly"; the end of file means that the supervisor died, however it died.
It imports nothing of this package so that it stays small.
"""

# ruff: noqa: PTH123, PTH208 - pathlib alone would cost more memory than all the rest

import os
import signal
import sys
import time

CLEAN_SCANS = 2
PATIENCE = 200
"""Scans before it gives up on a process that cannot be killed: less and less often, 40 seconds in all."""


def marked(fleet: str, boot: str) -> list[int]:
    """Live processes that carry the mark of this life of the supervisor."""
    needle = f"BOTCTL_RUN={fleet}/{boot}/".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                environ = file.read()
        except OSError:
            continue
        if environ.startswith(needle) or b"\0" + needle in environ:
            found.append(int(name))
    return found


def end_all(fleet: str, boot: str) -> None:
    """Kill until two scans in a row find nothing: a fork may hide from one of them."""
    clean = 0
    for turn in range(PATIENCE):
        found = marked(fleet, boot)
        clean = 0 if found else clean + 1
        if clean == CLEAN_SCANS:
            return
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if found:
            time.sleep(turn * 0.002)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    try:
        with open("/proc/self/comm", "w") as file:
            file.write("botctl-guard")
    except OSError:
        pass
    os.chdir("/")
    os.write(1, b"r")  # only now may the supervisor rely on us
    os.close(1)
    if not os.read(0, 1):
        end_all(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()
