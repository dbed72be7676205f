"""An edit of bots.yaml for the eye: `+ news starts`, `~ shop restarts: command`, `- old stops`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from supervisor.cli.exits import Exit
from supervisor.cli.terminal import has_colours, paint
from supervisor.model.plans import Change, ChangeKind, Effect, Reload

MARKS = {ChangeKind.ADDED: ("+", "green"), ChangeKind.CHANGED: ("~", "yellow"), ChangeKind.REMOVED: ("-", "red")}


def plan_without_supervisor(file: Path) -> Reload:
    """What `botctl up` would do with `file`: every enabled bot starts. Raises ConfigError."""
    from supervisor.config.load import load

    fleet = load(file, os.environ)
    changes = [
        Change(bot.name, ChangeKind.ADDED, (), Effect.STARTS if bot.enabled else Effect.NOTHING) for bot in fleet
    ]
    return Reload(tuple(changes), (), tuple(str(warning) for warning in fleet.warnings))


def show(edit: Reload, done: str, *, as_json: bool) -> Exit:
    """Print `edit` and return the exit code that it means; `done` is the verb of the last line."""
    if as_json:
        print(json.dumps(edit.as_json(), indent=2, ensure_ascii=False))
    else:
        for warning in edit.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        if edit.problems:
            print("\n".join(edit.problems), file=sys.stderr)
            print("  nothing was changed; the fleet goes on as it was. Mend the file.", file=sys.stderr)
        else:
            print("\n".join(lines(edit, done, colours=has_colours())))
    return Exit.BAD_USAGE if edit.problems else Exit.DONE


def lines(edit: Reload, done: str, *, colours: bool) -> list[str]:
    """The changed bots one a line, then a count."""
    moving = [change for change in edit.changes if change.kind is not ChangeKind.UNCHANGED]
    if not moving:
        return [f"nothing {done}: bots.yaml is what runs"]
    wide = max(len(change.bot) for change in moving)
    return [
        *(_line(change, wide, colours=colours) for change in moving),
        f"{len(moving)} of {len(edit.changes)} bots {done}",
    ]


def _line(change: Change, wide: int, *, colours: bool) -> str:
    mark, style = MARKS[change.kind]
    effect = "stays off" if change.effect is Effect.NOTHING else str(change.effect)
    fields = f": {', '.join(change.fields)}" if change.fields else ""
    return paint(f"{mark} {change.bot:<{wide}}  {effect}{fields}", style, colours=colours)
