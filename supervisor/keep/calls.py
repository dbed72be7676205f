"""Steps of a procedure that ask Telegram, and the answers in the core's words.

python-telegram-bot is imported with the first question: a fleet that asks none does not pay for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from supervisor.core import steps as s
from supervisor.model.bots import BotSpec

if TYPE_CHECKING:
    from supervisor.telegram import BotApi


class TelegramCalls:
    """Each question goes the bot's own way: its api_url, its proxy. One connection a question, closed after it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic

    async def ask(self, step: s.Step, spec: BotSpec) -> s.Answer:
        """The answer, whatever happens: no exception of a call leaves this room."""
        from supervisor import telegram

        began = self._monotonic()
        try:
            async with telegram.BotApi(spec.run.token, spec.run.api_url, spec.run.proxy) as api:
                return await _ask(api, step)
        except telegram.TokenRejected as error:
            return s.Rejected(str(error))
        except telegram.Unreachable as error:
            return s.NoAnswer(str(error), took=self._monotonic() - began)
        except telegram.Refused as error:
            return s.Denied(str(error), error.retry_after)


async def _ask(api: BotApi, step: s.Step) -> s.Answer:
    match step:
        case s.Identify():
            me = await api.get_me()
            return s.Identified(me.id, me.username)
        case s.ReadWebhook():
            info = await api.webhook()
            return s.WebhookSeen(host_of(info.url), info.pending, info.last_error or "")
        case s.DeleteWebhook(drop):
            await api.delete_webhook(drop=drop)
            return s.Done()
        case s.Probe(seconds):
            seen = await api.probe(seconds)
            return s.Probed(seen.seconds, rival=seen.rival, waiting=seen.waiting)
        case _:
            raise TypeError(f"not a question for Telegram: {step}")


def host_of(url: str) -> str:
    """Scheme and host of a webhook: its path is often a secret. "" without one."""
    if not url:
        return ""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or '?'}" + (f":{parts.port}" if parts.port else "")
