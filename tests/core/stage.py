"""A stage for screenplays: one machine, a clock that the test moves, and the last commands to compare with."""

from __future__ import annotations

from supervisor.core import commands as c
from supervisor.core import events as e
from supervisor.core import steps as s
from supervisor.core.bot import Bot
from supervisor.core.explain import phase, reason
from supervisor.model.bots import BotSpec
from supervisor.model.leases import Holder
from supervisor.model.rivals import Sighting
from supervisor.model.runs import Exit, Handle, RunId
from supervisor.model.signs import Sign, SignKind
from supervisor.model.status import Phase

G = Sign(SignKind.GET_UPDATES, "Conflict: terminated by other getUpdates request")
W = Sign(SignKind.WEBHOOK_ACTIVE, "Conflict: can't use getUpdates method while webhook is active")


class Stage:
    """Plays the world for one bot, whose answers are good unless the test says otherwise."""

    def __init__(self, spec: BotSpec) -> None:
        self.spec = spec
        self.bot = Bot(spec.name)
        self.now = 0.0
        self.said: list[c.Command] = []

    def phase(self) -> Phase:
        return phase(self.bot.facts)

    @property
    def reason(self) -> str:
        return reason(self.bot.facts, self.now)

    @property
    def run(self) -> int:
        assert self.bot.facts.run is not None
        return self.bot.facts.run.number

    def tell(self, event: e.Event) -> list[c.Command]:
        self.said = self.bot.receive(event, self.now)
        return self.said

    def asked(self, kind: type[c.Command]) -> list[c.Command]:
        return [command for command in self.said if isinstance(command, kind)]

    def step(self) -> s.Step | None:
        """The step that waits for an answer."""
        story = self.bot.facts.story
        return story.step if story else None

    def answer(self, answer: s.Answer) -> list[c.Command]:
        story = self.bot.facts.story
        assert story is not None, "no step is under way"
        if isinstance(story.step, s.Pause):
            self.now += story.step.seconds
        if isinstance(story.step, s.Probe):
            self.now += story.step.seconds
        return self.tell(e.StepDone(story.number, answer))

    def through(self, **answers: s.Answer) -> list[s.Step]:
        """Answer steps until none is under way; `answers` by the step's class name, else a good one."""
        taken: list[s.Step] = []
        while (step := self.step()) is not None:
            taken.append(step)
            self.answer(answers.get(type(step).__name__, good(step)))
            assert len(taken) < 50
        return taken

    def ring(self) -> list[c.Command]:
        """Let the next timer ring at its time."""
        number, due = min(self.bot.facts.timers.values(), key=lambda entry: entry[1])
        self.now = max(self.now, due)
        return self.tell(e.Elapsed(number))

    # whole scenes

    def launch(self) -> None:
        """From nothing to up."""
        self.tell(e.Wanted(self.spec))
        self.tell(e.LeaseTaken(self.spec.token_id, 1))
        self.through()
        self.started()
        self.ring()
        assert self.phase() is Phase.UP

    def started(self, port: int | None = None) -> None:
        self.tell(e.RunStarted(self.run, Handle("process", RunId(self.spec.name, self.run)), port))

    def sign(self, sign: Sign = G) -> list[c.Command]:
        return self.tell(e.SignSeen(self.run, sign))

    def exited(self, how: Exit = Exit(0)) -> list[c.Command]:  # noqa: B008  # frozen
        return self.tell(e.RunExited(self.run, how))


def good(step: s.Step) -> s.Answer:
    match step:
        case s.Identify():
            return s.Identified(123456789, "demo_bot")
        case s.ReadWebhook():
            return s.WebhookSeen("", 0)
        case s.Probe(seconds):
            return s.Probed(seconds, rival=False, waiting=False)
        case s.LookAround():
            return s.Looked(Sighting())
        case s.ReadSource():
            return s.SourceRead(())
        case _:
            return s.Done()


OTHER = Holder(4242, 0.0, "botctl up -f other.yaml", "news")
