"""Delivery of updates to a webhook: order, retries, connections [S: WebhookActor.cpp].

One update at a time per lane. A failing head blocks its lane only, until so many lanes fail that no more are
loaded. Connections are counted, not held: whoever posts says whether the connection was kept.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from supervisor.simulator.rules.calls import Abandon, Action, Outcome, Post
from supervisor.simulator.rules.kinds import Lane
from supervisor.simulator.rules.mailbox import Mailbox, WebhookRecord
from supervisor.simulator.rules.pacing import Pacer
from supervisor.simulator.rules.queue import Update
from supervisor.simulator.rules.tally import Tally
from supervisor.simulator.rules.webhook_url import parse_url

RESEND_CAP = 60.0
MAX_RETRY_AFTER = 3600
GONE_FOR = 23 * 3600.0
QUIET_AFTER = 10.0


@dataclass
class _Loaded:
    update: Update
    delay: float = 1.0
    wake_at: float = 0.0
    fails: int = 0


@dataclass(frozen=True)
class DeliveryNews:
    """Whom a delivery tells what it learns; all on the same bot."""

    emit: Callable[[Action], None]
    failed: Callable[[float, str], None]
    """A delivery failed, with the text for getWebhookInfo."""
    gone: Callable[[], None]
    """410 for 23 hours: remove the webhook."""
    asked: Callable[[float, dict[str, str]], None]
    """A 2xx answer asked for a method to be run."""


class Delivery:
    """The postman of one webhook."""

    def __init__(
        self,
        now: float,
        record: WebhookRecord,
        mailbox: Mailbox,
        tally: Tally,
        chance: Callable[[], float],
        news: DeliveryNews,
        attempts: Callable[[], int],
    ) -> None:
        """`attempts` numbers the posts, unique over the bot's life so that late results are recognised."""
        self._record = record
        self._queue = mailbox.queue
        self._tally = tally
        self._chance = chance
        self._news = news
        self._attempts = attempts
        self._loaded: dict[int, _Loaded] = {}
        self._lanes: dict[Lane, deque[int]] = {}
        self._ready: list[tuple[float, int, Lane]] = []
        self._next_id = 0
        self._in_flight: dict[int, int] = {}
        self._idle = 1  # the connection that setWebhook opens before it answers
        self._last_success = float("-inf")
        self._first_gone: float | None = None
        self._quiet_pace = Pacer(2.0, 1, now)
        self._active_pace = Pacer(0.5, 10)
        self._wake_at: float | None = None
        self.work(now)

    def work(self, now: float) -> None:
        """Load, connect and send what can be sent now."""
        self._wake_at = None
        self._load(now)
        self._connect(now)
        self._send(now)

    def _load(self, now: float) -> None:
        room = 2 * self._record.max_connections - len(self._lanes)
        if room <= 0:
            return
        for update in self._queue.read(now, self._next_id, room):
            self._next_id = update.id + 1
            self._loaded[update.id] = _Loaded(update, wake_at=now)
            lane = self._lanes.setdefault(update.lane, deque())
            lane.append(update.id)
            if len(lane) == 1:
                self._offer(update.lane)

    def _offer(self, lane: Lane) -> None:
        head = self._loaded[self._lanes[lane][0]]
        heapq.heappush(self._ready, (head.wake_at, head.update.id, lane))

    def _connect(self, now: float) -> None:
        """Without a success in the last 10 s one connection and one attempt in 2 s; otherwise 10 in half a second."""
        active = now <= self._last_success + QUIET_AFTER
        pace = self._active_pace if active else self._quiet_pace
        need = min(len(self._lanes), self._record.max_connections if active else 1)
        while self._idle + len(self._in_flight) < need:
            free_at = pace.free_at(now)
            if now < free_at:
                self._wake_by(free_at)
                return
            pace.count(now)
            self._idle += 1

    def _send(self, now: float) -> None:
        while self._idle and self._ready:
            wake_at, _, lane = self._ready[0]
            if wake_at > now:
                break
            heapq.heappop(self._ready)
            self._post(self._loaded[self._lanes[lane][0]].update)
        if self._idle and self._ready:
            self._wake_by(self._ready[0][0])

    def _post(self, update: Update) -> None:
        url = parse_url(self._record.url)
        if url is None:  # cannot be: it was parsed when it was set
            return
        headers = {"Host": url.host_header()}
        if authorization := url.authorization():
            headers["Authorization"] = authorization
        if self._record.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._record.secret
        headers |= {
            "Content-Type": "application/json",
            "Connection": "keep-alive",
            "Accept-Encoding": "gzip, deflate",
        }
        attempt = self._attempts()
        self._idle -= 1
        self._in_flight[attempt] = update.id
        record = self._record
        self._news.emit(Post(attempt, url.rebuilt(), record.address, headers, update.text(), record.certificate))

    def posted(self, now: float, attempt: int, outcome: Outcome) -> None:
        """The result of one post; those of a closed webhook are not known here any more."""
        update_id = self._in_flight.pop(attempt, None)
        if update_id is None:
            return
        if outcome.keep_alive and outcome.error is None:
            self._idle += 1
        loaded = self._loaded[update_id]
        if outcome.error is None:
            loaded.update.handed_out = True
        self._tally.deliveries += 1
        if outcome.error is None and 200 <= outcome.status <= 299:
            self._succeeded(now, loaded, outcome)
        else:
            self._failed(now, loaded, outcome)

    def _succeeded(self, now: float, loaded: _Loaded, outcome: Outcome) -> None:
        self._last_success = now
        self._first_gone = None
        self._queue.forget(loaded.update.id)
        self._leave(loaded)
        if outcome.args.get("method"):
            self._news.asked(now, outcome.args)
        self.work(now)

    def _failed(self, now: float, loaded: _Loaded, outcome: Outcome) -> None:
        self._tally.failed_deliveries += 1
        text = outcome.error or f"Wrong response from the webhook: {outcome.status} {outcome.reason}"
        self._news.failed(now, text)
        self._postpone(now, loaded, max(0, min(outcome.retry_after, MAX_RETRY_AFTER)))
        if outcome.error is None and self._is_gone(now, outcome.status):
            self._news.gone()
        else:
            self.work(now)

    def _is_gone(self, now: float, status: int) -> bool:
        if status != 410:
            self._first_gone = None
            return False
        if self._first_gone is None:
            self._first_gone = now
        return now > self._first_gone + GONE_FOR

    def _postpone(self, now: float, loaded: _Loaded, retry_after: int) -> None:
        delay = float(retry_after)
        if not retry_after and loaded.fails:
            cap = RESEND_CAP * (1 + self._chance())
            loaded.delay = delay = min(cap, loaded.delay * 2)
        if now + delay > loaded.update.expires_at:
            self._queue.drop(loaded.update.id)
            self._leave(loaded)
            return
        loaded.wake_at = now + delay
        loaded.fails += 1
        self._offer(loaded.update.lane)

    def _leave(self, loaded: _Loaded) -> None:
        lane = loaded.update.lane
        self._loaded.pop(loaded.update.id)
        self._lanes[lane].popleft()
        if self._lanes[lane]:
            self._offer(lane)
        else:
            del self._lanes[lane]

    def close(self) -> None:
        """Let go of everything; what was under way stays in the queue."""
        for attempt in self._in_flight:
            self._news.emit(Abandon(attempt))
        self._in_flight.clear()

    def _wake_by(self, when: float) -> None:
        self._wake_at = when if self._wake_at is None else min(self._wake_at, when)

    def due(self) -> float | None:
        """When there is something to do without news."""
        return self._wake_at

    def wake(self, now: float) -> None:
        """Go on, if it is time."""
        if self._wake_at is not None and self._wake_at <= now:
            self.work(now)
