"""From the places of one program to the combinations that make two loops. Pure; claims only what the places show.

A single start of polling is normal. Two that exclude each other (`if`/`else`), follow one another, or belong to
two tokens are normal too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import combinations

from supervisor.rivals.source.found import FileFacts, Found, Kind, Launch, exclude_each_other

REFUSES_A_SECOND = frozenset(["run_polling()", "start_polling()", "start()", "startPolling()", "polling: true"])
"""Calls that, made again on the same object, do not start a second loop: they wait, return or raise
(read in aiogram 3, python-telegram-bot 22, grammY 1, node-telegram-bot-api 0.6)."""

ORDER = (Kind.WORKERS, Kind.PM2, Kind.FLASK, Kind.POLLING, Kind.AGAIN, Kind.HEALTH, Kind.GET_UPDATES, Kind.WEBHOOK)

Suspects = dict[Found, Found | None]
"""Places that take part in a combination, each with the place it meets (None: how the program is started)."""


def judge(files: Sequence[FileFacts], entry: str | None, started: Sequence[Found]) -> Suspects:
    """`files` make up one program that begins in `entry`; `started` are the places in how it is started."""
    launched = {launch.name for facts in files for launch in facts.launches}
    only_guarded = {name for facts in files if facts.path != entry for name in facts.guarded_calls}
    only_guarded -= {name for facts in files for name in facts.calls} | launched
    live = [
        _beside(one, launched)
        for facts in files
        for one in facts.found
        if entry in (None, facts.path) or not (one.guarded or one.function in only_guarded)
    ]
    polls = [one for one in live if one.kind is Kind.POLLING]
    suspects: Suspects = {}
    for one, other in combinations(polls, 2):
        if _two_loops(one, other):
            suspects.setdefault(one, other)
            suspects.setdefault(other, one)
    for again, first in _again([launch for facts in files for launch in facts.launches], polls):
        suspects.setdefault(again, first)
    if polls:
        _with_polling(suspects, polls, [*live, *started])
    return suspects


def order(kind: Kind) -> int:
    """The likely culprit first."""
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _two_loops(one: Found, other: Found) -> bool:
    if one.path == other.path and exclude_each_other(one.branch, other.branch):
        return False
    if one.token and other.token and one.token != other.token:
        return False
    if not (one.background or other.background):
        return False  # the second begins when the first has ended
    if _wraps(one, other) or _wraps(other, one):
        return False
    same = one.path == other.path and one.receiver and one.receiver == other.receiver
    return not (same and {_plain(one), _plain(other)} <= REFUSES_A_SECOND)


def _with_polling(suspects: Suspects, polls: Sequence[Found], others: Iterable[Found]) -> None:
    """What is normal alone and is not beside polling."""
    for one in others:
        if one.kind in {Kind.WORKERS, Kind.PM2, Kind.FLASK, Kind.RELOAD} and one.several:
            suspects.setdefault(one, polls[0])
        elif one.kind in {Kind.GET_UPDATES, Kind.HEALTH, Kind.WEBHOOK}:
            met = [poll for poll in polls if _meets(one, poll)]
            if met:
                suspects.setdefault(one, met[0])


def _meets(one: Found, poll: Found) -> bool:
    if one.path != poll.path:
        return True
    if exclude_each_other(one.branch, poll.branch):
        return False
    before = one.function == poll.function and one.line <= poll.line and not one.background
    return not (before and one.kind is Kind.GET_UPDATES)  # done before polling begins: skips old updates


def _again(launches: Sequence[Launch], polls: Sequence[Found]) -> Iterable[tuple[Found, Found]]:
    """Two starts of one function that polls, with the same arguments."""
    functions = {one.function: one for one in polls if one.function}
    first: dict[tuple[str, str, str], Launch] = {}
    # The start at the top of a file is the one that is meant; one inside a function comes on top of it.
    for launch in sorted(launches, key=lambda one: (one.path, bool(one.function), one.line)):
        if (poll := functions.get(launch.name)) is None:
            continue
        before = first.setdefault((launch.path, launch.name, launch.args), launch)
        if before is not launch and not exclude_each_other(before.branch, launch.branch):
            yield Found(launch.path, launch.line, Kind.AGAIN, launch.name, poll.library), poll


def _wraps(inner: Found, outer: Found) -> bool:
    """A method of the project's own that has the library's name: calling it is the one start that there is."""
    return bool(inner.function) and inner.function == _plain(outer).removesuffix("()")


def _plain(one: Found) -> str:
    return one.call.removesuffix(" in the background")


def _beside(one: Found, launched: Collection[str]) -> Found:
    """With `background` also where the function it stands in is started beside the rest."""
    return replace(one, background=True) if one.function in launched and not one.background else one
