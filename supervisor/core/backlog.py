"""Silent deafness, which no log shows: a bot that is up while its updates pile up.

The count of waiting updates alone lies in both directions (a batch in work counts too, and a rival that drains
the bot keeps it at 0), so only a count that never fell for a long time, and grew, is called a stall.
"""

from __future__ import annotations

from supervisor.core.facts import Backlog
from supervisor.core.words import span
from supervisor.model.bots import StallPolicy


def seen(before: Backlog | None, pending: int, now: float) -> Backlog:
    """The backlog with one more look at it; it begins anew whenever updates became fewer, or were none."""
    if before is None or pending == 0 or pending < before.last:
        return Backlog(now, pending, pending)
    return Backlog(before.since, before.first, pending)


def stalled_by(backlog: Backlog, policy: StallPolicy, now: float) -> str:
    """The complaint, or "": it grew and never fell for `policy.after` seconds."""
    lasted = now - backlog.since
    if backlog.last <= backlog.first or lasted < policy.after:
        return ""
    return (
        f"stalled: waiting updates went from {backlog.first} to {backlog.last} in {span(lasted)} "
        "and never fell; nothing reads them"
    )
