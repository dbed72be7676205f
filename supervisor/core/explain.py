"""What a bot is doing and why, derived from its facts for people; nothing here is stored or decides anything."""

from __future__ import annotations

from supervisor.core import words
from supervisor.core.facts import Facts, LeaseFact, Run, Stage, Story, Tale, Timer
from supervisor.model.status import Phase


def phase(facts: Facts) -> Phase:
    run, healing = facts.run, facts.story is not None and facts.story.tale is not Tale.PREFLIGHT
    if run is not None:
        return _phase_of_run(facts, run)
    if not facts.active:
        return Phase.FAILED if facts.failed and facts.wanted and not facts.paused else Phase.OFF
    if facts.held is not None:
        return Phase.HELD
    if facts.lease is None or facts.lease.epoch is None:
        return Phase.CLAIMING
    if healing or facts.round_due:
        return Phase.HEALING
    if facts.story is None and Timer.REST in facts.timers:
        return Phase.RESTING
    return Phase.STARTING


def _phase_of_run(facts: Facts, run: Run) -> Phase:
    if run.stage in (Stage.STOPPING, Stage.STUCK):
        return Phase.HEALING if facts.round_due and run.stage is Stage.STOPPING else Phase.STOPPING
    if facts.round_due:
        return Phase.HEALING
    if run.complaint or run.bad_checks:
        return Phase.UNHEALTHY
    return Phase.UP if run.ready else Phase.STARTING


def reason(facts: Facts, now: float) -> str:
    """One line on why the phase is what it is; countdowns are seconds from `now`."""
    run, story = facts.run, facts.story
    if run is not None:
        return _reason_of_run(facts, run)
    if not facts.active:
        return _reason_not_active(facts)
    if facts.held is not None:
        again = facts.due(Timer.HOLD)
        tail = f"; looking again in {_left(again, now)}" if again is not None else "; until `botctl start`"
        return facts.held.summary + tail
    if facts.lease is None or facts.lease.epoch is None:
        return _reason_claiming(facts.lease, facts)
    if story is not None:
        return _reason_of_story(facts, story, now)
    rest = facts.due(Timer.REST)
    if rest is not None:
        return f"{facts.rest_reason or 'asked to wait by Telegram'}; next start in {_left(rest, now)}"
    return ""


def _reason_of_run(facts: Facts, run: Run) -> str:
    if run.stage is Stage.STUCK:
        return run.stuck
    if run.stage is Stage.STOPPING:
        return _reason_of_stop(facts, run)
    if facts.round_due:
        return "409 conflict: counting the requests that our own run has open before it is stopped"
    if run.complaint:
        return run.complaint
    if run.bad_checks:
        return f"{run.bad_checks} failed health check(s): {run.health}"
    notes = []
    if facts.unverified:
        notes.append(f"unverified: {facts.unverified}")
    if facts.sighting is not None and (here := [rival for rival in facts.sighting.rivals if rival.sure]):
        notes.append(f"a rival is on this host: {here[0]}")
    if facts.trouble is not None and run.stage is Stage.RUNNING:
        notes.append("watching whether the conflict is over")
    if run.spec.port is None and run.port is not None and not run.ready:
        notes.append(f"waiting for port {run.port}")
    return "; ".join(notes)


def _reason_of_stop(facts: Facts, run: Run) -> str:
    if facts.round_due:
        return "409 conflict: stopping our own run"
    if run.ailing:
        return run.complaint
    if not facts.active:
        return _reason_not_active(facts)
    return "restarting" if facts.lease else f"the lease was lost: {_reason_claiming(None, facts)}"


def _reason_not_active(facts: Facts) -> str:
    if not facts.wanted:
        return facts.unwanted_why
    if facts.paused:
        return "stopped by hand"
    if facts.spec is not None and not facts.spec.enabled:
        return "enabled: false"
    return facts.failed or facts.finished


def _reason_claiming(lease: LeaseFact | None, facts: Facts) -> str:
    refused = facts.lease_refused
    if refused is None:
        return "asking for the token's lease" if lease else ""
    return refused if isinstance(refused, str) else f"token held by {refused}"


def _reason_of_story(facts: Facts, story: Story, now: float) -> str:
    if story.step is None:
        return ""
    pausing = story.pausing
    step = f"{pausing.why}: {_left(story.pause_until, now)} left" if pausing else words.action(story.step)
    if story.tale is Tale.PREFLIGHT:
        return step
    rounds = facts.trouble.rounds if facts.trouble else 0
    return f"round {rounds}: {step}" if story.tale is Tale.HEALING else f"looking again: {step}"


def _left(due: float, now: float) -> str:
    seconds = max(0, round(due - now))
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
