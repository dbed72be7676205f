"""Reads the places where tokens end up: our log files, histories of shells, pm2's dump, command lines. Bounded.

Each reader gives leaks and, in words, what it read and what it could not read; it judges nothing.
"""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.doctor.leaks import Known, Leak, Place
from supervisor.doctor.patient import Visit, counted
from supervisor.doctor.rights import all_may_pass
from supervisor.paths import log_folder
from supervisor.rivals.survey import take_survey

BLOCK = 1024 * 1024
LARGEST = 64 * BLOCK
_OVERLAP = 128
SECONDS = 5.0
"""For one place; logs of hundreds of bots may be gigabytes, and the newest are read first."""

HISTORIES = (
    ".bash_history", ".zsh_history", ".zhistory", ".histfile", ".sh_history", ".ash_history", ".ksh_history",
    ".local/share/fish/fish_history", ".local/state/bash/history", ".python_history", ".node_repl_history",
)  # fmt: skip


@dataclass(slots=True)
class Search:
    """What one place gave: `looked` is in words, for a search that found nothing."""

    place: Place
    looked: str
    leaks: list[Leak] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def search_logs(visit: Visit, known: Known) -> Search:
    """The supervisor redacts what it stores, so there must be none: one found is our own fault."""
    folder = log_folder(visit.state_dir)
    files = sorted(folder.glob("*.log*"), key=_modified, reverse=True)
    search = Search(Place.LOGS, f"{counted(len(files), 'log file')} of {folder}")
    until = time.monotonic() + SECONDS
    for number, path in enumerate(files):
        if time.monotonic() > until:
            told = f"only {number} of {len(files)} log files were read within {SECONDS:g} s, the newest ones"
            search.unread.append(told)
            break
        for bot_id, current in _scan(path, known, search).items():
            remedy = f"rm {path}    # and please report how it got there"
            search.leaks.append(Leak(bot_id, search.place, str(path), current, remedy=remedy))
    return search


def search_histories(visit: Visit, known: Known) -> Search:
    """The current user's; each is named with the lines that hold a token."""
    files = [visit.home / name for name in HISTORIES]
    given = visit.environ.get("HISTFILE")
    if given:
        files.append(Path(given))
    there = [path for path in dict.fromkeys(files) if path.is_file()]
    search = Search(Place.HISTORY, f"{len(there)} history file(s) of {visit.home}")
    for path in there:
        for bot_id, (line, current) in _lines(path, known, search).items():
            remedy = f"sed -i '/{bot_id}\\(:\\|%3A\\)/d' {path}    # then close the shells that are open"
            where = f"{path} (line {line})"
            search.leaks.append(Leak(bot_id, search.place, where, current, is_wide(path), remedy))
    return search


def search_pm2(visit: Visit, known: Known) -> Search:
    """What `pm2 resurrect` starts at the next boot: with the token in it, that is a second poller to come."""
    folder = Path(visit.environ.get("PM2_HOME") or visit.home / ".pm2")
    files = [path for name in ("dump.pm2", "dump.pm2.bak") if (path := folder / name).is_file()]
    search = Search(Place.PM2, f"{counted(len(files), 'dump')} of pm2 in {folder}")
    for path in files:
        for name, data in _apps(path, search):
            for bot_id, current in known.found_in(data).items():
                where = f"{path}" + (f" (app {name}, which pm2 would start again with it)" if name else "")
                remedy = f"pm2 delete '{name}' && pm2 save --force" if name else f"rm {path}"
                search.leaks.append(Leak(bot_id, search.place, where, current, is_wide(path), remedy))
    return search


def search_command_lines(known: Known) -> Search:
    """Of every process that is shown to us: `ps` shows them to everybody."""
    survey = take_survey()
    search = Search(Place.COMMAND_LINE, f"{len(survey.processes)} command lines")
    for process in survey.processes.values():
        for bot_id, secret in process.command_line:
            if bot_id in known.ids:
                remedy = "take it out of the arguments: the bot gets it in its environment (token_env)"
                where = f"the command line of pid {process.pid} ({process.name})"
                current = known.is_current(bot_id, secret)
                search.leaks.append(Leak(bot_id, search.place, where, current, current, remedy))
    return search


def is_wide(path: Path) -> bool:
    """Whether everybody on this machine may read the file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH) and all_may_pass(path)
    except OSError:
        return False


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _scan(path: Path, known: Known, search: Search) -> dict[int, bool]:
    found: dict[int, bool] = {}
    for block in _blocks(path, search):
        for bot_id, current in known.found_in(block).items():
            found[bot_id] = found.get(bot_id, False) or current
    return found


def _blocks(path: Path, search: Search) -> Iterator[bytes]:
    """The file piece by piece, each beginning with the end of the one before: no token is cut in two."""
    until = time.monotonic() + SECONDS
    try:
        with path.open("rb") as file:
            tail = b""
            while block := file.read(BLOCK):
                yield tail + block
                tail = block[-_OVERLAP:]
                if time.monotonic() > until:
                    search.unread.append(f"{path} is too large to be read within {SECONDS:g} s")
                    return
    except OSError as error:
        search.unread.append(f"{path} could not be read: {error.strerror}")


def _whole(path: Path, search: Search) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        search.unread.append(f"{path} could not be read: {error.strerror}")
        return b""
    if len(data) > LARGEST:
        search.unread.append(f"only the first {LARGEST // BLOCK} MB of {path} were read")
    return data


def _lines(path: Path, known: Known, search: Search) -> dict[int, tuple[int, bool]]:
    """Bot id to the first line with its token, the current one before an older one."""
    found: dict[int, tuple[int, bool]] = {}
    for number, line in enumerate(_whole(path, search).split(b"\n"), 1):
        if b":" not in line and b"%3" not in line:
            continue
        for bot_id, current in known.found_in(line).items():
            if bot_id not in found or (current and not found[bot_id][1]):
                found[bot_id] = number, current
    return found


def _apps(path: Path, search: Search) -> list[tuple[str, bytes]]:
    """Each app of the dump by name, as bytes to search; all of the file without a name where it is no list."""
    data = _whole(path, search)
    try:
        apps = json.loads(data)
    except (ValueError, RecursionError):
        return [("", data)]
    if not isinstance(apps, list):
        return [("", data)]
    return [(str(app.get("name", "")) if isinstance(app, dict) else "", json.dumps(app).encode()) for app in apps]
