"""The conflict ladder: one round of it, from a run that is gone to a start, a next round, or a diagnosis.

Each round: deleteWebhook (never dropping updates unless the user said so), verify, look around on this host, wait,
and from the second round on a probe. Every rung can be repeated, so a restart of the daemon may begin again at the
first. What the rungs rest on: the OLDER held poll gets the 409, deleteWebhook touches no poll, and no dead client
can cause one (tdlib/telegram-bot-api, Client.cpp); so the wait is for rivals that go away, not for Telegram.
"""

from __future__ import annotations

from collections.abc import Generator

from supervisor.core.diagnose import diagnose
from supervisor.core.evidence import Trouble
from supervisor.core.preflight import patiently
from supervisor.core.steps import (
    Answer,
    DeleteWebhook,
    Fail,
    Go,
    Hold,
    LookAround,
    Looked,
    NextRound,
    NoAnswer,
    Pause,
    Probe,
    Probed,
    Procedure,
    ReadSource,
    ReadWebhook,
    Rejected,
    SourceRead,
    Step,
    WebhookSeen,
)
from supervisor.model.bots import BotSpec, ConflictPolicy, Rivals

WAIT = "waiting out the conflict"

ENOUGH_RETURNS = 2
"""A webhook that came back so often after we deleted it has a setter that we cannot outlast."""


def heal(spec: BotSpec, trouble: Trouble, *, retry: bool = False) -> Procedure:
    """One round for `trouble`, which it adds its evidence to. `retry`: a look at a bot that is held already."""
    policy = spec.policy.conflict
    last = retry or trouble.rounds >= policy.attempts
    rejected = yield from _clear_webhook(trouble, drop=policy.drop_pending_updates)
    if rejected is not None:
        return Fail(rejected.reason)
    yield from _look_around(trouble, stop=policy.rivals is Rivals.STOP)
    if len(trouble.returns) >= ENOUGH_RETURNS or (trouble.rounds > policy.attempts and not retry):
        return (yield from _hold(spec, trouble))
    if not retry:
        yield Pause(policy.wait, WAIT)
    host = yield from _webhook_now(trouble)
    if not host and trouble.rounds < 2 and not retry:
        return Go()
    if not host and not (yield from _probe(trouble, policy)):
        return Go()
    if not last:
        return NextRound()  # which deletes the webhook, and counts it
    if host:
        trouble.webhook_met(host)
    return (yield from _hold(spec, trouble))


def _hold(spec: BotSpec, trouble: Trouble) -> Generator[Step, Answer, Hold]:
    """Enough was tried: gather what is still missing, and say what it is."""
    if not trouble.probes and not trouble.returns:
        yield from _probe(trouble, spec.policy.conflict)
    source = yield ReadSource()
    if isinstance(source, SourceRead):
        trouble.spots = source.spots
    return Hold(diagnose(trouble, spec.token_id))


def _clear_webhook(trouble: Trouble, *, drop: bool) -> Generator[Step, Answer, Rejected | None]:
    """Delete and verify; who set it is asked of the address it had, which is gone afterwards."""
    before = yield from patiently(ReadWebhook())
    if isinstance(before, Rejected):
        return before
    if isinstance(before, NoAnswer):
        return None  # out of reach: the next call would sit out the same patience for nothing
    if isinstance(before, WebhookSeen) and before.host:
        trouble.webhook_met(before.host)
    deleted = yield from patiently(DeleteWebhook(drop))
    if isinstance(deleted, Rejected):
        return deleted
    after = yield from patiently(ReadWebhook())
    if isinstance(after, WebhookSeen):
        trouble.pending = [after.pending]
    return None


def _look_around(trouble: Trouble, *, stop: bool) -> Generator[Step, Answer, bool]:
    """True when rivals were ended, and none is left that surely is one."""
    looked = yield LookAround(stop)
    if not isinstance(looked, Looked):
        return False
    trouble.sighting = looked.sighting
    return bool(looked.stopped) and not any(rival.sure for rival in looked.sighting.rivals)


def _webhook_now(trouble: Trouble) -> Generator[Step, Answer, str]:
    """The host of a webhook that somebody set while we waited; the count of waiting updates comes along."""
    seen = yield ReadWebhook()
    if not isinstance(seen, WebhookSeen):
        return ""
    trouble.pending.append(seen.pending)
    return seen.host


def _probe(trouble: Trouble, policy: ConflictPolicy) -> Generator[Step, Answer, bool]:
    """Is there a rival? One that ended the probe polls at this moment, so now its open connection can be seen."""
    answer = yield Probe(policy.probe)
    if not isinstance(answer, Probed):
        return False
    trouble.probes.append(answer)
    if not answer.rival:
        return False
    ended = yield from _look_around(trouble, stop=policy.rivals is Rivals.STOP)
    return not ended
