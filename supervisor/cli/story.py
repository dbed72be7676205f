"""`botctl incidents --last`: one incident as a story, from the first sign to the end. Pure but for asking.

Every sentence says what was seen or done; what that does not tell stands apart, as the diagnosis has it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from supervisor.cli.client import Client
from supervisor.cli.terminal import harmless, has_colours, paint, width
from supervisor.cli.units import clock, duration
from supervisor.cli.wire import incident_from
from supervisor.model.incidents import Diagnosis, Incident, Outcome
from supervisor.model.signs import SignKind
from supervisor.names import UnknownBot

_SIGNS = {
    SignKind.GET_UPDATES: "another getUpdates with the same token ended the bot's poll (409)",
    SignKind.WEBHOOK_ACTIVE: "the bot's poll was refused, because a webhook is set (409)",
    SignKind.SET_WEBHOOK: "the bot's poll was ended, because somebody set a webhook (409)",
}
_COLOUR = {Outcome.OPEN: "magenta", Outcome.RECOVERED: "green", Outcome.HELD: "red", Outcome.ABANDONED: "dim"}


def show_story(state_dir: Path, bot: str | None, *, as_json: bool) -> None:
    """Print the last incident of `bot`, or of the fleet. Raises UnknownBot, NotRunning."""
    client = Client(state_dir)
    body: Any = client.get("/incidents", bot=bot, limit=1)
    if not body and bot is not None:
        known = [each.name for each in client.status().bots]
        if bot not in known:
            raise UnknownBot(bot, known)
    if as_json:
        print(json.dumps(body[0] if body else None, indent=2, ensure_ascii=False))
    elif body:
        print("\n".join(story(incident_from(body[0]), columns=width(), colours=has_colours())))
    else:
        print("no incidents" + (f" of {bot}" if bot else ""))


def story(incident: Incident, *, columns: int | None, colours: bool) -> list[str]:
    """The timeline, the diagnosis, and how it ended."""
    head = f"Incident #{incident.id}: bot {incident.bot} ({incident.bot_id}), {clock(incident.opened)}"
    told = [paint(head, "bold", colours=colours), ""]
    room = None if columns is None else max(columns, 60)
    told += _entry(incident.opened, incident, _first(incident), room)
    for step in incident.steps:
        told += _entry(step.at, incident, f"{step.action}: {step.result or 'under way'}", room)
    ended = incident.outcome.upper()
    last = _entry(incident.closed, incident, f"{ended}: {_end(incident)}", room)
    last[0] = last[0].replace(ended, paint(ended, _COLOUR[incident.outcome], colours=colours), 1)
    told += last
    if incident.diagnosis is not None:
        told += _diagnosis(incident.diagnosis, room, colours=colours)
    return told


def _first(incident: Incident) -> str:
    kind = next((each for each in SignKind if each == incident.sign), None)
    words = _SIGNS.get(kind, incident.sign) if kind is not None else incident.sign
    more = incident.signs - 1
    again = f"; {more} more sign{'s' if more != 1 else ''} followed" if more > 0 else ""
    return f"first sign in its log: {words}{again}"


def _end(incident: Incident) -> str:
    lasted = f" after {duration(incident.closed - incident.opened)}" if incident.closed is not None else ""
    match incident.outcome:
        case Outcome.RECOVERED:
            return f"no further sign came; over{lasted}"
        case Outcome.HELD:
            return "healing did not help, the bot is not run; `botctl start` tries anew"
        case Outcome.ABANDONED:
            return f"ended{lasted} without an answer: the bot was stopped or edited, or the supervisor ended"
    return "not over yet: being healed, or watched whether it comes back"


def _entry(at: float | None, incident: Incident, text: str, room: int | None) -> list[str]:
    """`13:00:01  +1s     text`, wrapped under itself; without a time for what is still so."""
    when = f"{clock(at)[11:]}  {'+' + duration(at - incident.opened):<8}" if at is not None else " " * 18
    indent = len(when) + 2
    first, *rest = _wrapped(harmless(text), indent, room)
    return [f"{when}  {first}", *(" " * indent + line for line in rest)]


def _wrapped(text: str, indent: int, room: int | None) -> list[str]:
    if room is None:
        return [text]
    return textwrap.wrap(text, room - indent, break_long_words=False, break_on_hyphens=False) or [""]


def _diagnosis(found: Diagnosis, room: int | None, *, colours: bool) -> list[str]:
    told = ["", paint(f"Diagnosis: {harmless(found.summary)}", "bold", colours=colours)]
    titles: Sequence[tuple[str, tuple[str, ...]]] = (
        ("Seen", found.evidence),
        ("Not known", found.unknown),
        ("What to do", found.remedy),
    )
    for title, texts in titles:
        if not texts:
            continue
        told.append(f"{title}:")
        for number, text in enumerate(texts, 1):
            sign = f"{number}." if title == "What to do" else "-"
            first, *rest = _wrapped(harmless(text), 5, room)
            told += [f"  {sign:<2} {first}", *(" " * 5 + line for line in rest)]
    return told
