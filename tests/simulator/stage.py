"""A simulated server on an injected clock: calls go in at given seconds, answers are noted with theirs."""

import json
from dataclasses import dataclass, field
from typing import Any

from supervisor.simulator.rules.bot import SimulatedBot, World
from supervisor.simulator.rules.calls import Abandon, Action, Answer, Call, Outcome, Post, Reply, Resolve
from supervisor.simulator.rules.telegram import Telegram

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
BOT = 123456789
EPOCH = 1_767_225_600


@dataclass
class Request:
    """One request and what became of it."""

    call: Call
    answered_at: float | None = None
    reply: Reply | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        assert self.reply is not None, "not answered yet"
        parsed: dict[str, Any] = json.loads(self.reply.body)
        return parsed

    @property
    def result(self) -> Any:
        """The result of a success."""
        assert self.body["ok"], self.body
        return self.body["result"]

    @property
    def ids(self) -> list[int]:
        """The ids of the updates returned."""
        return [update["update_id"] for update in self.result]

    @property
    def error(self) -> tuple[float | None, int, str]:
        """When, code, text of a failure."""
        return self.answered_at, self.body["error_code"], self.body["description"]

    @property
    def waits(self) -> bool:
        """No answer so far."""
        return self.reply is None


@dataclass
class Delivered:
    """One post to the webhook."""

    at: float
    post: Post

    @property
    def update_id(self) -> int:
        """The update it carried."""
        number: int = json.loads(self.post.body)["update_id"]
        return number


@dataclass
class Stage:
    """The server, its clock, and whoever listens at the webhook."""

    tokens: list[str] | None = None
    cloud: bool = True
    local: bool = True
    resolver: dict[str, str | None] = field(default_factory=dict)
    """Addresses by host; a host mapped to None does not resolve, one mapped to "" is never looked up."""
    outcomes: list[Outcome] = field(default_factory=list)
    """What the webhook answers, in turn; then nothing comes back any more."""
    now: float = 0.0
    requests: list[Request] = field(default_factory=list)
    posts: list[Delivered] = field(default_factory=list)
    abandoned: list[int] = field(default_factory=list)
    questions: list[Resolve] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = World(lambda now: EPOCH + int(now), lambda: 0.5, 0.0, self.local)
        self.telegram = Telegram(world, self.tokens, self.cloud)

    @property
    def bot(self) -> SimulatedBot:
        """The bot that everything here is about."""
        return self.telegram.bot(BOT)

    def until(self, at: float) -> None:
        """Let the clock run to `at`, waking the server whenever it is due."""
        while (due := self.bot.due()) is not None and due <= at:
            self.now = max(self.now, due)
            self._note(self.bot.wake(self.now))
        self.now = max(self.now, at)

    def call(self, client: str, method: str, at: float, token: str = TOKEN, **args: Any) -> Request:
        """A request of `client` at second `at`."""
        self.until(at)
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in args.items()}
        request = Request(Call(method.lower(), texts, client=client, spelled=method))
        self.requests.append(request)
        self._note(self.telegram.call(self.now, token, request.call))
        return request

    def poll(self, client: str, at: float, **args: Any) -> Request:
        """A long poll of 30 s unless `timeout` says otherwise."""
        return self.call(client, "getUpdates", at, **({"timeout": 30} | args))

    def short(self, client: str, at: float, **args: Any) -> Request:
        """A short poll."""
        return self.call(client, "getUpdates", at, **args)

    def hang_up(self, request: Request, at: float) -> None:
        """The client of a request closes its connection."""
        self.until(at)
        self.bot.hung_up(self.now, request.call)

    def queue(self, *ids: int, at: float = 0.0, kind: str = "message", chat: int = 1) -> None:
        """Updates of these ids arrive."""
        self.until(at)
        for number in ids:
            content = {"message_id": number, "chat": {"id": chat}, "from": {"id": chat}, "text": "hello"}
            assert self.bot.receive(self.now, kind, content, number)
        self._note(self.bot.wake(self.now))

    def revoke(self, at: float) -> None:
        """The token becomes void."""
        self.until(at)
        assert self.telegram.tokens.revoke(BOT)
        self._note(self.bot.revoked(self.now))

    def info(self, at: float) -> dict[str, Any]:
        """getWebhookInfo."""
        result: dict[str, Any] = self.call("info", "getWebhookInfo", at).result
        return result

    def set_webhook(self, at: float, url: str = "http://hook.test/x", **args: Any) -> Request:
        """setWebhook."""
        return self.call("setter", "setWebhook", at, url=url, **args)

    def finish(self, post: Delivered, outcome: Outcome, at: float) -> None:
        """The webhook answers one post that was left open."""
        self.until(at)
        self._note(self.bot.posted(self.now, post.post.attempt, outcome))

    def _note(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Answer():
                    self._answered(action)
                case Resolve():
                    self.questions.append(action)
                    self._resolve(action)
                case Post():
                    self.posts.append(Delivered(self.now, action))
                    if self.outcomes:
                        self._note(self.bot.posted(self.now, action.attempt, self.outcomes.pop(0)))
                case Abandon():
                    self.abandoned.append(action.attempt)

    def _answered(self, answer: Answer) -> None:
        request = next(request for request in self.requests if request.call is answer.call)
        assert request.reply is None, "answered twice"
        request.answered_at, request.reply = round(self.now, 6), answer.reply

    def _resolve(self, question: Resolve) -> None:
        address = self.resolver.get(question.host, "127.0.0.1")
        if address == "":
            return
        error = "" if address else "Failed to resolve host: Name or service not known"
        self._note(self.bot.resolved(self.now, question.generation, address, error))
