"""The conflict ladder: one round of it, from a run that is gone to a start, a next round, or a diagnosis.

Each round: deleteWebhook (never dropping updates unless the user said so), verify, wait, and from the second
round on a probe. Every rung can be repeated, so a restart of the daemon may begin again at the first. What the
rungs rest on: the OLDER held poll gets the 409, deleteWebhook touches no poll, and no dead client can cause
one (tdlib/telegram-bot-api, Client.cpp); so the wait is for rivals that go away, not for Telegram.
"""

from __future__ import annotations

from collections.abc import Generator

from supervisor.core.diagnose import Trouble, diagnose
from supervisor.core.preflight import patiently
from supervisor.core.steps import (
    Answer,
    DeleteWebhook,
    Fail,
    Go,
    Hold,
    NextRound,
    NoAnswer,
    Pause,
    Probe,
    Probed,
    Procedure,
    ReadWebhook,
    Rejected,
    Step,
    WebhookSeen,
)
from supervisor.model.bots import BotSpec

WAIT = "waiting out the conflict"


def heal(spec: BotSpec, trouble: Trouble, *, retry: bool = False) -> Procedure:
    """One round for `trouble`, which it adds its evidence to. `retry`: a look at a bot that is held already."""
    policy = spec.policy.conflict
    last = retry or trouble.rounds >= policy.attempts
    exhausted = not retry and trouble.rounds > policy.attempts
    returned = yield from _clear_webhook(trouble, drop=policy.drop_pending_updates)
    if isinstance(returned, Rejected):
        return Fail(returned.reason)
    if exhausted:
        if not trouble.probes:
            yield from _probe(trouble, policy.probe)
        return Hold(diagnose(trouble, spec.token_id))
    if not retry:
        yield Pause(policy.wait, WAIT)
    back = yield from _webhook_back(trouble)
    if back and last:
        return Hold(diagnose(trouble, spec.token_id))
    if back:
        return NextRound()
    if trouble.rounds < 2 and not retry:
        return Go()
    rival = yield from _probe(trouble, policy.probe)
    if not rival:
        return Go()
    return Hold(diagnose(trouble, spec.token_id)) if last else NextRound()


def _clear_webhook(trouble: Trouble, *, drop: bool) -> Generator[Step, Answer, Rejected | None]:
    """Delete and verify; who set it is asked of the address it had, which is gone afterwards."""
    before = yield from patiently(ReadWebhook())
    if isinstance(before, Rejected):
        return before
    if isinstance(before, NoAnswer):
        return None  # out of reach: the next call would sit out the same patience for nothing
    if isinstance(before, WebhookSeen) and before.host:
        if trouble.webhooks:
            trouble.returns.append(before.host)
        trouble.webhooks.append(before.host)
    deleted = yield from patiently(DeleteWebhook(drop))
    if isinstance(deleted, Rejected):
        return deleted
    yield from patiently(ReadWebhook())
    return None


def _webhook_back(trouble: Trouble) -> Generator[Step, Answer, bool]:
    """Did somebody set it again while we waited? Only asked where a webhook was part of the trouble."""
    if not trouble.webhooks:
        return False
    seen = yield ReadWebhook()
    if not isinstance(seen, WebhookSeen) or not seen.host:
        return False
    trouble.returns.append(seen.host)
    return True


def _probe(trouble: Trouble, seconds: float) -> Generator[Step, Answer, bool]:
    answer = yield Probe(seconds)
    if isinstance(answer, Probed):
        trouble.probes.append(answer)
        return answer.rival
    return False
