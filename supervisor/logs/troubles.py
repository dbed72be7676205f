"""Reads a record for what is not a conflict: a rejected token, a flood, a bad webhook, a broken network.

The words of these are everybody's words, so the line itself must speak Telegram (`context.py`), save where the
server's sentence or a library's class name is unmistakable.
"""

from __future__ import annotations

import re

from supervisor.logs.context import MARKS, excerpt_at, is_hearsay, line_at, speaks_telegram
from supervisor.model.signs import Sign, SignKind

_HEAD = r"""^[^"'{}\n]{0,60}?(?:\d\d:\d\d:\d\d\S*\s{1,3}|\bpanic:\s|\bfatal:?\s|\berror:\s{1,2}|(?<![\s\S]))"""
"""What may stand before a description that fills the rest of its line, as Go programs print it."""

_SURE_TOKEN = re.compile(
    rf"""\btelegram\.error\.(?:InvalidToken\b|Unauthorized:?\s*Unauthorized)
      | TelegramUnauthorizedError | aiogram\.utils\.exceptions\.(?:Unauthorized\b|NotFound:\s*Not\s[Ff]ound\s*$)
      | TokenValidationError:\s | exceptions\.ValidationError:\sToken\sis\sinvalid | Api\(InvalidToken\)
      | network\sretry\sloop.{{0,80}}invalid\stoken | the\stoken\b.{{0,120}}\bwas\srejected\sby\sthe\sserver
      | bot\stoken\snot\sprovided | ^(?:Error:\s)?Empty\stoken!\s*$ | your\sbot\stoken\sis\swrong
      | invalid\stoken\sspecified | unallowed\stoken\sspecified
      | \bError:\s401:\sUnauthorized\s*$ | {_HEAD}Unauthorized\s*$ | ^panic:\sNot\sFound\s*$
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_REJECTED = re.compile(
    r"""(?<![\w.])401(?![\w.]) | unauthori[sz]ed(?!\s(?:user|access|chat|command|attempt|to\b|for\b|message|update))
      | (?:(?<![\w.])404["'\])]{0,2}[\s:,.\-]{1,3}(?:description\W{1,3}["']?)?
          | (?:says\s-|notfound[^:\n]{0,40}:|description["']?:\s*["']?|error:)\s*)not\sfound(?!\s*[:\w])
      | (?:bot\s)?token\W{1,2}(?:is\s|was\s|seems\s)?
          (?:invalid|incorrect|not\sprovided|missing|empty|wrong|revoked|rejected|malformed)
      | (?:invalid|incorrect|empty|wrong|missing|malformed|revoked)\s(?:telegram\s)?(?:bot\s)?token(?!s|\w)
      | \bInvalidToken\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STATUS_401 = re.compile(
    r"(?:code|status|error|http\S*|failed!?)\W{0,4}401\b"
    r"|\b401\W{0,4}(?:unauthori[sz]ed|client error)|[\[(<]401[\])>]",
    re.IGNORECASE,
)
_NOT_THE_TOKEN = re.compile(
    r"forbidden|blocked by the user|method not found|chat not found|bad request", re.IGNORECASE
)

_SURE_FLOOD = re.compile(
    r"too[\W_]?many[\W_]?requests\W{1,4}retry[\W_]?after\W{0,3}\d|flood[ _]?control[ _]exceeded"
    r"|\bFLOOD_(?:PREMIUM_)?WAIT_\d|\bFloodWait(?:Error)?\b\W|\bRetryAfter\(\s*(?:Seconds\()?\d",
    re.IGNORECASE,
)
_FLOOD = re.compile(
    r"too[\W_]?many[\W_]?requests|(?:code|status|error|http\S*)\W{0,4}429(?![\w.])|[\[(<]429[\])>]|\bretry[\s_-]?after\W{1,4}\d|->\s*429\b",
    re.IGNORECASE,
)
_WAIT = re.compile(
    r"""retry[\s_-]?after["']?(?:\W|seconds|some|duration){0,12}?(\d+(?:\.\d+)?)
      | retry(?:ing)?\sin\s(\d+(?:\.\d+)?) | flood_(?:premium_)?wait_(\d+) | a\swait\sof\s(\d+)\sseconds""",
    re.VERBOSE | re.IGNORECASE,
)

_BAD_WEBHOOK = re.compile(
    r"""\bbad[\s_-]?webhook\b\W{0,3}[:("] | \binvalid\swebhook\surl\sspecified
      | \ban\shttps\surl\smust\sbe\sprovided\sfor\swebhook | webhook\scan\sbe\sset\sup\sonly\son\sports
      | bad\srequest:\ssecret\stoken\s(?:is\stoo\slong|contains\sunallowed)
      | \bBadWebhook\b""",
    re.VERBOSE | re.IGNORECASE,
)

_NETWORK = re.compile(
    r"""bad\sgateway | gateway\stime-?out | service\sunavailable | internal\sserver\serror
      | \btimed\sout\b | \b(?:reason|error|err|cause|source)\W{1,6}time(?:d_?)?out\b
      | \w[\s_-]?timeout(?:error|exception|exceeded)
      | timeout\s(?:error|was\sreached|exceeded|awaiting|while)
      | \be(?:conn(?:reset|refused|aborted)|timedout|sockettimedout|notfound\s|ai_again|hostunreach|netunreach|pipe)\b
      | connect(?:ion)?[\s_]?(?:was\s)?(?:forcibly\s)?
          (?:reset|refused|aborted|closed|lost|timed|error|failed|failure|terminated)
      | network\s?(?:error|request|is\sunreachable|failure)
      | (?:connect|read|write|protocol|disconnected|clientos|clientconnector|proxy|ssl|socket|url|host|request)error\b
      | socketexception | urlexception
      | server\sdisconnected | cannot\sconnect | could\snot\sconnect | unable\sto\sconnect
      | getaddrinfo | name\sresolution | name\sor\sservice | no\ssuch\shost | resolve\shost | unknown\s?host
      | failed\shost\slookup | socket\shang\sup | all\sconnection\sattempts | deadline\sexceeded
      | broken\spipe | unexpected\seof | invalid\sjson\sdata
      | :\sEOF\s*$ | max\sretries\sexceeded | failed\sto\srespond | error\ssending\srequest | nodename\snor\sservname
      | (?:code|status|error|http\S*)\W{0,4}50[0234](?![\w.]) | [\[(<]50[0234][\])>] | (?<![\w.])50[0234]:\s
      | httprequestexception | remote\sparty\sclosed | curl\serror\s(?:5|6|7|28|35|52|56)\b
      | nsurlerrordomain | :nxdomain
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_SURE_NETWORK = re.compile(
    rf"""\bRequestError:\sError:\s(?:read|connect|write|getaddrinfo|socket|tunneling)\b
      | {_HEAD}Bad\sGateway\s*$ | \bAiohttp\srequest\serror
      | \bClientDecodeError:\sFailed\sto\sdecode\sobject | \bEPARSE\b[^\n]{{0,80}}\bresponse\b""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_NOT_NETWORK = re.compile(
    r"bad request|forbidden|last_error_message|response from the webhook|query is too old|webhook:"
    r"|re-?connected|established",
    re.IGNORECASE,
)
_FAR = re.compile(r"149\.154\.1[67]\d\.\d|91\.108\.\d")
"""Telegram's own networks (core.telegram.org/bots/webhooks)."""


# What must be in the lower-cased text before the slow patterns are worth trying.
WEBHOOK_WORDS = (
    "bad webhook",
    "badwebhook",
    "bad_webhook",
    "invalid webhook",
    "for webhook",
    "webhook can be",
    "secret token",
)
FLOOD_WORDS = ("many", "flood", "retry", "429")
TOKEN_WORDS = (
    *("unauthori", "invalidtoken", "tokenvalidation", "token is invalid", "invalid token", "was rejected by"),
    *("token not provided", "empty token", "token is wrong", "unallowed token", "notfound", "panic: not found"),
)
REJECTED_WORDS = ("401", "unauthori", "not found", "token")
NETWORK_WORDS = ("requesterror", "bad gateway", "aiohttp request", "eparse", "clientdecodeerror")


def read_trouble(text: str, low: str) -> Sign | None:
    """The sign other than a conflict that one cleaned record gives, or None; `low` is `text` in lower case."""
    ours = _any(MARKS, low)
    return (
        (_bad_webhook(text) if _any(WEBHOOK_WORDS, low) else None)
        or (_flood(text, ours) if _any(FLOOD_WORDS, low) else None)
        or (_unauthorized(text, _any(TOKEN_WORDS, low), ours and _any(REJECTED_WORDS, low)))
        or (_network(text, _any(NETWORK_WORDS, low), ours))
    )


def _any(words: tuple[str, ...], low: str) -> bool:
    return any(word in low for word in words)


def _bad_webhook(text: str) -> Sign | None:
    found = _BAD_WEBHOOK.search(text)
    return Sign(SignKind.BAD_WEBHOOK, excerpt_at(text, found.start())) if found else None


def _flood(text: str, ours: bool) -> Sign | None:
    found = _SURE_FLOOD.search(text) or (_first(_FLOOD, text) if ours else None)
    if found is None:
        return None
    waits = [float(next(filter(None, wait.groups()))) for wait in _WAIT.finditer(text)]
    return Sign(SignKind.FLOOD, excerpt_at(text, found.start()), max(waits, default=None))


def _unauthorized(text: str, sure: bool, ours: bool) -> Sign | None:
    found = _SURE_TOKEN.search(text) if sure else None
    if found and not _NOT_THE_TOKEN.search(line_at(text, found.start())):
        return Sign(SignKind.UNAUTHORIZED, excerpt_at(text, found.start()))
    found = _first(_REJECTED, text, _NOT_THE_TOKEN) if ours else None
    if found and found[0] == "401" and not _STATUS_401.search(line_at(text, found.start())):
        return None
    return Sign(SignKind.UNAUTHORIZED, excerpt_at(text, found.start())) if found else None


def _network(text: str, sure: bool, ours: bool) -> Sign | None:
    found = _SURE_NETWORK.search(text) if sure else None
    if found is None and ours:
        found = _first(_NETWORK, text, _NOT_NETWORK)
        if found is None and _FAR.search(text):
            found = _NETWORK.search(text)
            if found and not _FAR.search(line_at(text, found.start())):
                return None
    return Sign(SignKind.NETWORK, excerpt_at(text, found.start())) if found else None


def _first(pattern: re.Pattern[str], text: str, unless: re.Pattern[str] | None = None) -> re.Match[str] | None:
    """The first match in a line that a client of the Bot API wrote, about the present."""
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if _any(MARKS, line.lower()) and speaks_telegram(line):
            found = pattern.search(text, start, end)
            if found and not is_hearsay(line) and not (unless and unless.search(line)):
                return found
        start = end + 1
    return None
