"""The probe: does somebody else poll? Asked by holding a getUpdates open while no run of ours can.

Two forms. A rival that the server lets wait is met at once, one in steady polling within about 4 s (the source of
tdlib/telegram-bot-api, Client.cpp: the newer blocking getUpdates ends the older with a 409).

quick, 1 x 10 s: finds rivals in steady polling. Misses one in its back-off after an error or a 409
    (python-telegram-bot: up to 30 s; pyTelegramBotAPI and teloxide: up to 64 s).
thorough, 2 x 50 s: finds these too. Misses one that polls with timeout 0 at pauses of 3 s and more, one that is
    inside a long handler (grammY polls again only after it), and one that is just restarting.

A 409 is certain, silence never is. Updates that wait are given at once, so the poll ends without an answer about
rivals; then the queue is watched instead: falling while no run of ours is there means that somebody takes them, or
that they expired. No offset is sent, so nothing is confirmed (section "getUpdates" of the server's source).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import pairwise

from supervisor.doctor.patient import Patient
from supervisor.doctor.webhook import host_of
from supervisor.model.findings import Finding, Level
from supervisor.telegram import BotApi, ProbeResult


@dataclass(frozen=True, slots=True)
class Form:
    """Seconds: `times` polls of `hold` each; the queue is looked at each `pause` where polls cannot tell."""

    name: str
    hold: float
    times: int
    pause: float
    misses: str

    @property
    def seconds(self) -> float:
        return self.hold * self.times


_ALWAYS_MISSED = "one that polls without waiting at pauses of 3 s and more, sits in a long handler, or is restarting"
_IN_BACK_OFF = "one in its back-off (python-telegram-bot up to 30 s, pyTelegramBotAPI and teloxide up to 64 s)"
QUICK = Form("quick", 10.0, 1, 2.5, f"{_IN_BACK_OFF}, {_ALWAYS_MISSED}")
THOROUGH = Form("thorough", 50.0, 2, 10.0, _ALWAYS_MISSED)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe met: its polls, and how many updates waited at which second, from the first look on."""

    polls: tuple[ProbeResult, ...]
    pending: tuple[tuple[float, int], ...]
    webhook: str = ""


async def probe(api: BotApi, form: Form) -> Seen:
    """Only while no run of ours can poll: the caller holds the token's lease. Raises TelegramError."""
    began = time.monotonic()
    info = await api.webhook()
    pending = [(0.0, info.pending)]
    if info.url:
        return Seen((), tuple(pending), info.url)
    polls: list[ProbeResult] = []
    while len(polls) < form.times and not (polls and (polls[-1].conflict or polls[-1].waiting)):
        polls.append(await api.probe(form.hold))
    while polls[-1].waiting and time.monotonic() - began < form.seconds:
        await asyncio.sleep(form.pause)
        pending.append((time.monotonic() - began, (await api.webhook()).pending))
    if len(pending) == 1:
        pending.append((time.monotonic() - began, (await api.webhook()).pending))
    return Seen(tuple(polls), tuple(pending))


def judge_probe(patient: Patient, form: Form, seen: Seen) -> list[Finding]:
    """What the probe proves, and no more. Pure."""
    if seen.webhook:
        told = f"not made: a webhook is set at {host_of(seen.webhook)}, so every poll is refused, a rival's too"
        return [patient.found("probe", Level.OK, told)]
    last = seen.polls[-1]
    return [_met(patient, form, last), *_moved(patient, seen)]


def _met(patient: Patient, form: Form, last: ProbeResult) -> Finding:
    if last.rival:
        told = "certain: somebody else polls with this token, another getUpdates ended ours"
        remedy = f"botctl rivals {patient.name}    # nobody here? then elsewhere: end it, or @BotFather, /revoke"
        return patient.found("probe", Level.PROBLEM, told, remedy)
    if last.conflict:
        told = f"ended by a conflict that tells nothing of pollers: {last.conflict}"
        return patient.found("probe", Level.PROBLEM, told, f"botctl doctor {patient.name}    # is a webhook set now?")
    if last.waiting:
        told = "inconclusive: updates were waiting, so the poll was answered at once (none of them is lost)"
        return patient.found(
            "probe", Level.UNKNOWN, told, f"botctl doctor {patient.name} --probe    # once none waits"
        )
    told = f"none seen within {form.seconds:g} s ({form.name}); not seen would be {form.misses}"
    return patient.found("probe", Level.OK, told)


def _moved(patient: Patient, seen: Seen) -> list[Finding]:
    counts = [count for _, count in seen.pending]
    if not any(counts):
        return []
    told = f"waiting updates while no run of ours was there: {', '.join(map(str, counts))}"
    told += f" in {seen.pending[-1][0]:.0f} s"
    if any(after < before for before, after in pairwise(counts)):
        told += ": somebody takes them, or they expired (inline queries after 30 s, button presses after 150 s)"
        return [patient.found("queue", Level.WARNING, told, f"botctl rivals {patient.name}")]
    return [patient.found("queue", Level.OK, f"{told}: nobody took any")]
