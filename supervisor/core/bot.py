"""The machine for one bot: told events, it answers with commands. The only place that decides about runs.

`receive` is two halves. Noting (noting.py) updates what is known; news of a run, a step or a timer that is not
the current one is dropped there, by its number. `_next` decides, one thing at a time, until nothing is left to
do. The promises are the order of its lines:

- a live run is either left alone or stopped; nothing else happens beside it
- a lease is dropped only where no run and no step is left; a run starts only under a granted lease
- a probe (a step of healing) is asked only where no run is, and its answer is awaited before a start
"""

from __future__ import annotations

from supervisor.core import commands as c
from supervisor.core.events import Event
from supervisor.core.facts import Facts, LeaseFact, Run, Stage, Story, Tale, Timer
from supervisor.core.noting import note
from supervisor.core.telling import begin
from supervisor.core.timers import wake
from supervisor.model.bots import BotSpec


class Bot:
    """One bot's facts and decisions; pure: time comes in with each event, all else goes out as commands."""

    def __init__(self, name: str, last_run: int = 0) -> None:
        self.facts = Facts(name, last_run)

    def receive(self, event: Event, now: float) -> list[c.Command]:
        """Note the event, then decide. `now` is monotonic seconds and never goes back."""
        out = note(self.facts, event, now)
        while decided := self._next(now):
            out += decided
        return out

    def _next(self, now: float) -> list[c.Command]:
        facts, lease, spec = self.facts, self.facts.lease, self.facts.spec
        if facts.run is not None:
            return self._end(facts.run)
        if facts.story is not None and not self._fits(facts.story):
            return self._leave(facts.story)
        if lease is not None and (not facts.active or spec is None or lease.token_id != spec.token_id):
            return self._drop(lease)
        if spec is None or not facts.active:
            return []
        if lease is None:
            return self._claim(spec)
        if lease.epoch is None or facts.held is not None or facts.story is not None:
            return []
        if facts.retry_due or facts.round_due:
            return begin(facts, Tale.RETRY if facts.retry_due else Tale.HEALING, spec, now)
        if Timer.REST in facts.timers:
            return []
        if now < facts.not_before:
            return [wake(facts, Timer.REST, facts.not_before - now, now)]
        if not facts.cleared:
            return begin(facts, Tale.PREFLIGHT, spec, now)
        return self._start(spec, lease.epoch)

    def _must_not_be(self, run: Run) -> bool:
        facts = self.facts
        return (
            not facts.active
            or facts.spec is None
            or run.spec != facts.spec.run
            or facts.lease is None
            or (facts.round_due and Timer.COUNT not in facts.timers)
            or facts.restart_asked
            or run.ailing
        )

    def _end(self, run: Run) -> list[c.Command]:
        if run.stage is not Stage.RUNNING or not self._must_not_be(run):
            return []
        run.stage, run.ended_by_us = Stage.STOPPING, True
        return [c.StopRun(run.number, self.facts.policy.stop)]

    def _fits(self, story: Story) -> bool:
        """Is the story still about what is wanted, and still ours to tell?"""
        facts = self.facts
        if facts.spec is None or not facts.active or facts.lease is None or story.abandoned:
            return False
        return story.spec.run == facts.spec.run and (story.tale is Tale.PREFLIGHT or facts.trouble is not None)

    def _leave(self, story: Story) -> list[c.Command]:
        """Nothing new begins before the step under way has answered: a probe or a setup may still be at it."""
        if story.abandoned:
            return []
        story.abandoned = True
        return [c.AbandonStep(story.number)]

    def _drop(self, lease: LeaseFact) -> list[c.Command]:
        if lease.epoch is None:
            return []  # asked for: the answer comes first
        self.facts.lease = None
        return [c.DropLease(lease.token_id)]

    def _claim(self, spec: BotSpec) -> list[c.Command]:
        if Timer.CLAIM in self.facts.timers:
            return []
        self.facts.lease = LeaseFact(spec.token_id)
        return [c.TakeLease(spec.token_id)]

    def _start(self, spec: BotSpec, epoch: int) -> list[c.Command]:
        facts = self.facts
        facts.last_run += 1
        facts.starts += 1
        facts.cleared = False
        facts.run = Run(facts.last_run, spec.run)
        return [c.StartRun(facts.last_run, spec.run, epoch)]
