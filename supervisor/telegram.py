"""The few Bot API calls that we make ourselves, as typed results and errors; the probe among them.

This is the only place that knows an address of Telegram or python-telegram-bot. The facts about the server
are from the source of tdlib/telegram-bot-api (Client.cpp); a call never names the token in an error, and the
environment's proxies are ignored: a bot's own `proxy` and `api_url` are the way, for its checks as for itself.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

# The library's coming form of `retry_after`, asked for in its way; without it, it warns at each flood.
os.environ.setdefault("PTB_TIMEDELTA", "1")

import httpx
from telegram import Bot
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.error import TelegramError as LibraryError
from telegram.request import HTTPXRequest

from supervisor.errors import TelegramError
from supervisor.model.bots import Token

CALL_TIMEOUT = 10.0
"""Seconds for one ordinary call; a call that takes longer counts as unreachable."""

TIME_TIMEOUT = 5.0
"""Seconds for the question what time it is there."""

PROBE_MARGIN = 10.0
"""Seconds on top of a held poll before we give up on its answer: a 409 may come 3 s late by design."""


class Unreachable(TelegramError):
    """No answer, or none of Telegram's: network, proxy, TLS, 5xx. Says nothing about the bot."""


class TokenRejected(TelegramError):
    """401, or 404 for a malformed token: this token runs nowhere."""


class Refused(TelegramError):
    """Telegram answered and said no; `retry_after` is in seconds where it named a time (429)."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token is."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """getWebhookInfo: `url` is "" without a webhook; `pending` counts every unconfirmed update."""

    url: str
    pending: int
    last_error: str | None
    last_error_at: float | None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a held getUpdates met: `conflict` is the server's 409 text or "", `waiting` that updates were there.

    Neither means only that nobody began a *blocking* poll meanwhile; a rival in back-off is not seen.
    """

    seconds: float
    conflict: str
    waiting: bool

    @property
    def rival(self) -> bool:
        """Another getUpdates reached the server after ours: certain, by the server's own word."""
        return "terminated by other getupdates" in self.conflict.lower()


async def clock_skew(api_url: str, proxy: str | None = None) -> float:
    """Seconds that this machine's clock is ahead of the server's, give or take one; names no bot.

    From the Date header, which any HTTP server sends, of whatever it answers to `GET /`. Raises Unreachable.
    """
    try:
        async with httpx.AsyncClient(proxy=proxy, trust_env=False, timeout=TIME_TIMEOUT) as client:
            before = time.time()
            answer = await client.get(api_url.rstrip("/") + "/")
            local = (before + time.time()) / 2
        stated = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except httpx.TimeoutException:
        raise Unreachable(f"no answer to a request within {TIME_TIMEOUT:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unreachable(f"no answer to a request: {error or type(error).__name__}") from None
    except (KeyError, ValueError):
        raise Refused("the server does not say what time it is there") from None
    return local - (stated + 0.5)  # the header is cut to whole seconds


class BotApi:
    """One bot's calls to one Bot API server; an async context manager, since connections are kept."""

    def __init__(self, token: Token, api_url: str, proxy: str | None = None) -> None:
        self._request = HTTPXRequest(
            connection_pool_size=2,
            connect_timeout=CALL_TIMEOUT / 2,
            read_timeout=CALL_TIMEOUT,
            write_timeout=CALL_TIMEOUT,
            pool_timeout=CALL_TIMEOUT,
            proxy=proxy,
            httpx_kwargs={"trust_env": False},
        )
        base = api_url.rstrip("/")
        self._bot = Bot(
            token.reveal(),
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )
        self._secret = token.reveal()

    async def __aenter__(self) -> Self:
        await self._request.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._request.shutdown()

    async def get_me(self) -> Identity:
        async with self._translated():
            me = await self._bot.get_me()
        return Identity(me.id, me.username or "")

    async def webhook(self) -> WebhookInfo:
        """Changes nothing and has no limit (Client.cpp, process_get_webhook_info_query)."""
        async with self._translated():
            info = await self._bot.get_webhook_info()
        at = info.last_error_date.timestamp() if info.last_error_date else None
        return WebhookInfo(info.url, info.pending_update_count, info.last_error_message, at)

    async def delete_webhook(self, *, drop: bool = False) -> None:
        """Does not touch a running poll. `drop` empties the queue for good, even without a webhook."""
        async with self._translated():
            await self._bot.delete_webhook(drop_pending_updates=drop)

    async def probe(self, seconds: float) -> ProbeResult:
        """Hold one getUpdates open to see whether somebody else polls; only while no run of ours can.

        No offset (confirms and deletes nothing) and no allowed_updates (changes no setting). The server caps
        the time at 50 s. A rival that waits in its own poll gets the 409 for ours at once.
        """
        held = min(round(seconds), 50)
        try:
            async with self._translated():
                updates = await self._bot.get_updates(limit=1, timeout=held, read_timeout=PROBE_MARGIN)
        except _Conflict as conflict:
            return ProbeResult(held, str(conflict), waiting=False)
        return ProbeResult(held, "", waiting=bool(updates))

    @contextlib.asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except RetryAfter as error:
            seconds = _seconds(error)
            raise Refused(f"Telegram asks to wait {seconds:g} s", seconds) from None
        except InvalidToken as error:
            raise TokenRejected(self._safe(f"Telegram rejected the token ({error.message})")) from None
        except Conflict as error:
            raise _Conflict(error.message) from None
        except TimedOut:
            raise Unreachable("Telegram did not answer in time") from None
        except BadRequest as error:
            raise Refused(self._safe(error.message)) from None
        except NetworkError as error:
            raise Unreachable(self._safe(f"Telegram could not be reached: {error.message}")) from None
        except LibraryError as error:
            raise Refused(self._safe(error.message)) from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # 200, but not what Telegram answers
            raise Unreachable(f"what answered is not a Bot API server ({type(error).__name__})") from None

    def _safe(self, text: str) -> str:
        return text.replace(self._secret, "[redacted]").replace(self._secret.partition(":")[2], "[redacted]")


class _Conflict(Refused):
    """A 409; leaves this module as a Refused, except in the probe, which it answers."""


def _seconds(error: RetryAfter) -> float:
    value = error.retry_after  # a timedelta, and an int where the environment says so
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
