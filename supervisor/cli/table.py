"""The table of `botctl status`: pure, from a FleetStatus and a width to lines.

Columns are kept apart by two spaces and nothing else, so that grep, awk and cut work on it. A line never wraps on a
terminal: the reason is shortened, and columns that matter less give way to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supervisor.cli.terminal import harmless, paint, shorten
from supervisor.cli.units import duration, size
from supervisor.model.status import BotStatus, FleetStatus, Phase

COLOUR = {
    Phase.OFF: "dim",
    Phase.CLAIMING: "cyan",
    Phase.STARTING: "cyan",
    Phase.UP: "green",
    Phase.UNHEALTHY: "yellow",
    Phase.STOPPING: "cyan",
    Phase.RESTING: "yellow",
    Phase.HEALING: "magenta",
    Phase.HELD: "red",
    Phase.FAILED: "red",
}
TROUBLED = frozenset({Phase.UNHEALTHY, Phase.HELD, Phase.FAILED})
HEADER = ("NAME", "MODE", "STATE", "PID", "UPTIME", "RESTARTS", "CONFLICTS", "PORT", "MEM", "CPU")
GIVES_WAY = ("CPU", "MEM", "PORT", "MODE", "RESTARTS", "PID", "CONFLICTS", "UPTIME")
RIGHT = frozenset({"PID", "UPTIME", "RESTARTS", "CONFLICTS", "PORT", "MEM", "CPU"})
REASON_ROOM = 30


@dataclass(frozen=True, slots=True)
class Look:
    """Where the table goes: `width` in columns, None for no limit."""

    width: int | None = None
    colours: bool = False


def render(fleet: FleetStatus, look: Look) -> list[str]:
    """Everything `botctl status` shows, line by line."""
    return [*_banner(fleet, look), *_table(fleet.bots, look), *_in_full(fleet.bots, look), *_summary(fleet, look)]


def _banner(fleet: FleetStatus, look: Look) -> list[str]:
    about, lines = fleet.supervisor, []
    if about.simulated:
        text = f" SIMULATED: these bots talk to the simulator at {about.api_url}, not to Telegram "
        lines += [paint(text, "loud", colours=look.colours), ""]
    broken = [problem for problem in about.problems if problem not in about.faults]
    for text, problems in (
        (f"{about.config} cannot be used; the fleet goes on with its last good version:", broken),
        ("the bots are looked after, but not all about them can be written down:", about.faults),
    ):
        if problems:
            lines += [paint(text, "red", colours=look.colours)]
            lines += [f"  {harmless(problem)}" for problem in problems] + [""]
    if about.warnings:
        count = f"{len(about.warnings)} warning{'s' if len(about.warnings) != 1 else ''}"
        lines += [paint(f"{count} about {about.config}: `botctl check` tells", "yellow", colours=look.colours), ""]
    return lines


def _table(bots: Sequence[BotStatus], look: Look) -> list[str]:
    if not bots:
        return ["no bots yet: add one under `bots:` in bots.yaml"]
    rows = [_cells(bot) for bot in bots]
    wide = {key: max(len(key), *(len(row[key]) for row in rows)) for key in HEADER}
    columns = _columns(wide, look.width)
    used = sum(wide[key] + 2 for key in columns)
    room = None if look.width is None else max(look.width - used, 0)
    head = "".join(_pad(key, wide[key], right=key in RIGHT) for key in columns) + "REASON"
    lines = [paint(head, "bold", colours=look.colours)]
    for bot, row in zip(bots, rows, strict=True):
        cells = ""
        for key in columns:
            cell = _pad(row[key], wide[key], right=key in RIGHT)
            cells += paint(cell, COLOUR[bot.state], colours=look.colours) if key == "STATE" else cell
        reason = harmless(bot.reason)
        lines.append((cells + (reason if room is None else shorten(reason, room))).rstrip())
    return lines


def _columns(wide: dict[str, int], width: int | None) -> list[str]:
    """The columns that leave the reason room to say something, the least telling ones dropped first."""
    kept = list(HEADER)
    for key in GIVES_WAY:
        if width is None or sum(wide[each] + 2 for each in kept) + REASON_ROOM <= width:
            break
        kept.remove(key)
    return kept


def _cells(bot: BotStatus) -> dict[str, str]:
    return {
        "NAME": bot.name,
        "MODE": bot.mode,
        "STATE": str(bot.state),
        "PID": str(bot.pid or bot.container or "-"),
        "UPTIME": "-" if bot.uptime_s is None else duration(bot.uptime_s),
        "RESTARTS": str(bot.restarts),
        "CONFLICTS": str(bot.conflicts),
        "PORT": str(bot.port or "-"),
        "MEM": "-" if bot.rss_bytes is None else size(bot.rss_bytes),
        "CPU": "-" if bot.cpu_percent is None else f"{bot.cpu_percent:.0f}%",
    }


def _pad(text: str, wide: int, *, right: bool) -> str:
    return (text.rjust(wide) if right else text.ljust(wide)) + "  "


def _in_full(bots: Sequence[BotStatus], look: Look) -> list[str]:
    """The reasons that somebody must read and that the table may have shortened."""
    if look.width is None:
        return []
    lines = []
    for bot in bots:
        if bot.state in TROUBLED and len(bot.reason) > REASON_ROOM:
            lines += ["", f"{paint(bot.name, COLOUR[bot.state], colours=look.colours)}: {harmless(bot.reason)}"]
    return lines


def _summary(fleet: FleetStatus, look: Look) -> list[str]:
    counts: dict[str, int] = {}
    for bot in fleet.bots:
        counts[bot.state] = counts.get(bot.state, 0) + 1
    states = ", ".join(f"{counts[phase]} {phase}" for phase in Phase if phase in counts)
    about = fleet.supervisor
    text = f"{len(fleet.bots)} bot{'s' if len(fleet.bots) != 1 else ''}{': ' if states else ''}{states}"
    text += f" - supervisor {about.version}, pid {about.pid}, {about.config}"
    return ["", paint(text, "dim", colours=look.colours)]
