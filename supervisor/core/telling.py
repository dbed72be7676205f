"""A story in progress: give its procedure the answer, ask for the next step, or act on its verdict."""

from __future__ import annotations

from collections.abc import Callable

from supervisor.core import commands as c
from supervisor.core import words
from supervisor.core.evidence import Trouble
from supervisor.core.facts import Facts, Story, Tale, Timer
from supervisor.core.healing import heal
from supervisor.core.preflight import preflight
from supervisor.core.restarts import again
from supervisor.core.steps import Answer, Fail, Go, Hold, Identified, Looked, NextRound, Pause, Rest, Verdict
from supervisor.core.timers import forget, wake
from supervisor.model.bots import BotSpec, OnHold
from supervisor.model.incidents import Outcome
from supervisor.model.rivals import Rival

HOLD_JITTER = 0.25
"""Two supervisors that hold the same token must not come back in lock-step."""


def begin(facts: Facts, tale: Tale, spec: BotSpec, now: float) -> list[c.Command]:
    """Start a procedure for `spec`; its first step comes back as a command."""
    facts.retry_due = facts.round_due = False
    if tale is Tale.PREFLIGHT:
        steps = preflight(spec)
    else:
        facts.trouble = facts.trouble or Trouble(now)
        steps = heal(spec, facts.trouble, retry=tale is Tale.RETRY)
    story = Story(tale, steps, spec)
    facts.story = story
    return _go_on(facts, story, lambda: next(steps), now)


def answered(facts: Facts, story: Story, answer: Answer, now: float) -> list[c.Command]:
    """The step under way was answered. An abandoned story ends here, whatever the answer."""
    out: list[c.Command] = []
    if story.tale is not Tale.PREFLIGHT and story.step is not None:
        out.append(c.RecordStep(words.action(story.step), words.result(answer)))
    if isinstance(answer, Identified):
        facts.bot_id, facts.username = answer.bot_id, answer.username
    if isinstance(answer, Looked):
        facts.sighting = answer.sighting
        if story.tale is Tale.PREFLIGHT:
            out += [c.Report(f"another user of this bot's token: {rival} {rival.proof}") for rival in _sure(answer)]
            out += [c.Report(done) for done in answer.stopped]
    if story.abandoned:
        story.steps.close()
        facts.story = None
        return out
    return out + _go_on(facts, story, lambda: story.steps.send(answer), now)


def _go_on(facts: Facts, story: Story, resume: Callable[[], object], now: float) -> list[c.Command]:
    try:
        step = resume()
    except StopIteration as end:
        facts.story = None
        return _verdict(facts, story, end.value, now)
    facts.next_number += 1
    story.number = facts.next_number
    story.step = step  # type: ignore[assignment]  # what a Procedure yields
    story.pause_until = now + step.seconds if isinstance(step, Pause) else 0.0
    return [c.DoStep(story.number, story.step, story.spec)]  # type: ignore[arg-type]


def _verdict(facts: Facts, story: Story, verdict: Verdict, now: float) -> list[c.Command]:
    match verdict:
        case Go(unverified):
            facts.cleared, facts.unverified, facts.held = True, unverified, None
            return []
        case Rest(reason):
            facts.rest_reason = reason
            decision = again(story.spec.policy.restart, facts.failures)
            facts.failures = decision.failures
            return [wake(facts, Timer.REST, decision.delay, now, jitter=0.1)]
        case Fail(reason):
            facts.failed, facts.held = reason, None
            return abandon_trouble(facts)
        case NextRound():
            if facts.trouble is not None:
                facts.trouble.rounds += 1
                facts.round_due = True
            return []
        case Hold(diagnosis):
            facts.held = diagnosis
            out: list[c.Command] = [c.SettleIncident(Outcome.HELD, diagnosis)]
            conflict = story.spec.policy.conflict
            if conflict.on_hold is OnHold.RETRY:
                out.append(wake(facts, Timer.HOLD, conflict.retry_every, now, jitter=HOLD_JITTER))
            return out


def _sure(looked: Looked) -> list[Rival]:
    return [rival for rival in looked.sighting.rivals if rival.sure]


def abandon_trouble(facts: Facts) -> list[c.Command]:
    """The incident is over for another reason than a recovery: stopped, edited, failed."""
    forget(facts, Timer.QUIET, Timer.HOLD)
    had = facts.trouble is not None
    facts.trouble = facts.held = None
    facts.round_due = facts.retry_due = False
    return [c.SettleIncident(Outcome.ABANDONED)] if had else []
