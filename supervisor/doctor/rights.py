"""Who else on this machine may read the secrets, write bots.yaml, or command the supervisor.

A file counts as open to others only if the folders above it let them pass, too.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from supervisor.doctor.patient import Visit, of_host
from supervisor.model.findings import Finding, Level
from supervisor.paths import control_socket, log_folder

_TOKEN = re.compile(rb"[0-9]{6,}:[A-Za-z0-9_-]{30,}")
_MOST = 1024 * 1024


def check_rights(visit: Visit) -> list[Finding]:
    """bots.yaml and all files read for it; then the state directory with what lies in it."""
    config = [_of_config(path, visit.fleet.path) for path in dict.fromkeys(visit.fleet.files)]
    state = [_closed(path) for path in _of_state(visit.state_dir)]
    bad = [finding for finding in (*config, *state) if finding is not None]
    return bad or [of_host("rights", Level.OK, "bots.yaml, its secrets and the state directory are closed to others")]


def _of_state(state_dir: Path) -> tuple[Path, ...]:
    return (state_dir, control_socket(state_dir), state_dir / "journal.sqlite", log_folder(state_dir))


def _of_config(path: Path, bots_yaml: Path) -> Finding | None:
    """Trouble with one file of the configuration, if there is any."""
    try:
        status = path.stat()
    except OSError:
        return None
    passable = all_may_pass(path)
    if status.st_mode & stat.S_IWOTH and passable:
        told = f"everybody on this machine may change {path}, and with it what runs here"
        return of_host("rights", Level.PROBLEM, told, f"chmod o-w {path}")
    if os.geteuid() == 0 and status.st_uid != 0 and path == bots_yaml:
        told = f"{path} belongs to user {status.st_uid}, who can so run anything as root, under this supervisor"
        return of_host("rights", Level.WARNING, told, f"chown root {path}")
    if not status.st_mode & 0o077 or str(path).startswith("/run/secrets/"):
        return None
    try:
        with path.open("rb") as file:
            secret = _TOKEN.search(file.read(_MOST)) is not None
    except OSError:
        return of_host("rights", Level.UNKNOWN, f"{path} could not be read", f"ls -l {path}")
    if not secret:
        return None
    everybody = bool(status.st_mode & stat.S_IROTH) and passable
    who = "everybody on this machine" if everybody else "its group, or others if the folders above are opened,"
    told = f"{who} may read the tokens in {path} (mode {stat.S_IMODE(status.st_mode):04o})"
    return of_host("rights", Level.PROBLEM if everybody else Level.WARNING, told, f"chmod 600 {path}")


def _closed(path: Path) -> Finding | None:
    """Trouble with a file or folder of the state directory, if there is any."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if not mode & 0o077 or not all_may_pass(path):
        return None
    command = "chmod 700" if stat.S_ISDIR(mode) else "chmod 600"
    told = f"{path} is open to others (mode {stat.S_IMODE(mode):04o})"
    if stat.S_ISSOCK(mode):
        told += ": whoever may open it may do everything"
    harm = stat.S_ISSOCK(mode) or mode & 0o022
    return of_host("rights", Level.PROBLEM if harm else Level.WARNING, told, f"{command} {path}")


def all_may_pass(path: Path) -> bool:
    """Whether every folder above `path` lets everybody through."""
    for folder in path.absolute().parents:
        try:
            if not folder.stat().st_mode & stat.S_IXOTH:
                return False
        except OSError:
            return False
    return True
