"""`botctl incidents`: each conflict with its steps, its end, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from supervisor.cli.client import Client
from supervisor.cli.terminal import harmless, has_colours, paint
from supervisor.cli.units import clock, duration
from supervisor.cli.wire import incident_from
from supervisor.model.incidents import Diagnosis, Incident, Outcome
from supervisor.names import UnknownBot

COLOUR = {Outcome.OPEN: "magenta", Outcome.RECOVERED: "green", Outcome.HELD: "red", Outcome.ABANDONED: "dim"}


def show_incidents(state_dir: Path, bot: str | None, n: int, *, as_json: bool) -> None:
    """Print the newest `n` incidents, oldest first, so that the newest stands where the eye is."""
    client = Client(state_dir)
    body: Any = client.get("/incidents", bot=bot, limit=n)
    if bot is not None and not body:
        known = [each.name for each in client.status().bots]
        if bot not in known:
            raise UnknownBot(bot, known)
    if as_json:
        print(json.dumps(body, indent=2, ensure_ascii=False))
        return
    told = [line for each in reversed(body) for line in (*lines(incident_from(each), colours=has_colours()), "")]
    print("\n".join(told[:-1]) if told else "no incidents" + (f" of {bot}" if bot else ""))


def lines(incident: Incident, *, colours: bool) -> list[str]:
    """One incident: a headline, a line for each step, and the diagnosis where there is one."""
    end = str(incident.outcome)
    if incident.closed is not None:
        end += f" after {duration(incident.closed - incident.opened)}"
    seen = f"{incident.signs} sign{'s' if incident.signs != 1 else ''}"
    head = f"#{incident.id} {incident.bot}  {clock(incident.opened)}  {incident.sign}  "
    told = [
        paint(head, "bold", colours=colours)
        + paint(end, COLOUR[incident.outcome], colours=colours)
        + f", {seen} in the log"
    ]
    told += [
        f"  {clock(step.at)[11:]}  {harmless(step.action)}: {harmless(step.result) or 'under way'}"
        for step in incident.steps
    ]
    return told + (_diagnosis(incident.diagnosis) if incident.diagnosis else [])


def _diagnosis(found: Diagnosis) -> list[str]:
    told = [f"  diagnosis: {harmless(found.summary)}"]
    for title, texts in (("seen", found.evidence), ("not known", found.unknown), ("what to do", found.remedy)):
        told += [f"    {title}: {harmless(text)}" for text in texts]
    return told
