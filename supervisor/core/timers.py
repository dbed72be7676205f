"""Timers of one bot: one of each kind; a new one replaces the old, whose news is then nobody's."""

from __future__ import annotations

from supervisor.core.commands import Wake
from supervisor.core.facts import Facts, Timer


def wake(facts: Facts, timer: Timer, seconds: float, now: float, jitter: float = 0.0) -> Wake:
    """Ask to be told after `seconds`; `jitter` is the share by which the performer may lengthen them."""
    facts.next_number += 1
    facts.timers[timer] = (facts.next_number, now + seconds)
    return Wake(facts.next_number, seconds, jitter)


def forget(facts: Facts, *timers: Timer) -> None:
    for timer in timers:
        facts.timers.pop(timer, None)


def elapsed(facts: Facts, number: int) -> Timer | None:
    """Which timer rang, if it is still the current one of its kind; it is gone afterwards."""
    for timer, (current, _) in facts.timers.items():
        if current == number:
            del facts.timers[timer]
            return timer
    return None
