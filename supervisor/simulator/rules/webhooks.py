"""setWebhook, deleteWebhook and getWebhookInfo [S: Client.cpp process_set_webhook_query and what follows].

A new address first closes and erases the old one, so a setWebhook that fails leaves no webhook at all. Success
does not mean that anything was reached. Closing a webhook and storing a certificate take no time here [M].
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from supervisor.simulator.rules import texts
from supervisor.simulator.rules.arguments import allowed_kinds, boolean, integer
from supervisor.simulator.rules.calls import Action, Answer, Call, Reply, Resolve, fail, ok, too_many
from supervisor.simulator.rules.conflicts import Conflicts
from supervisor.simulator.rules.delivery import Delivery
from supervisor.simulator.rules.kinds import DEFAULT_KINDS, KINDS
from supervisor.simulator.rules.mailbox import Mailbox, WebhookRecord
from supervisor.simulator.rules.polling import Polling
from supervisor.simulator.rules.webhook_url import parse_url, refuse_address, refuse_url

SET_PAUSE = 1.0
MAX_CERTIFICATE = 3 * 2**20
MAX_SECRET = 256
_SECRET = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(frozen=True)
class WebhookLimits:
    """What differs between the cloud and a server run with `--local`."""

    local: bool = True

    @property
    def connections(self) -> tuple[int, int]:
        """(default, maximum) of max_connections."""
        return (100, 100_000) if self.local else (40, 100)


class Webhooks:
    """The webhook of one bot object: what is set, what is being set, who delivers."""

    def __init__(
        self,
        emit: Callable[[Action], None],
        mailbox: Mailbox,
        conflicts: Conflicts,
        polling: Polling,
        limits: WebhookLimits,
        start_delivery: Callable[[float, WebhookRecord], Delivery],
    ) -> None:
        self._emit = emit
        self._mailbox = mailbox
        self._conflicts = conflicts
        self._polling = polling
        self._limits = limits
        self._start_delivery = start_delivery
        self._setting: Call | None = None
        self._generation = 0
        self._next_set = float("-inf")
        self.delivery: Delivery | None = None

    @property
    def active(self) -> bool:
        """Whether getUpdates is refused: a webhook is set or being set."""
        return self._mailbox.webhook is not None

    def change(self, now: float, call: Call) -> None:
        """setWebhook or deleteWebhook; a setWebhook without url is a deleteWebhook."""
        url = call.args.get("url", "") if call.method == "setwebhook" else ""
        if url:
            if now < self._next_set:
                self._emit(Answer(call, too_many(1)))
                return
            self._next_set = now + SET_PAUSE
        if self._setting:
            setting, self._setting = self._setting, None
            self._conflicts.fail(now, setting, "other_set_webhook")
        elif self._unchanged(url, call):
            self._adopt_kinds(call)
            text = texts.WEBHOOK_ALREADY_SET if url else texts.WEBHOOK_ALREADY_DELETED
            self._emit(Answer(call, ok(True, text)))
            return
        if url:
            self._polling.abort(now, "set_webhook")
        existed = self.erase()
        if boolean(call.args, "drop_pending_updates"):
            self._mailbox.queue.clear()
        if url:
            self._set(now, url, call)
        else:
            text = texts.WEBHOOK_DELETED if existed else texts.WEBHOOK_ALREADY_DELETED
            self._emit(Answer(call, ok(True, text)))

    def _unchanged(self, url: str, call: Call) -> bool:
        record = self._mailbox.webhook
        if boolean(call.args, "drop_pending_updates") or _certificate(call) is not None:
            return False
        if record is None or not url:
            return record is None and not url
        fixed = call.args.get("ip_address", "")
        return (
            record.url == url
            and record.certificate is None
            and record.max_connections == self._max_connections(call)
            and record.secret == call.args.get("secret_token", "")
            and record.fixed_address == fixed
        )

    def _max_connections(self, call: Call) -> int:
        default, maximum = self._limits.connections
        return integer(call.args, "max_connections", default, 1, maximum)

    def _set(self, now: float, url: str, call: Call) -> None:
        parsed = parse_url(url)
        refusal = _refuse_arguments(call) if parsed else fail(400, texts.INVALID_URL)
        if parsed is None or refusal:
            self._emit(Answer(call, refusal or fail(400, texts.INVALID_URL)))
            return
        fixed = call.args.get("ip_address", "")
        self._mailbox.webhook = WebhookRecord(
            url,
            self._max_connections(call),
            call.args.get("secret_token", ""),
            fixed,
            _certificate(call),
            address=fixed,
        )
        self._adopt_kinds(call)
        self._setting = call
        problem = refuse_url(parsed, self._limits.local)
        if problem:
            self._reject(problem)
        elif fixed:
            self._verify(now, fixed)
        else:
            self._look_up(parsed.host)

    def _look_up(self, host: str) -> None:
        self._generation += 1
        self._emit(Resolve(self._generation, host))

    def resolved(self, now: float, generation: int, address: str | None, error: str) -> None:
        """The host's address is known, or `error` says why not."""
        if generation != self._generation or self._mailbox.webhook is None:
            return
        if address is None:
            self._reject(error)
        else:
            self._verify(now, address)

    def _verify(self, now: float, address: str) -> None:
        record = self._mailbox.webhook
        problem = refuse_address(address, self._limits.local)
        if problem:
            self._reject(problem)
        elif record:
            self._mailbox.webhook = replace(record, address=address)
            self._answer_setting(ok(True, texts.WEBHOOK_SET))
            self.delivery = self._start_delivery(now, self._mailbox.webhook)

    def _reject(self, problem: str) -> None:
        if self._setting:
            self.erase()
        # A webhook that was restored after a restart is kept: only its delivery has to wait [S].
        self._answer_setting(fail(400, texts.BAD_WEBHOOK + problem))

    def _answer_setting(self, reply: Reply) -> None:
        if self._setting:
            setting, self._setting = self._setting, None
            self._emit(Answer(setting, reply))

    def restore(self) -> None:
        """The bot object was loaded again: go on delivering to the webhook stored on disk."""
        record = self._mailbox.webhook
        parsed = parse_url(record.url) if record else None
        if record and parsed:
            self._mailbox.webhook = replace(record, address="", last_error_date=0, last_error="")
            self._look_up(parsed.host)

    def erase(self) -> bool:
        """Close the webhook and forget it; True if there was one. Deliveries under way stay queued."""
        existed = self._mailbox.webhook is not None
        self.close()
        self._mailbox.webhook = None
        return existed

    def close(self) -> None:
        """Stop delivering; the record stays."""
        self._generation += 1
        if self.delivery:
            self.delivery.close()
            self.delivery = None

    def interrupt(self, reply: Reply) -> None:
        """The bot object closes: whoever is setting a webhook is told so."""
        self._answer_setting(reply)

    def failed(self, date: int, error: str) -> None:
        """A delivery failed; shown until the webhook is set anew or deleted."""
        if self._mailbox.webhook:
            self._mailbox.webhook = replace(self._mailbox.webhook, last_error_date=date, last_error=error)

    def info(self) -> Reply:
        """getWebhookInfo; the order of the fields is the server's."""
        record = self._mailbox.webhook
        shown: dict[str, Any] = {
            "url": record.url if record else "",
            "has_custom_certificate": bool(record and record.certificate is not None),
            "pending_update_count": len(self._mailbox.queue),
        }
        if record and record.last_error_date:
            shown["last_error_date"] = record.last_error_date
            shown["last_error_message"] = record.last_error
        if record:
            shown["max_connections"] = record.max_connections
            shown["ip_address"] = record.address or "<unknown>"
        if self._mailbox.allowed != DEFAULT_KINDS:
            shown["allowed_updates"] = [kind for kind in KINDS if kind in self._mailbox.allowed]
        return ok(shown)

    def _adopt_kinds(self, call: Call) -> None:
        self._mailbox.allowed = allowed_kinds(call.args) or self._mailbox.allowed


def _certificate(call: Call) -> bytes | None:
    direct = call.files.get("certificate")
    if direct is not None:
        return direct
    name = call.args.get("certificate", "")
    return call.files.get(name.removeprefix("attach://")) if name.startswith("attach://") else None


def _refuse_arguments(call: Call) -> Reply | None:
    secret = call.args.get("secret_token", "")
    if len(secret.encode()) > MAX_SECRET:
        return fail(400, texts.SECRET_TOO_LONG)
    if not _SECRET.fullmatch(secret):
        return fail(400, texts.SECRET_CHARACTERS)
    certificate = _certificate(call)
    if certificate is not None and len(certificate) > MAX_CERTIFICATE:
        return fail(400, texts.certificate_too_big(len(certificate)))
    return None
