"""`botctl logs`: lines of the log files, for the eye or as JSON, and on as they come.

Files are read, not the control API: so it works while no supervisor runs, and following goes on over a restart.
"""

from __future__ import annotations

import json
import time
import zlib
from datetime import datetime
from pathlib import Path

from supervisor.cli.terminal import harmless, has_colours, is_terminal, paint
from supervisor.errors import NotRunning, SupervisorError
from supervisor.logs.reader import Cursor, merged_tail, read_from, tail_from
from supervisor.model.runs import LogLine
from supervisor.names import pick
from supervisor.paths import log_folder

EVERY = 0.25
"""Seconds between two looks while following."""

NAME_COLOURS = ("cyan", "green", "magenta", "blue", "yellow")


def show_lines(
    state_dir: Path, patterns: list[str], n: int, since: float | None, *, follow: bool, as_json: bool
) -> None:
    """Print the last `n` lines of the bots that `patterns` mean (all without any), none older than `since`."""
    folder = log_folder(state_dir)
    bots = pick(patterns, _names(state_dir, folder)) if patterns else _with_logs(folder)
    if not bots and not follow:
        # Nothing was ever written here: say so, or say that there is no supervisor at all.
        _running_names(state_dir)
        return
    printer = _Printer(alone=len(bots) == 1, as_json=as_json)
    if follow:
        _follow(folder, bots, n, since, printer, growing=not patterns)
    else:
        printer.show(merged_tail(folder, bots, n, since))


def _follow(folder: Path, bots: list[str], n: int, since: float | None, printer: _Printer, *, growing: bool) -> None:
    """The last lines, then each new one, for ever; `growing` takes in bots that begin to log later."""
    cursors: dict[str, Cursor] = {}
    first: list[LogLine] = []
    for bot in bots:
        lines, cursors[bot] = tail_from(folder, bot, n, since)
        first += lines
    first.sort(key=_time)
    printer.show(first[-n:] if n else [])
    while True:
        time.sleep(EVERY)
        if growing:
            cursors |= {bot: Cursor() for bot in _with_logs(folder) if bot not in cursors}
        printer.show(_news(folder, cursors))


def _news(folder: Path, cursors: dict[str, Cursor]) -> list[LogLine]:
    """The lines since the last look, in order of time; moves the cursors."""
    found: list[LogLine] = []
    for bot, cursor in cursors.items():
        lines, cursors[bot] = read_from(folder, bot, cursor)
        found += lines
    return sorted(found, key=_time)


def _time(line: LogLine) -> float:
    return line.at


def _names(state_dir: Path, folder: Path) -> list[str]:
    """Every name that makes sense here: with a log, or in the fleet that runs now."""
    names = dict.fromkeys(_with_logs(folder))
    try:
        names |= dict.fromkeys(_running_names(state_dir))
    except SupervisorError:
        if not names:
            raise
    return list(names)


def _running_names(state_dir: Path) -> list[str]:
    from supervisor.cli.client import Client

    try:
        return [bot.name for bot in Client(state_dir).status().bots]
    except NotRunning as error:
        error.args = (f"{error}, and it has no logs",)
        raise


def _with_logs(folder: Path) -> list[str]:
    return sorted(path.name.removesuffix(".log") for path in folder.glob("*.log"))


class _Printer:
    """`13:00:00 news  text` on a terminal; with date, milliseconds and stream elsewhere, so that it can be sorted."""

    def __init__(self, *, alone: bool, as_json: bool) -> None:
        self._as_json = as_json
        self._short = is_terminal()
        self._colours = has_colours()
        self._alone = alone
        self._wide = 0

    def show(self, lines: list[LogLine]) -> None:
        if not lines:
            return
        self._wide = max([self._wide, *(len(line.bot) for line in lines)])
        form = self._json if self._as_json else self._line
        print("\n".join(map(form, lines)), flush=True)

    def _json(self, line: LogLine) -> str:
        return json.dumps(line.as_json(), ensure_ascii=False)

    def _line(self, line: LogLine) -> str:
        text = harmless(line.text, colours=self._colours)
        when = datetime.fromtimestamp(line.at).astimezone()
        if not self._short:
            return f"{when.isoformat(timespec='milliseconds')} {line.bot} {line.stream} {text}"
        name = "" if self._alone else f"{line.bot:<{self._wide}} "
        colour = NAME_COLOURS[zlib.crc32(line.bot.encode()) % len(NAME_COLOURS)]
        tag = "" if line.stream in ("stdout", "stderr") else f"[{line.stream}] "
        return (
            paint(f"{when:%H:%M:%S} ", "dim", colours=self._colours)
            + paint(name, colour, colours=self._colours)
            + paint(tag, "bold", colours=self._colours)
            + text
        )
