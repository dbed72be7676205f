"""Does what the machine of one bot asks for, one method a command, and tells it what came of it.

The only room that meets a runner, a lease and Telegram together. It decides nothing; every task it starts ends
in exactly one event, whatever goes wrong, so that the machine never waits for news that does not come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path

from supervisor.core import commands as c
from supervisor.core import events as e
from supervisor.core import steps as s
from supervisor.errors import LeaseHeld, StartRefused, StillAlive
from supervisor.keep.services import KnowsContainers, Services
from supervisor.leases import Lease, LeaseUnavailable
from supervisor.logs.pipeline import BotLog
from supervisor.model.bots import BotSpec, Mode, Policy, RunnerKind, RunSpec, StopPolicy
from supervisor.model.runs import Handle, RunId
from supervisor.model.signs import Sign
from supervisor.runners.containers.labels import Ours
from supervisor.runners.environment import wanted_port
from supervisor.runners.protocol import StartOrder

log = logging.getLogger(__name__)

STARTING_INTERVAL = 0.25
"""Seconds between two questions to a web bot that has not answered yet; its own interval holds afterwards."""


class Performer:
    """The hands of one bot's keeper. `tell` is the keeper's; `log` is where the bot's output goes."""

    def __init__(self, bot: str, services: Services, tell: Callable[[e.Event], None], bot_log: BotLog) -> None:
        self.bot = bot
        self.log = bot_log
        self.lease: Lease | None = None
        self.policy = Policy()
        self._services = services
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()
        self._step: asyncio.Task[s.Answer] | None = None
        self._watches: list[asyncio.Task[None]] = []
        self._handle: Handle | None = None
        self._waiting = False
        self._number = 0
        self._spec: BotSpec | None = None
        self._venv: Path | None = None
        self._incident: int | None = None

    def do(self, command: c.Command) -> None:
        match command:
            case c.TakeLease(token_id):
                self._take(token_id)
            case c.DropLease():
                self._drop()
            case c.StartRun():
                self._spawn(self._start(command), f"start {self.bot}")
            case c.StopRun(number, how):
                self._spawn(self._stop(number, how), f"stop {self.bot}")
            case c.DoStep():
                self._begin_step(command)
            case c.AbandonStep():
                if self._step is not None:
                    self._step.cancel()
            case c.CheckToken():
                self._spawn(self._check_token(command), f"check {self.bot}")
            case c.WatchConnections(number, spec):
                self._watch(self._count_connections(number, spec), f"connections {self.bot}")
            case c.Wake(timer, seconds, jitter):
                delay = seconds * (1 + jitter * self._services.chance())
                asyncio.get_running_loop().call_later(delay, self._tell, e.Elapsed(timer))
            case c.AdoptPolicy(spec):
                self.policy = spec.policy
                self._spec = spec
                self.log.adopt(spec.policy.logs)
            case _:
                self._journal(command)

    def on_sign(self, sign: Sign) -> None:
        """What the bot's log said, in the name of the run that is on."""
        self._tell(e.SignSeen(self._number, sign))

    def hasten(self) -> None:
        """A person has no more patience: whatever is being stopped is killed now."""
        if self._handle is not None:
            self._spawn(self._stop(self._handle.run.number, StopPolicy(grace=0.0)), f"kill {self.bot}")

    async def close(self) -> None:
        """Nothing of this bot is under way any more; its log is closed."""
        step = [self._step] if self._step is not None else []
        for task in [*self._tasks, *step]:
            task.cancel()
        await asyncio.gather(*self._tasks, *step, return_exceptions=True)
        self.log.close()

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _watch(self, work: Coroutine[None, None, None], name: str) -> None:
        """Something that goes on beside a live run and ends with it."""
        self._watches.append(self._spawn(work, name))

    # leases

    def renew_lease(self) -> None:
        """Make sure that the lease is still ours: lock files get removed. Where nothing can be known, it is."""
        if self.lease is None:
            return
        try:
            self.lease = self._services.leases.renew(self.lease, self.bot)
        except LeaseHeld as held:
            token_id = self.lease.token_id
            self.lease.drop()
            self.lease = None
            self.log.note(f"the lease was lost: its lock file was removed, and {held}")
            self._tell(e.LeaseLost(token_id, str(held)))
        except LeaseUnavailable as error:
            log.warning("%s: the lease could not be checked: %s", self.bot, error)

    def _take(self, token_id: int) -> None:
        try:
            self.lease = self._services.leases.take(token_id, self.bot)
        except LeaseHeld as held:
            self._tell(e.LeaseRefused(token_id, held.holder))
        except LeaseUnavailable as error:
            self._tell(e.LeaseUnavailable(token_id, str(error)))
        else:
            if self._services.containers is None:
                self._tell(e.LeaseTaken(token_id, self.lease.epoch))
            else:
                lease, self.lease = self.lease, None
                self._spawn(self._ask_engine(self._services.containers, lease), f"claim {self.bot}")

    async def _ask_engine(self, containers: KnowsContainers, lease: Lease) -> None:
        """A container outlives its supervisor, and no file lock does: one that has the token is its holder too."""
        contained = self._spec is not None and self._spec.run.runner is RunnerKind.DOCKER
        try:
            held = await containers.holder(lease.token_id)
        except Exception as error:
            if contained:
                lease.drop()
                self._tell(e.LeaseUnavailable(lease.token_id, str(error)))
                return
            held = None  # no engine that answers: a child process must not wait for one
        except BaseException:
            lease.drop()
            raise
        if held is not None:
            lease.drop()
            self._tell(e.LeaseRefused(lease.token_id, held))
            return
        self.lease = lease
        self._tell(e.LeaseTaken(lease.token_id, lease.epoch))

    def _drop(self) -> None:
        if self.lease is not None:
            self.lease.drop()
            self.lease = None
        self._services.ports.release(self.bot)

    # runs

    async def _start(self, command: c.StartRun) -> None:
        number, spec = command.number, command.spec
        self._services.journal.set_last_run(self.bot, number)
        self._number, self._handle = number, None
        run = RunId(self.bot, number)
        try:
            web = spec.mode is Mode.WEB
            port = self._services.ports.reserve(self.bot, wanted_port(spec)) if web else None
            environ = self._services.environ(spec, run, port, self._venv)
            fd = self.lease.fd if self.lease else None
            order = StartOrder(run, spec, environ, lease_fd=fd, lease_epoch=command.epoch, port=port)
            self._handle = await self._services.runners[spec.runner].start(order, self.log)
        except StartRefused as refused:
            self.log.note(f"not started: {refused.reason}")
            self._tell(e.RunRefused(number, self._services.redact(refused.reason), refused.permanent))
            return
        except Exception as error:
            log.exception("%s could not be started", run)
            self._tell(e.RunRefused(number, f"internal error: {type(error).__name__}", permanent=False))
            return
        self.log.note(f"run {number} started, {self._handle.where}")
        self._attend(self._handle, port)
        self._tell(e.RunStarted(number, self._handle, port))

    def take_up(self, containers: KnowsContainers, left: Ours, wish: e.Wanted) -> None:
        """A container of an earlier life is this bot's run again; what becomes of it is the machine's to say."""
        number, port, epoch = left.run.number, left.port, None
        try:
            self.lease = self._services.leases.take(wish.spec.token_id, self.bot)
            epoch = self.lease.epoch
        except (LeaseHeld, LeaseUnavailable) as error:
            self.log.note(f"{left.name} cannot be kept: {error}")
        self._number, self._handle = number, containers.resume(left, self.log)
        self.log.note(f"run {number} goes on, {self._handle.where}")
        self._attend(self._handle, port)
        same = containers.same(left, wish.spec.run)
        self._tell(e.RunFound(number, self._handle, wish, epoch, same, port))

    def _attend(self, handle: Handle, port: int | None) -> None:
        """What goes on beside a live run."""
        run = handle.run
        self._spawn(self._wait(handle), f"wait {run}")
        if port is not None:
            self._watch(self._watch_health(run.number, port, handle.address), f"health {run}")
        self._watch(self._watch_backlog(run.number), f"backlog {run}")

    async def _wait(self, handle: Handle) -> None:
        self._waiting = True
        try:
            exit_ = await self._services.runners[handle.runner].wait(handle)
        except StillAlive as error:
            self._waiting = False
            self._tell(e.RunStuck(handle.run.number, str(error)))
            return
        except Exception as error:
            self._waiting = False
            self._lose_sight(handle.run, error)
            return
        self._waiting = False
        while self._watches:
            self._watches.pop().cancel()
        self.log.note(f"run {handle.run.number} {exit_}")
        self._tell(e.RunExited(handle.run.number, exit_))

    async def _stop(self, number: int, how: StopPolicy) -> None:
        handle = self._handle
        if handle is None or handle.run.number != number:
            return
        if not self._waiting:
            self._spawn(self._wait(handle), f"wait {handle.run}")
        try:
            await self._services.runners[handle.runner].stop(handle, how)
        except StillAlive:
            pass  # the waiting task tells it
        except Exception as error:
            self._lose_sight(handle.run, error)

    def _lose_sight(self, run: RunId, error: Exception) -> None:
        """Out of descriptors or memory: whether anything of the run is left is not known, so it counts as there."""
        log.error("the end of %s could not be observed", run, exc_info=error)
        reason = self._services.redact(f"its end could not be observed: {error or type(error).__name__}")
        self._tell(e.RunStuck(run.number, reason))

    async def _watch_health(self, number: int, port: int, host: str) -> None:
        ready = False
        while True:
            web = self.policy.web
            answer = await self._services.health.ask(port, web.health, web.timeout, host)
            ready = ready or answer.ok
            self._tell(e.HealthSeen(number, answer.ok, answer.port_open, answer.detail))
            await asyncio.sleep(
                self.policy.web.interval if ready else min(STARTING_INTERVAL, self.policy.web.interval)
            )

    async def _watch_backlog(self, number: int) -> None:
        """Telegram's side of a live run, at a modest pace: spread over the fleet, slower when asked to be."""
        while True:
            every = self.policy.stall.every
            await asyncio.sleep(every * (0.5 + self._services.chance()))
            if not self.policy.preflight or self._spec is None:
                continue
            answer = await self._services.telegram.ask(s.ReadWebhook(), self._spec)
            if isinstance(answer, s.WebhookSeen):
                self._tell(e.BacklogSeen(number, answer.pending, answer.host, answer.last_error))
            elif isinstance(answer, s.Rejected):  # some libraries stay alive and silent when this happens
                self._tell(e.TokenChecked(number, answer.reason))
            elif isinstance(answer, s.Denied) and answer.retry_after is not None:
                await asyncio.sleep(answer.retry_after)

    async def _count_connections(self, number: int, spec: RunSpec) -> None:
        run = RunId(self.bot, number)
        seen = await self._services.host.count_connections(run, spec)
        self._tell(e.ConnectionsSeen(number, seen))

    # steps of a procedure

    def _begin_step(self, command: c.DoStep) -> None:
        """The word that a step is over comes from its task's end: one that is abandoned before it began, too."""
        task = asyncio.get_running_loop().create_task(self._answer(command), name=f"step {self.bot}")
        self._step = task

        def over(task: asyncio.Task[s.Answer]) -> None:
            self._tell(e.StepDone(command.step, self._outcome(task, command)))

        task.add_done_callback(over)

    def _outcome(self, task: asyncio.Task[s.Answer], command: c.DoStep) -> s.Answer:
        if task.cancelled():
            return s.NoAnswer("abandoned", took=0.0)
        error = task.exception()
        if error is None:
            return task.result()
        log.error("%s: %s failed", self.bot, type(command.what).__name__, exc_info=error)
        return s.NoAnswer(f"internal error: {type(error).__name__}", took=1.0)

    async def _answer(self, command: c.DoStep) -> s.Answer:
        match command.what:
            case s.Pause(seconds):
                await asyncio.sleep(seconds)
                return s.Done()
            case s.Prepare():
                try:
                    self._venv = await self._services.setups.prepare(command.spec.run, self.bot, self.log)
                except StartRefused as refused:
                    self.log.note(refused.reason)
                    return s.PrepareFailed(self._services.redact(refused.reason), refused.permanent)
                return s.Done()
            case s.LookAround(stop):
                return await self._services.host.look(command.spec, stop=stop)
            case s.ReadSource():
                return await self._services.host.read_source(command.spec)
            case step:
                return await self._services.telegram.ask(step, command.spec)

    async def _check_token(self, command: c.CheckToken) -> None:
        answer = await self._services.telegram.ask(s.Identify(), command.spec)
        reason = answer.reason if isinstance(answer, s.Rejected) else ""
        self._tell(e.TokenChecked(command.number, reason))

    # incidents

    def _journal(self, command: c.Command) -> None:
        journal = self._services.journal
        match command:
            case c.Report(text):
                self.log.note(text)
                log.warning("%s: %s", self.bot, text)
            case c.OpenIncident(sign):
                bot_id = self.lease.token_id if self.lease else 0
                self._incident = journal.open_incident(self.bot, bot_id, sign)
                self.log.note(f"409 conflict seen ({sign.kind}): healing begins")
            case c.RecordStep(action, result):
                self.log.note(f"healing: {action}: {result}" if result else f"healing: {action}")
                if self._incident is not None:
                    journal.record_step(self._incident, action, result)
            case c.CountSign() if self._incident is not None:
                journal.count_sign(self._incident)
            case c.SettleIncident(outcome, diagnosis):
                self.log.note(f"healing: {outcome}" + (f": {diagnosis.summary}" if diagnosis else ""))
                if self._incident is not None:
                    journal.settle(self._incident, outcome, diagnosis)
            case _:
                pass
