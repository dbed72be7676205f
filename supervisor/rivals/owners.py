"""Who keeps a program alive, and the commands that end it for good; read from its ancestors and its variables.

The innermost keeper counts: what pm2 runs under systemd is pm2's. A name is what its keeper calls it.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from supervisor.model.rivals import Owner, OwnerKind
from supervisor.rivals.cgroups import Unit, unit_in
from supervisor.rivals.commands import needs_other_user, text
from supervisor.rivals.processes import Process, environ_of, user_name
from supervisor.rivals.programs import is_god_daemon, is_shell_without_script, program_name
from supervisor.rivals.survey import Survey

_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_MOST_PIDS = 6
_PLAIN = re.compile(r"[A-Za-z_@][\w @:-]*")


def read_cgroup(pid: int) -> str:
    """The text of /proc/PID/cgroup; empty where there is none to read."""
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Readers:
    """The two things that are read of a process only when it is suspected."""

    environ: Callable[[int], dict[str, str]] = environ_of
    cgroup: Callable[[int], str] = read_cgroup


def owner_of(survey: Survey, family: tuple[Process, ...], readers: Readers = Readers()) -> Owner:
    """The keeper of a program whose first process is `family[0]`; containers are known elsewhere."""
    top = family[0]
    line = [top, *survey.ancestors(top)]
    variables = readers.environ(top.pid)
    if top.run:
        return _botctl(top, line, readers)
    for below, elder in pairwise(line):
        name = program_name(elder).rstrip(":")
        if is_god_daemon(elder):
            return _pm2(below, elder, readers)
        if name.startswith("supervisord") and "SUPERVISOR_PROCESS_NAME" in readers.environ(below.pid):
            return _supervisord(elder, readers.environ(below.pid))
        if name in ("cron", "crond", "anacron", "CRON"):
            edit = text("crontab", "-u", user_name(top.uid), "-e", uid=None if os.geteuid() == top.uid else 0)
            return Owner(OwnerKind.CRON, f"job of {user_name(top.uid)}", (*_kill(family), edit))
        if elder.name.startswith("tmux"):
            return Owner(OwnerKind.TMUX, tmux_session(variables), _kill(family))
        if name.lower() == "screen":
            return Owner(OwnerKind.SCREEN, variables.get("STY", "").partition(".")[2], _kill(family))
    return _of_no_program(top, line, family, readers)


def _of_no_program(top: Process, line: list[Process], family: tuple[Process, ...], readers: Readers) -> Owner:
    """A person at a terminal, a unit of systemd, or nobody."""
    for elder in line[1:]:
        if elder.tty and is_shell_without_script(elder):
            return Owner(
                OwnerKind.SHELL, f"{program_name(elder)} of {user_name(elder.uid)} ({elder.pid})", _kill(family)
            )
    unit = unit_in(readers.cgroup(top.pid))
    if unit is not None:
        return _systemd(unit)
    return Owner(OwnerKind.UNKNOWN, "", _kill(family))


def _pm2(app: Process, god: Process, readers: Readers) -> Owner:
    variables = readers.environ(app.pid)
    details = _details(variables.get("pm2_env", ""))
    number = str(variables.get("pm_id", details.get("pm_id", "")))
    name = str(variables.get("name", details.get("name", number)))
    # Its title ends with its home in brackets; a long home is cut off there, as a title is no longer than the words
    # that it replaces. What pm2 hands to its programs tells it then, if it was not the usual one.
    home = god.argv[0].partition("(")[2].rpartition(")")[0] or variables.get("PM2_HOME", "")
    environ = {"PM2_HOME": home} if home and not _is_default_home(home, god.uid) else {}
    environ |= _path_to("pm2", variables.get("PATH", ""))
    if not name:
        return Owner(OwnerKind.PM2, "", (text("pm2", "list", uid=god.uid, environ=environ),))
    # pm2 takes more than names there: ids, `all`, /patterns/, and files to act on all that they describe.
    target = name if _PLAIN.fullmatch(name) and name != "all" else number
    stop, delete = (text("pm2", verb, target, uid=god.uid, environ=environ) for verb in ("stop", "delete"))
    return Owner(OwnerKind.PM2, name, (stop, delete))


def _details(packed: str) -> dict[str, object]:
    """In cluster mode pm2 hands everything over as one JSON object."""
    try:
        found = json.loads(packed) if packed else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_default_home(home: str, uid: int) -> bool:
    try:
        return uid == os.geteuid() and Path(home) == Path(pwd.getpwuid(uid).pw_dir) / ".pm2"
    except KeyError:
        return False


def _path_to(program: str, its_path: str) -> dict[str, str]:
    """PATH, where only the rival's own leads to the keeper's program: nvm and venvs are not on everybody's."""
    if shutil.which(program) or not (found := shutil.which(program, path=its_path)):
        return {}
    return {"PATH": f"{Path(found).parent}:{_DEFAULT_PATH}"}


def _supervisord(keeper: Process, variables: dict[str, str]) -> Owner:
    group, process = variables.get("SUPERVISOR_GROUP_NAME", ""), variables["SUPERVISOR_PROCESS_NAME"]
    name = process if group in ("", process) else f"{group}:{process}"
    url = variables.get("SUPERVISOR_SERVER_URL", "")
    config = _after(keeper.argv, "-c", "--configuration")
    where = ("-c", config) if config.startswith("/") else ("-s", url) if url else ()
    return Owner(OwnerKind.SUPERVISORD, name, (text(_control(keeper), *where, "stop", name, uid=keeper.uid),))


def _control(keeper: Process) -> str:
    """`supervisorctl`, or its path beside a supervisord that lives in a virtual environment."""
    if shutil.which("supervisorctl"):
        return "supervisorctl"
    for word in keeper.argv[:2]:
        beside = PurePosixPath(word).parent / "supervisorctl"
        if word.startswith("/") and Path(beside).exists():
            return str(beside)
    return "supervisorctl"


def _after(argv: tuple[str, ...], short: str, long: str) -> str:
    """The value of an option, in any of its spellings."""
    for word, following in zip(argv, (*argv[1:], ""), strict=True):
        if word in (short, long):
            return following
        if word.startswith(f"{long}="):
            return word.partition("=")[2]
        if word.startswith(short) and not word.startswith("--") and len(word) > len(short):
            return word[len(short) :]
    return ""


def _systemd(unit: Unit) -> Owner:
    if unit.uid is None:
        return Owner(OwnerKind.SYSTEMD, unit.name, (text("systemctl", "disable", "--now", unit.name, uid=0),))
    environ = {"XDG_RUNTIME_DIR": f"/run/user/{unit.uid}"}
    command = text("systemctl", "--user", "disable", "--now", unit.name, uid=unit.uid, environ=environ)
    return Owner(OwnerKind.SYSTEMD, f"{unit.name} of {user_name(unit.uid)}", (command,))


def _botctl(top: Process, line: list[Process], readers: Readers) -> Owner:
    """Another supervisor's run: `BOTCTL_RUN=<fleet>/<boot>/<bot>/<number>`."""
    bot = top.run.split("/")[2] if top.run.count("/") >= 3 else ""
    for elder in line[1:]:
        if program_name(elder) == "botctl":
            folder = _after(elder.argv, "--state-dir", "--state-dir") or readers.environ(elder.pid).get(
                "BOTCTL_STATE_DIR", ""
            )
            where = ("--state-dir", folder) if folder else ()
            command = text("botctl", "stop", bot, *where, uid=elder.uid)
            return Owner(OwnerKind.BOTCTL, f"{bot} of the supervisor with pid {elder.pid}", (command,))
    return Owner(OwnerKind.BOTCTL, f"{bot} of another supervisor", ())


def tmux_session(variables: dict[str, str]) -> str:
    """TMUX is `socket,pid of the server,number of the session`; the session's name is asked for by who can."""
    number = variables.get("TMUX", "").rpartition(",")[2]
    return f"session ${number}" if number.isdigit() else ""


def _kill(family: tuple[Process, ...]) -> tuple[str, ...]:
    """Parents first, so that none starts another."""
    pids = [str(process.pid) for process in family[:_MOST_PIDS]]
    uid = family[0].uid
    return (text("kill", *pids, uid=uid if needs_other_user(uid) else None),)
