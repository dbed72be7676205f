"""One bot at the server: its lasting mailbox, and the bot object that serves requests [S: Client.cpp, ClientManager].

The first request loads the bot object, `close` ends it and `logOut` locks it; the mailbox stays. Tokens are checked
before a call comes here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from supervisor.simulator.rules import texts
from supervisor.simulator.rules.arguments import allowed_kinds
from supervisor.simulator.rules.calls import Action, Answer, Call, Outcome, Reply, fail, ok, too_many
from supervisor.simulator.rules.chats import Chats
from supervisor.simulator.rules.conflicts import Conflicts
from supervisor.simulator.rules.delivery import Delivery, DeliveryNews
from supervisor.simulator.rules.kinds import DEFAULT_KINDS
from supervisor.simulator.rules.mailbox import Mailbox, WebhookRecord
from supervisor.simulator.rules.methods import Methods
from supervisor.simulator.rules.people import Identity
from supervisor.simulator.rules.polling import Polling
from supervisor.simulator.rules.posts import Outbox
from supervisor.simulator.rules.queue import Update
from supervisor.simulator.rules.tally import Tally
from supervisor.simulator.rules.webhooks import WebhookLimits, Webhooks

CLOSE_AFTER = 600.0
CLOSING = 0.05
"""How long the bot object takes to close [M]."""
SHORT_LOGIN = 1800.0
COLLECT_EVERY = 60.0


@dataclass(frozen=True)
class World:
    """What the rules need from outside, injected."""

    calendar: Callable[[float], int]
    """`now` to Unix time."""
    chance: Callable[[], float]
    """Random numbers in 0..1."""
    started: float
    """When the server was started."""
    local: bool = True
    """No checks of scheme, port and address for webhooks, as with `--local`."""


@dataclass
class _Session:
    """The bot object: what a `close` forgets."""

    started: float
    conflicts: Conflicts
    polling: Polling
    webhooks: Webhooks
    closing_until: float | None = None


class SimulatedBot:
    """Everything the server does for one bot id."""

    def __init__(self, identity: Identity, world: World) -> None:
        self.identity = identity
        self.tally = Tally()
        self.mailbox = Mailbox(world.chance)
        self._world = world
        self._chats = Chats()
        self._methods = Methods(identity, self._chats, Outbox(identity, self._chats, self.tally))
        self._session: _Session | None = None
        self._logged_out_until: float | None = None
        self._next_collect = 0.0
        self._attempts = count(1)
        self._now = 0.0
        self._actions: list[Action] = []

    def call(self, now: float, call: Call) -> list[Action]:
        """A request arrived; its answer is among the actions, now or later."""
        self._now = now
        self._settle(now)
        self.tally.called(now, call)
        self._serve(now, call)
        return self._take()

    def hung_up(self, now: float, call: Call) -> None:
        """The client of `call` has gone. The call itself stays where it is."""
        call.alive = False
        self.tally.ended(now, call)

    def receive(self, now: float, kind: str, content: dict[str, Any], update_id: int | None = None) -> Update | None:
        """Something happened in a chat: queue it. None if the bot does not want it or has no room.

        `wake` must follow, which hands it on.
        """
        self._now = now
        if kind not in self.mailbox.allowed:
            return None
        if not len(self.mailbox.queue):
            self._next_collect = now + COLLECT_EVERY
        update = self.mailbox.queue.push(now, kind, content, update_id)
        session = self._session
        if update and session:
            if not self.mailbox.webhook:
                session.polling.update_arrived(now)
            elif session.webhooks.delivery:
                session.webhooks.delivery.work(now)
        return update

    def number(self, message: dict[str, Any]) -> dict[str, Any]:
        """Give a user's message its number in its chat."""
        return self._chats.add(message)

    def resolved(self, now: float, generation: int, address: str | None, error: str = "") -> list[Action]:
        """The answer to `Resolve`."""
        self._now = now
        if self._session:
            self._session.webhooks.resolved(now, generation, address, error)
        return self._take()

    def posted(self, now: float, attempt: int, outcome: Outcome) -> list[Action]:
        """The answer to `Post`."""
        self._now = now
        if self._session and self._session.webhooks.delivery:
            self._session.webhooks.delivery.posted(now, attempt, outcome)
        return self._take()

    def revoked(self, now: float) -> list[Action]:
        """The token is no longer valid: the bot object ends and the stored webhook is erased; the queue stays."""
        self._now = now
        if self._session:
            self._end(now, self._session, fail(401, texts.UNAUTHORIZED))
            self._session = None
        self.mailbox.webhook = None
        return self._take()

    def due(self) -> float | None:
        """When `wake` is needed next."""
        times = [self._next_collect] if len(self.mailbox.queue) else []
        session = self._session
        if session:
            delivery = session.webhooks.delivery.due() if session.webhooks.delivery else None
            parts = (session.conflicts.due(), session.polling.due(), delivery, session.closing_until)
            times += [time for time in parts if time is not None]
        return min(times, default=None)

    def wake(self, now: float) -> list[Action]:
        """Do what time alone brings."""
        self._now = now
        self._settle(now)
        if len(self.mailbox.queue) and self._next_collect <= now:
            self.mailbox.queue.collect(now)
            self._next_collect = now + COLLECT_EVERY
        if self._session:
            self._session.conflicts.wake(now)
            self._session.polling.wake(now)
            if self._session.webhooks.delivery:
                self._session.webhooks.delivery.wake(now)
        return self._take()

    def state_of(self, call: Call) -> str:
        """For the referee: whether an open poll waits for updates or for its delayed 409."""
        held = self._session is not None and self._session.conflicts.holds(call)
        return "held for 409" if held else "waiting"

    # --- what a request meets ---

    def _settle(self, now: float) -> None:
        session = self._session
        if session and session.closing_until is not None and session.closing_until <= now:
            self._session = None
        if self._logged_out_until is not None and self._logged_out_until <= now:
            self._logged_out_until = None

    def _serve(self, now: float, call: Call) -> None:
        if self._logged_out_until is not None:
            self._emit(Answer(call, fail(400, texts.LOGGED_OUT)))
            return
        if self._session is None:
            if call.method == "close":
                self._emit(Answer(call, fail(400, texts.ALREADY_CLOSED)))
                return
            self._session = self._load(now, restore=call.method not in {"setwebhook", "deletewebhook"})
        session = self._session
        if session.closing_until is not None:
            self._emit(Answer(call, fail(500, texts.RESTART)))
            return
        match call.method:
            case "getupdates":
                self._get_updates(now, session, call)
            case "setwebhook" | "deletewebhook":
                session.webhooks.change(now, call)
            case "getwebhookinfo":
                self._emit(Answer(call, session.webhooks.info()))
            case "close":
                self._close(now, session, call)
            case "logout":
                self._log_out(now, session, call)
            case _:
                self._emit(Answer(call, self._methods.answer(self._world.calendar(now), call)))

    def _get_updates(self, now: float, session: _Session, call: Call) -> None:
        if session.webhooks.active:
            session.conflicts.fail(now, call, "webhook_active")
            return
        self.mailbox.allowed = allowed_kinds(call.args) or self.mailbox.allowed
        session.polling.get_updates(now, call)

    def _close(self, now: float, session: _Session, call: Call) -> None:
        left = int(CLOSE_AFTER - (now - session.started))
        if left > 0 and session.started > self._world.started + CLOSE_AFTER:
            self._emit(Answer(call, too_many(left)))
            return
        self._emit(Answer(call, ok(True)))
        self._end(now, session, fail(500, texts.RESTART))
        session.closing_until = now + CLOSING

    def _log_out(self, now: float, session: _Session, call: Call) -> None:
        self._emit(Answer(call, ok(True)))
        self._end(now, session, fail(400, texts.LOGGED_OUT))
        self.mailbox.webhook = None
        self.mailbox.queue.clear()
        self.mailbox.allowed = DEFAULT_KINDS
        self._session = None
        self._logged_out_until = now + (1.0 if now - session.started > SHORT_LOGIN else SHORT_LOGIN)

    def _end(self, now: float, session: _Session, reply: Reply) -> None:
        session.webhooks.interrupt(reply)
        session.webhooks.close()
        session.polling.finish(now)

    # --- the bot object ---

    def _load(self, now: float, restore: bool) -> _Session:
        conflicts = Conflicts(self._emit, self.tally)
        polling = Polling(self._emit, self.mailbox.queue, conflicts)
        limits = WebhookLimits(self._world.local)
        webhooks = Webhooks(self._emit, self.mailbox, conflicts, polling, limits, self._start_delivery)
        session = _Session(now, conflicts, polling, webhooks)
        if restore:
            webhooks.restore()
        elif self.mailbox.webhook:
            # setWebhook and deleteWebhook as the first request replace the stored record unseen.
            self.mailbox.webhook = None
        return session

    def _start_delivery(self, now: float, record: WebhookRecord) -> Delivery:
        news = DeliveryNews(self._emit, self._delivery_failed, self._webhook_gone, self._run_by_webhook)
        return Delivery(now, record, self.mailbox, self.tally, self._world.chance, news, lambda: next(self._attempts))

    def _delivery_failed(self, now: float, error: str) -> None:
        if self._session:
            self._session.webhooks.failed(self._world.calendar(now), error)

    def _webhook_gone(self) -> None:
        if self._session:
            self._session.webhooks.erase()

    def _run_by_webhook(self, now: float, args: dict[str, str]) -> None:
        # Ordinary methods only: setWebhook, deleteWebhook, close and logOut are ignored here [S], and a get* that
        # nobody hears is as good as ignored.
        method = args["method"]
        self._methods.answer(self._world.calendar(now), Call(method.lower(), args, spelled=method))

    def _emit(self, action: Action) -> None:
        if isinstance(action, Answer):
            self.tally.ended(self._now, action.call)
        self._actions.append(action)

    def _take(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions
