"""What each event changes in the facts of one bot. News of what is not current is dropped here, by its number."""

from __future__ import annotations

from supervisor.core import backlog
from supervisor.core import commands as c
from supervisor.core import events as e
from supervisor.core.diagnose import overlap
from supervisor.core.evidence import Trouble
from supervisor.core.facts import Facts, LeaseFact, Run, Stage, Timer
from supervisor.core.restarts import Finished, after_exit, again
from supervisor.core.telling import abandon_trouble, answered
from supervisor.core.timers import elapsed, forget, wake
from supervisor.model.bots import BotSpec, Mode
from supervisor.model.incidents import Outcome
from supervisor.model.rivals import Connections
from supervisor.model.runs import Handle
from supervisor.model.signs import CONFLICTS, Sign, SignKind

SETTLE = 1.0
"""Seconds a worker must live before it is called up: a program that cannot start is gone by then."""

CLAIM_AGAIN = 1.0
"""Seconds between two questions for a lease that somebody else holds."""

COUNT = 8.0
"""Seconds that a run may live on after a conflict that no probe explains: its two loops are only there together."""

LONGEST_WAIT = 3600.0
"""Seconds that a line of the log can keep a bot from its next start: it may quote what any user wrote to the bot."""

UNSTICK = 30.0
"""Seconds between two attempts to end what survived SIGKILL."""


def note(facts: Facts, event: e.Event, now: float) -> list[c.Command]:
    """Update `facts`; the commands are those that belong to the news itself (records, timers)."""
    match event:
        case e.Wanted(spec, paused):
            return _wanted(facts, spec, paused)
        case e.RunFound():
            return _found(facts, event, now)
        case e.Unwanted(why):
            facts.wanted, facts.unwanted_why = False, why
            return abandon_trouble(facts)
        case e.StopAsked():
            facts.paused = True
            return abandon_trouble(facts)
        case e.StartAsked() | e.RestartAsked():
            _released(facts)
            facts.restart_asked = isinstance(event, e.RestartAsked) and facts.run is not None
            return []
        case e.LeaseTaken() | e.LeaseRefused() | e.LeaseUnavailable() | e.LeaseLost():
            return _lease(facts, event, now)
        case e.StepDone(number, answer):
            story = facts.story
            return answered(facts, story, answer, now) if story is not None and story.number == number else []
        case e.Elapsed(number):
            timer = elapsed(facts, number)
            return _rang(facts, timer, now) if timer else []
        case _:
            run = facts.run
            return _of_run(facts, run, event, now) if run is not None and run.number == event.number else []


def _wanted(facts: Facts, spec: BotSpec, paused: bool) -> list[c.Command]:
    old, facts.spec = facts.spec, spec
    if old is None:
        facts.paused = paused
    facts.wanted = True
    if old == spec:
        return []
    out: list[c.Command] = [c.AdoptPolicy(spec)]
    facts.failed = facts.finished = ""
    if old is not None and old.run != spec.run:
        out += abandon_trouble(facts)
        forget(facts, Timer.REST, Timer.CLAIM)
        facts.failures, facts.not_before, facts.rest_reason = 0, 0.0, ""
        facts.cleared = False
        if old.run.token != spec.run.token:
            facts.bot_id = facts.username = None
    return out


def _found(facts: Facts, event: e.RunFound, now: float) -> list[c.Command]:
    """As if it had been started just now, under the lease that was had for it, or under none: then it must end."""
    out = _wanted(facts, event.wish.spec, event.wish.paused)
    run = facts.run = Run(event.number, event.wish.spec.run)
    facts.last_run = max(facts.last_run, event.number)
    facts.starts += 1
    facts.restart_asked = not event.same
    if event.epoch is not None:
        facts.lease = LeaseFact(event.wish.spec.token_id, event.epoch)
    return out + _started(facts, run, event.handle, event.port, now)


def _released(facts: Facts) -> None:
    """A person asked: what kept the bot from running is forgotten, the evidence of an open incident is not."""
    facts.paused = False
    facts.failed = facts.finished = facts.rest_reason = ""
    facts.failures, facts.not_before = 0, 0.0
    facts.held = None
    forget(facts, Timer.REST, Timer.HOLD, Timer.CLAIM)
    if facts.trouble is not None and not facts.round_due and facts.story is None:
        facts.trouble.rounds = 0


def _lease(
    facts: Facts, event: e.LeaseTaken | e.LeaseRefused | e.LeaseUnavailable | e.LeaseLost, now: float
) -> list[c.Command]:
    lease = facts.lease
    if lease is None or lease.token_id != event.token_id:
        return []
    match event:
        case e.LeaseTaken(token_id, epoch):
            facts.lease, facts.lease_refused = LeaseFact(token_id, epoch), None
            return []
        case e.LeaseRefused(by=by):
            facts.lease, facts.lease_refused = None, by
        case e.LeaseUnavailable(reason=reason) | e.LeaseLost(reason=reason):
            facts.lease, facts.lease_refused, facts.cleared = None, reason, False
    return [wake(facts, Timer.CLAIM, CLAIM_AGAIN, now, jitter=0.2)]


def _rang(facts: Facts, timer: Timer, now: float) -> list[c.Command]:
    run = facts.run
    match timer:
        case Timer.SETTLE if run is not None:
            run.ready = True
        case Timer.OPEN_PORT if run is not None and not run.ready:
            run.complaint = _never_opened(facts, run)
        case Timer.QUIET if run is not None and facts.trouble is not None:
            diagnosis = overlap(facts.trouble, now - facts.trouble.since)
            facts.trouble = None
            return [c.SettleIncident(Outcome.RECOVERED, diagnosis)]
        case Timer.HOLD if facts.held is not None:
            facts.held, facts.retry_due = None, True
        case Timer.UNSTICK if run is not None and run.stage is Stage.STUCK:
            run.stage = Stage.STOPPING
            return [c.StopRun(run.number, facts.policy.stop)]
        case _:
            pass  # CLAIM and REST: being gone is their news
    return []


def _never_opened(facts: Facts, run: Run) -> str:
    web = facts.policy.web
    if run.port_opened:
        return f"port {run.port} is open, but GET {web.health} fails after {web.start_timeout:g} s: {run.health}"
    return f"no open port {run.port} after {web.start_timeout:g} s; is this bot a worker?"


def _of_run(facts: Facts, run: Run, event: e.Event, now: float) -> list[c.Command]:
    match event:
        case e.RunStarted(handle=handle, port=port):
            return _started(facts, run, handle, port, now)
        case e.RunRefused(reason=reason, permanent=permanent):
            facts.run, facts.restart_asked = None, False
            if permanent:
                facts.failed = reason
                return abandon_trouble(facts)
            return _rest(facts, reason, now)
        case e.RunExited():
            return _exited(facts, run, event, now)
        case e.RunStuck(reason=reason):
            run.stage, run.stuck = Stage.STUCK, reason
            return [wake(facts, Timer.UNSTICK, UNSTICK, now)]
        case e.SignSeen(sign=sign) if run.stage in (Stage.LAUNCHING, Stage.RUNNING):
            return _sign(facts, run, sign, now)
        case e.ConnectionsSeen(connections=connections):
            _counted(facts, run, connections)
        case e.BacklogSeen() if run.stage is Stage.RUNNING:
            return _backlog(facts, run, event, now)
        case e.HealthSeen() if run.stage is Stage.RUNNING:
            _health(facts, run, event)
        case e.TokenChecked(rejected=rejected) if rejected and _is_as_wanted(facts, run):
            facts.failed = rejected
            return abandon_trouble(facts)
        case _:
            pass  # a sign or an answer of a run that is being ended says nothing about the next one
    return []


def _is_as_wanted(facts: Facts, run: Run) -> bool:
    """Not so after an edit: what is found out about this run (its token, its address) says nothing of the next."""
    return facts.spec is not None and facts.spec.run == run.spec


def _started(facts: Facts, run: Run, handle: Handle, port: int | None, now: float) -> list[c.Command]:
    run.stage, run.handle, run.port, run.started_at = Stage.RUNNING, handle, port, now
    policy = facts.policy
    if run.spec.mode is Mode.WEB:
        out: list[c.Command] = [wake(facts, Timer.OPEN_PORT, policy.web.start_timeout, now)]
    else:
        out = [wake(facts, Timer.SETTLE, SETTLE, now)]
    if facts.trouble is not None:
        out.append(c.RecordStep("start", f"run {run.number} started"))
        out.append(wake(facts, Timer.QUIET, policy.conflict.window, now))
        out.append(_count(run))
    return out


def _count(run: Run) -> c.Command:
    run.counting += 1
    return c.WatchConnections(run.number, run.spec)


def _counted(facts: Facts, run: Run, connections: Connections) -> None:
    run.counting -= 1
    if not run.counting:
        forget(facts, Timer.COUNT)
    if facts.trouble is None:
        return
    best = facts.trouble.connections
    if best is None or (connections.waiting or 0, connections.most) >= (best.waiting or 0, best.most):
        facts.trouble.connections = connections


def _exited(facts: Facts, run: Run, event: e.RunExited, now: float) -> list[c.Command]:
    facts.run = None
    facts.restart_asked = False
    forget(facts, Timer.SETTLE, Timer.OPEN_PORT, Timer.QUIET, Timer.UNSTICK, Timer.COUNT)
    if facts.round_due:
        return [c.RecordStep("stop", str(event.exit))]
    if run.ailing:
        return _rest(facts, run.complaint, now)
    if run.ended_by_us or not facts.active:
        return []
    decision = after_exit(facts.policy.restart, event.exit, now - run.started_at, facts.failures)
    if isinstance(decision, Finished):
        facts.finished = decision.reason
        return abandon_trouble(facts)
    facts.failures = decision.failures
    facts.rest_reason = str(event.exit)
    return [wake(facts, Timer.REST, max(decision.delay, facts.not_before - now), now, jitter=0.1)]


def _rest(facts: Facts, reason: str, now: float) -> list[c.Command]:
    decision = again(facts.policy.restart, facts.failures)
    facts.failures, facts.rest_reason = decision.failures, reason
    return [wake(facts, Timer.REST, decision.delay, now, jitter=0.1)]


def _sign(facts: Facts, run: Run, sign: Sign, now: float) -> list[c.Command]:
    if sign.kind in CONFLICTS:
        return _conflict(facts, run, sign, now)
    if sign.kind is SignKind.FLOOD and sign.retry_after:
        facts.not_before = max(facts.not_before, now + min(sign.retry_after, LONGEST_WAIT))
    if sign.kind is SignKind.UNAUTHORIZED and not run.token_asked and facts.spec and _is_as_wanted(facts, run):
        run.token_asked = True
        return [c.CheckToken(run.number, facts.spec)]
    return []


def _conflict(facts: Facts, run: Run, sign: Sign, now: float) -> list[c.Command]:
    """The first sign of a run opens a round; later ones, which every library prints, are only counted.

    A conflict although nobody else was met: both pollers may be in this run, so they are counted before it ends.
    """
    facts.conflicts += 1
    first = facts.trouble is None
    trouble = facts.trouble = facts.trouble or Trouble(now)
    trouble.signs.append(sign.kind)
    out: list[c.Command] = [c.OpenIncident(sign) if first else c.CountSign()]
    if not facts.round_due:
        facts.round_due = True
        trouble.rounds += 1
        out.append(c.RecordStep(f"round {trouble.rounds}: conflict seen in the log", sign.excerpt))
        if trouble.alone and not trouble.doubled and run.stage is Stage.RUNNING:
            out += [_count(run), wake(facts, Timer.COUNT, COUNT, now)]
    return out


def _health(facts: Facts, run: Run, seen: e.HealthSeen) -> None:
    web = facts.policy.web
    run.port_opened = run.port_opened or seen.port_open
    if seen.ok:
        run.ready, run.bad_checks, run.health, run.complaint = True, 0, "ok", ""
        forget(facts, Timer.OPEN_PORT)
        return
    run.health = seen.detail
    if not run.ready:
        return
    run.bad_checks += 1
    if run.bad_checks >= web.failures:
        run.ailing = True
        run.complaint = f"{run.bad_checks} health checks in a row failed: {seen.detail}"


def _backlog(facts: Facts, run: Run, seen: e.BacklogSeen, now: float) -> list[c.Command]:
    """A look at Telegram's side of a live run: a webhook over a poller is a conflict even if no log says so."""
    if seen.host and run.spec.mode is Mode.WORKER:
        excerpt = f"getWebhookInfo shows a webhook at {seen.host} while this bot polls"
        return _conflict(facts, run, Sign(SignKind.WEBHOOK_ACTIVE, excerpt), now)
    run.backlog = backlog.seen(run.backlog, seen.pending, now)
    complaint = backlog.stalled_by(run.backlog, facts.policy.stall, now)
    if complaint:
        run.complaint, run.stalled = complaint, True
        run.ailing = facts.policy.stall.restart
    elif run.stalled:
        run.complaint, run.stalled = "", False
    return []
