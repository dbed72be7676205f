"""Before a polling bot starts: is the token good, and is the way free of a webhook?

Runs before every start of a run, so that a crash loop cannot hide a revoked token. Telegram out of reach is
no reason to keep a bot down: after PATIENCE seconds it goes, shown as unverified.
"""

from __future__ import annotations

from collections.abc import Generator

from supervisor.core.steps import (
    Answer,
    DeleteWebhook,
    Denied,
    Fail,
    Go,
    Identify,
    LookAround,
    NoAnswer,
    Pause,
    Prepare,
    PrepareFailed,
    Procedure,
    ReadWebhook,
    Rejected,
    Rest,
    Step,
    WebhookSeen,
)
from supervisor.model.bots import BotSpec, Mode, Rivals

PATIENCE = 30.0
"""Seconds for which an unreachable Telegram is asked again before we go on without its answer."""

LONGEST_FLOOD_WAIT = 60.0
"""A `retry after` above this is not sat out in a procedure; the call counts as unanswered."""


def preflight(spec: BotSpec) -> Procedure:
    """Setup, a look at this host, getMe, and for a bot that polls: no webhook in the way, verified."""
    prepared = yield Prepare()
    if isinstance(prepared, PrepareFailed):
        return Fail(prepared.reason) if prepared.permanent else Rest(prepared.reason)
    if not spec.policy.preflight:
        return Go()
    yield LookAround(stop=spec.policy.conflict.rivals is Rivals.STOP)
    who = yield from patiently(Identify())
    if isinstance(who, Rejected):
        return Fail(who.reason)
    if isinstance(who, NoAnswer | Denied):
        return Go(unverified=who.reason)
    if spec.run.mode is Mode.WEB:  # its webhook may be its own
        return Go()
    return (yield from _free_of_webhook())


def _free_of_webhook() -> Generator[Step, Answer, Go | Fail]:
    seen = yield from patiently(ReadWebhook())
    if isinstance(seen, WebhookSeen) and not seen.host:
        return Go()
    if isinstance(seen, WebhookSeen):
        deleted = yield from patiently(DeleteWebhook())
        if isinstance(deleted, Rejected):
            return Fail(deleted.reason)
        left = yield from patiently(ReadWebhook())
        if isinstance(left, WebhookSeen):
            again = f"a webhook at {left.host} came back at once after deleteWebhook"
            return Go(unverified=again if left.host else "")
        seen = left
    if isinstance(seen, Rejected):
        return Fail(seen.reason)
    return Go(unverified=seen.reason if isinstance(seen, NoAnswer | Denied) else "")


def patiently(step: Step) -> Generator[Step, Answer, Answer]:
    """Ask again while Telegram does not answer, at growing distances, for PATIENCE seconds in all."""
    spent, pause = 0.0, 1.0
    while True:
        answer = yield step
        if isinstance(answer, NoAnswer):
            spent += answer.took
        elif isinstance(answer, Denied) and answer.retry_after is not None:
            pause = answer.retry_after
            if pause > LONGEST_FLOOD_WAIT:
                return answer
        else:
            return answer
        if spent + pause > PATIENCE + LONGEST_FLOOD_WAIT * isinstance(answer, Denied):
            return answer
        yield Pause(pause, answer.reason)
        spent, pause = spent + pause, pause * 2
