"""Reads a record for the 409s of getUpdates and setWebhook.

Three layers, from sure to vague: the server's own sentences (tdlib/telegram-bot-api, Client.cpp, and the texts
used before 2018), which nearly every library prints; the names and sentences that libraries make of them; and a
bare 409 in the company of getUpdates. Whatever comes from another server is left alone.
"""

from __future__ import annotations

import re
from itertools import islice

from supervisor.logs.context import excerpt_at, is_hearsay, is_told, line_at, speaks_telegram
from supervisor.model.signs import Sign, SignKind

ENOUGH = 16
"""Places of one record that are weighed, so that a line made of nothing else takes no longer than another."""

_GAP = r"[\W_]{0,60}"


def _words(phrase: str) -> str:
    """A pattern for `phrase` in any case, camelCase or snake_case, and wrapped anywhere, even inside a word."""
    return _GAP.join(letter for letter in phrase if letter.isalnum())


_SURE = tuple(
    (key, re.compile(pattern, re.IGNORECASE), kind)
    for key, pattern, kind in (
        (
            b"terminatedbyother",
            f"{_words('terminated by other')}{_GAP}(?:{_words('getUpdates')}|{_words('long poll')})",
            SignKind.GET_UPDATES,
        ),
        (
            b"setwebhook",
            f"{_words('terminated by')}{_GAP}(?:{_words('other')}{_GAP})?{_words('setWebhook')}",
            SignKind.SET_WEBHOOK,
        ),
        (
            b"usegetupdates",
            (
                rf"{_words('use getUpdates')}{_GAP}(?:{_words('method')}{_GAP})?{_words('while')}{_GAP}(?:a{_GAP})?"
                rf"{_words('webhook')}|can(?:\W{{0,6}}|no)t{_GAP}{_words('use getUpdates method')}"
            ),
            SignKind.WEBHOOK_ACTIVE,
        ),
        (b"webhookisactive", _words("webhook is active use deleteWebhook"), SignKind.WEBHOOK_ACTIVE),
        (
            b"active",
            rf"conflict[\W_]{{1,20}}(?:another{_GAP})?{_words('webhook is')}{_GAP}(?:already{_GAP})?"
            + _words("active"),
            SignKind.WEBHOOK_ACTIVE,
        ),
        (
            b"onlyonebotinstance",
            _words("request; make sure that only one bot instance is running"),
            SignKind.GET_UPDATES,
        ),
        # Libraries' own: teloxide and aiogram 2 name the errors; grammY and ktgbotapi have sentences.
        (b"cantgetupdates", r"\bCantGetUpdates\b", SignKind.WEBHOOK_ACTIVE),
        (b"onlongpolling", r"running your bot several times on long polling", SignKind.GET_UPDATES),
        (
            b"bottoken",
            r"\b(?:an)?other (?:bot|instance|process|client)\b.{0,40}\bsame (?:bot )?token\b.{0,60}\bget_?updates?\b",
            SignKind.GET_UPDATES,
        ),
    )
)
"""What must be in the text once it is squeezed to letters, the sentence, and its meaning."""

_BEGUN = re.compile(r"conflict|terminated|can't|webhook is", re.IGNORECASE)
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())

_CUT = re.compile(
    r"""(?:\bconflict\W{1,5}|(?=terminated\sby\sother\sg))([a-z][^"\n…(\[]{3,90}?)(?:\.{2,}|…|[\\"(\[\n]|'\s*$|$)""",
    re.IGNORECASE,
)
_WHOLE = (
    ("terminatedbyothergetupdatesrequest", SignKind.GET_UPDATES),
    ("terminatedbysetwebhookrequest", SignKind.SET_WEBHOOK),
    ("cantusegetupdatesmethodwhilewebhookisactive", SignKind.WEBHOOK_ACTIVE),
)

_NAMED = re.compile(
    r"\b(?:Telegram)?Conflict(?:Error|Exception)\b\s*[:({]|\btelegram\.error\.Conflict\b\s*(?:[:(]|$)"
    r"|\bwith message\W{1,3}Conflict\b|\bGetUpdatesConflict(?:Exception)?\b\s*[:(]",
    re.MULTILINE,
)
_STATUS = re.compile(
    r"""(?:\b(?:status|code|error|err|http|failed|failure|error_?code|statuscode|status_code|HTTP/\d(?:\.\d)?)\b
          ["'\])]{0,3}\s{0,3}(?:code|status|is|was|with|of|[-=]>|[:=([#-])?\s{0,3}["'(\[:]{0,3}\s{0,2}
        |[\[(<]|->\s{0,2}|=>\s{0,2}|→\s{0,2}|\b(?:got|returned|returns|received|response|responded|answered|result)
          \b\W{1,4}(?:with\s|a\s|an\s|status\s|code\s|HTTP\s){0,3}
        )409(?![\w.])(?!,\d|\s(?!conflict|client|error|from|on|for|while|at|when|in|and|\W|http)\w)
      | (?<![\w.=-])409["'\])]{0,2}\s{0,2}[-:,]?\s{0,2}["'(]?(?:conflict|client\serror|error)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_URL_STATUS = re.compile(
    r"(?<![\w.=:/+-])409(?![\w./-])(?=.{0,200}/getupdates)|/getupdates\b.{0,200}(?<![\w.=:/+-])409(?![\w./-])",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"""\berror_?code["']?\s{0,3}(?:[:=]|=>)\s{0,3}["']?409\b""", re.IGNORECASE)
_NOT_OK = re.compile(r"""\bok["']?\s{0,3}(?:[:=]|=>)\s{0,3}["']?false\b""", re.IGNORECASE)
_GET_UPDATES = re.compile(r"get[_ ]?updates?|long.?poll|(?<!start )\bpolling\b", re.IGNORECASE)
_WEBHOOK_CALL = re.compile(r"(?:set|delete)_?webhook", re.IGNORECASE)


def read_conflict(text: str, low: str) -> Sign | None:
    """The conflict that one cleaned record tells of, or None; `low` is `text` in lower case."""
    sign = _sure(text, low)
    if sign is None and ("conflict" in low or "terminated by other g" in low):
        sign = _cut_off(text)
    if sign is None and ("409" in low or "onflict" in low):
        sign = _by_line(text)
    return sign


def _sure(text: str, low: str) -> Sign | None:
    squeezed = low.encode("utf-8", "replace").translate(None, _NO_LETTERS)
    for key, pattern, kind in _SURE:
        if key not in squeezed:
            continue
        for found in pattern.finditer(text):
            if not _is_told(text, found.start()):
                return Sign(kind, excerpt_at(text, found.start()))
    return None


def _is_told(text: str, position: int) -> bool:
    """Whether the conflict that this line speaks of, from its first word on, is somebody's words."""
    line = text.rfind("\n", 0, position) + 1
    begun = _BEGUN.search(text, line, position)
    return is_told(text, begun.start() if begun else position)


def _cut_off(text: str) -> Sign | None:
    """A sentence that lost its end: `409: Conflict: terminated by oth...`."""
    for found in _CUT.finditer(text):
        said = "".join(filter(str.isalnum, found[1].lower()))
        for whole, kind in _WHOLE:
            if len(said) >= 5 and whole.startswith(said) and not _is_told(text, found.start()):
                return Sign(kind, excerpt_at(text, found.start()))
    return None


def _by_line(text: str) -> Sign | None:
    """A 409 without its reason, or a conflict known only by the name of an exception."""
    if (found := _OBJECT.search(text)) and (
        (_NOT_OK.search(text) or speaks_telegram(text)) and not is_hearsay(line_at(text, found.start()))
    ):
        return _vague(text, found.start())
    for pattern in (_NAMED, _STATUS, _URL_STATUS):
        for found in islice(pattern.finditer(text), ENOUGH):
            line = line_at(text, found.start())
            telling = pattern is not _STATUS or "onflict" in line.lower() or _GET_UPDATES.search(line)
            if telling and speaks_telegram(line) and not is_hearsay(line):
                return _vague(line, 0)
    return None


def _vague(text: str, position: int) -> Sign:
    setting = _WEBHOOK_CALL.search(text) and not re.search("get_?updates", text, re.IGNORECASE)
    return Sign(SignKind.SET_WEBHOOK if setting else SignKind.GET_UPDATES, excerpt_at(text, position))
