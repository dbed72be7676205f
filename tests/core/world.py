"""A tiny world for one or more machines: it carries out commands late, out of order and badly, and it is the
referee of the promises. Everything in it is data; no clock, no loop, no files."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from supervisor.core import commands as c
from supervisor.core import events as e
from supervisor.core import steps as s
from supervisor.core.bot import Bot
from supervisor.model.bots import RunnerKind, RunSpec
from supervisor.model.leases import Holder
from supervisor.model.rivals import Sighting
from supervisor.model.runs import Exit, Handle, RunId
from supervisor.model.signs import Sign, SignKind


@dataclass
class Broken(Exception):
    """A promise was broken; the story so far is the message."""

    promise: str
    history: list[tuple[float, str, object]] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([self.promise, *(f"{at:8.2f} {who} {what}" for at, who, what in self.history[-40:])])


@dataclass
class LiveRun:
    bot: str
    number: int
    spec: RunSpec
    stopping: bool = False

    @property
    def token_id(self) -> int:
        return self.spec.token.id


def _outlives(run: LiveRun) -> bool:
    return run.spec.runner is RunnerKind.DOCKER


class World:
    """Runs, leases and pending news. `now` moves only when the walk says so."""

    def __init__(self, rng: random.Random, make: Callable[[str, int], Bot] = Bot) -> None:
        self.rng = rng
        self.now = 0.0
        self.bots: dict[str, Bot] = {}
        self.make = make
        self.live: dict[tuple[str, int], LiveRun] = {}
        self.leases: dict[int, str] = {}
        self.steps: dict[str, tuple[int, s.Step]] = {}
        self.news: list[tuple[str, e.Event]] = []
        self.timers: list[tuple[float, str, int]] = []
        self.numbers: dict[str, int] = {}
        self.history: list[tuple[float, str, object]] = []

    def bot(self, name: str) -> Bot:
        if name not in self.bots:
            self.bots[name] = self.make(name, self.numbers.get(name, 0))
        return self.bots[name]

    def tell(self, name: str, event: e.Event) -> None:
        self.history.append((self.now, f"{name} >>", event))
        for command in self.bot(name).receive(event, self.now):
            self.history.append((self.now, f"{name} <<", command))
            self._obey(name, command)
        self.check()

    def later(self, name: str, event: e.Event) -> None:
        self.news.append((name, event))

    def broken(self, promise: str) -> Broken:
        return Broken(promise, self.history)

    def _obey(self, name: str, command: c.Command) -> None:
        match command:
            case c.TakeLease(token_id):
                self._take(name, token_id)
            case c.DropLease(token_id):
                self._drop(name, token_id)
            case c.StartRun():
                self._start(name, command)
            case c.StopRun(number):
                run = self.live.get((name, number))
                if run is not None:
                    run.stopping = True
            case c.DoStep(number, step):
                if name in self.steps:
                    raise self.broken(f"{name}: a second step beside one under way")
                if isinstance(step, s.Probe) and any(run.bot == name for run in self.live.values()):
                    raise self.broken(f"{name}: a probe beside a live run")
                self.steps[name] = (number, step)
            case c.AbandonStep(number):
                if self.steps.get(name, (0,))[0] != number:
                    raise self.broken(f"{name}: abandons a step that is not under way")
            case c.Wake(timer, seconds):
                self.timers.append((self.now + seconds, name, timer))
            case _:
                pass

    def _take(self, name: str, token_id: int) -> None:
        owner = self.leases.get(token_id)
        contained = [run.bot for run in self.live.values() if _outlives(run) and run.token_id == token_id]
        if contained:
            self.later(name, e.LeaseRefused(token_id, Holder(0, 0.0, "us", contained[0], "a-container")))
        elif owner is None:
            self.leases[token_id] = name
            self.later(name, e.LeaseTaken(token_id, 1))
        elif owner == name:
            raise self.broken(f"{name}: asks for a lease it has")
        else:
            self.later(name, e.LeaseRefused(token_id, Holder(1, 0.0, "other", owner)))

    def _drop(self, name: str, token_id: int) -> None:
        if self.leases.get(token_id) != name:
            raise self.broken(f"{name}: drops a lease that it does not hold")
        if any(run.bot == name and run.token_id == token_id for run in self.live.values()):
            raise self.broken(f"{name}: drops a lease over a live run")
        if name in self.steps:
            raise self.broken(f"{name}: drops a lease while a step is under way")
        del self.leases[token_id]

    def _start(self, name: str, command: c.StartRun) -> None:
        token_id = command.spec.token.id
        if self.leases.get(token_id) != name:
            raise self.broken(f"{name}: starts a run without its lease")
        if name in self.steps:
            raise self.broken(f"{name}: starts a run while a step is under way")
        if command.number <= self.numbers.get(name, 0):
            raise self.broken(f"{name}: run number {command.number} was used before")
        self.numbers[name] = command.number
        if self.rng.random() < 0.1:
            self.later(name, e.RunRefused(command.number, "no such file", permanent=self.rng.random() < 0.5))
            return
        self.live[name, command.number] = LiveRun(name, command.number, command.spec)
        self.later(name, e.RunStarted(command.number, Handle("process", RunId(name, command.number))))

    def check(self) -> None:
        tokens = [run.token_id for run in self.live.values()]
        if len(tokens) != len(set(tokens)):
            raise self.broken("two runs of one token")

    def crash(self) -> None:
        """kill -9 of the daemon: its memory is gone, its child processes die, locks go; containers live on."""
        self.history.append((self.now, "daemon", "kill -9"))
        self.bots.clear()
        self.live = {key: run for key, run in self.live.items() if _outlives(run)}
        self.leases.clear()
        self.steps.clear()
        self.timers.clear()
        self.news.clear()

    def revive(self, wishes: Mapping[str, e.Wanted]) -> None:
        """The next life: containers of bots that are still wanted go on, others are ended before anything starts."""
        for key, run in list(self.live.items()):
            if wishes[run.bot].spec.run.token != run.spec.token or self.rng.random() < 0.1:
                del self.live[key]
        for name, wish in wishes.items():
            left = next((run for run in self.live.values() if run.bot == name), None)
            if left is None:
                self.tell(name, wish)
                continue
            left.stopping = False
            epoch = None
            if left.token_id not in self.leases and self.rng.random() < 0.9:  # somebody else may have its lock
                self.leases[left.token_id], epoch = name, 2
            handle = Handle("docker", RunId(name, left.number))
            same = left.spec == wish.spec.run
            self.tell(name, e.RunFound(left.number, handle, wish, epoch, same))


def answer(rng: random.Random, step: s.Step) -> s.Answer:
    """Some answer to a step, good or bad, as Telegram and setups give them."""
    if isinstance(step, s.Pause):
        return s.Done()
    if isinstance(step, s.LookAround):
        return s.Looked(Sighting())
    if isinstance(step, s.ReadSource):
        return s.SourceRead(())
    if isinstance(step, s.Prepare):
        return s.Done() if rng.random() < 0.75 else s.PrepareFailed("exit code 1", permanent=rng.random() < 0.3)
    if rng.random() < 0.15:
        bads: list[s.Answer] = [s.NoAnswer("no route", took=10.0), s.Denied("flood", 5.0), s.Denied("no")]
        return rng.choice([*bads, s.Rejected("401")] if rng.random() < 0.3 else bads)
    if isinstance(step, s.Identify):
        return s.Identified(123456789, "demo_bot")
    if isinstance(step, s.ReadWebhook):
        return s.WebhookSeen("old.example" if rng.random() < 0.2 else "", 0)
    if isinstance(step, s.Probe):
        return s.Probed(step.seconds, rival=rng.random() < 0.4, waiting=rng.random() < 0.2)
    return s.Done()


def sign(rng: random.Random) -> Sign:
    kind = rng.choice([*SignKind, SignKind.GET_UPDATES, SignKind.GET_UPDATES])
    return Sign(kind, "a line", rng.choice([None, 7.0]) if kind is SignKind.FLOOD else None)


EXITS = (Exit(0), Exit(1), Exit(None, 9), Exit(1, left_behind=2))
