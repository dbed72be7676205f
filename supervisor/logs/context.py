"""Who is speaking in a line of log: a Telegram bot library, somebody else, a human, or a chat message.

Status codes and words such as "Conflict" belong to many services; these patterns decide whose they are.
The server's own sentences need no such company and are matched elsewhere.
"""

from __future__ import annotations

import re

METHOD = (
    r"(?:get_?(?:updates?|me|webhook_?info)|(?:set|delete)_?webhook"
    r"|(?:send|edit|answer|forward|copy|delete)_?(?:message|photo|document|media|video|voice|callback|inline|chat)[a-z_]{0,20})"
)
"""Names of Bot API methods, as libraries spell them."""

_TELEGRAM = re.compile(
    rf"""telegram|telebot|aiogram|grammy|telegraf|teloxide|telego|tgbot|nutgram|ex_?gram|puregram|frankenstein
      | \b{METHOD}\b | get_?updates | /bot\d{{5,}}(?::|%3A) | polling.{{0,3}}error | \bE(?:FATAL|PARSE):
      | \bok["']?\s?[:=]\s?["']?false\b.{{0,200}}\berror_?code""",
    re.VERBOSE | re.IGNORECASE,
)
MARKS = (
    *("gram", "telebo", "telego", "telox", "tgbot", "/bot", "tupdate", "t_update", "t update", "getme", "get_me"),
    *("twebhook", "t_webhook", "ewebhook", "e_webhook", "sendm", "send_m", "editm", "edit_m", "answerc", "answer_c"),
    *("polling_e", "polling e", "pollinge", "efatal:", "eparse:", "error_code", "errorcode", "149.154.", "91.108."),
)
"""In lower-cased text, one of these stands wherever `speaks_telegram` is true of a line: a cheap first question."""

_BOT_URL = re.compile(r"api\.telegram\.org|(?<!/file)/bot\d{5,}(?::|%3A)", re.IGNORECASE)
_FILE_URL = re.compile(r"/file/bot\d{5,}(?::|%3A)", re.IGNORECASE)
_URL = re.compile(
    r"\b(?:https?|wss?|amqps?|redis|postgres(?:ql)?|mysql|mongodb(?:\+srv)?)://(?!t\.me|[\w.]*telegram\.)"
)
_ABOUT = re.compile(r"for more information|see |background on|docs|help", re.IGNORECASE)
_OTHERS = re.compile(
    r"""discord|openai|anthropic|docker|kube|github|gitlab|slack|twilio|stripe|redis|postgres|asyncpg|psycopg
      | sqlalchemy|mysql|mongo|kafka|rabbitmq|elastic|\bs3\b|boto|googleapis|gspread|spotify|whatsapp|binance
      | \blocalhost\b|\b127\.0\.0\.1\b|\b(?:10|192\.168)\.\d+\.\d+|database|\bjwt\b|csrf|oauth""",
    re.VERBOSE | re.IGNORECASE,
)
_SERVED = re.compile(r"""["'](?:GET|POST|PUT|HEAD|PATCH|DELETE|OPTIONS)\s(?!/bot\d{5,})/\S*\sHTTP/\d""")
_METRIC = re.compile(r"^\s*[a-z_:]+\{[^}]*\}\s+[\d.e+]+\s*$", re.MULTILINE | re.IGNORECASE)

_PAST = re.compile(
    r"""\b(?:resolved|solved|cleared|recovered|gone|no\slonger|is\sover|registered|register(?:ing)?|handlers?\sfor|
      cannot\simport|how\sto|if\syou\s(?:see|get)|to\sfix|fixed|avoid\w*|prevent\w*|otherwise|
      (?:may|can|could|would|will)\s(?:cause|report|get|fail|be)|without\s(?:a\s)?(?:409|conflicts?)|
      no\s(?:\w+\s){0,2}conflicts?|retry\spolicy|expected|simulat\w+|except)\b
      |::test|\b(?:PASSED|status_forcelist|last_error_message)\b|response\sfrom\sthe\swebhook
      |container\sname|on\sconflict|merge\sconflict""",
    re.VERBOSE | re.IGNORECASE,
)

_CHAT = re.compile(r"chat_?id|message_?id|update_?id|is_bot|from_user|\bsend_?message\b", re.IGNORECASE)
_SAID = re.compile(
    r"""(?P<name>["']?)\b(?:text|caption|query|prompt|content)(?P=name)\s{0,3}[:=]\s{0,3}(?P<quote>["'`])
      .{0,4096}?(?P=quote)(?=\s{0,3}(?:[,})\n]|$))""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_TELLS = re.compile(
    r"""(?:\b(?:says?|said|saying|tells|writes|means?|meaning|about|knows?\swhat|matches\sfor|if\syou\s(?:see|get)|
      how\sto\sfix|handlers?\sfor|registered|пишет|говорит|выдаёт|выдает)\b[\s:,]{0,3}["'`“«]?|prompt=["'`].{0,200})
      (?:\d{3}[:\s]{1,2})?(?:conflict[:\s]{1,2})?$""",
    re.VERBOSE | re.IGNORECASE,
)


def speaks_telegram(line: str) -> bool:
    """Whether a client of the Bot API wrote this, so that a status in it is that server's."""
    if _FILE_URL.search(line):  # a download: its 404 is about the file
        return False
    if _BOT_URL.search(line):
        return True
    if not _TELEGRAM.search(line) or _SERVED.search(line) or _METRIC.search(line):
        return False
    url = _URL.search(line)
    foreign = url is not None and not _ABOUT.search(line, max(0, url.start() - 40), url.start())
    return not foreign and not _OTHERS.search(line)


def is_hearsay(line: str) -> bool:
    """Whether the line speaks of a conflict that is past, only possible, or another server's."""
    return _PAST.search(line) is not None


def is_told(text: str, start: int) -> bool:
    """Whether what begins at `start` is introduced as somebody's words: `ann says "Conflict: ...`."""
    line = text.rfind("\n", 0, start) + 1
    return _TELLS.search(text, max(line, start - 260), start) is not None


def without_chat(text: str) -> str:
    """`text` with the wording of chat messages taken out of printed updates and requests.

    Anybody can write a bot "Conflict: terminated by ..."; a bot that prints its updates must not be stopped by it.
    """
    if not _CHAT.search(text):
        return text
    return _SAID.sub(lambda found: f"{found['name']}text{found['name']}: ''", text)


def line_at(text: str, position: int) -> str:
    """The line of `text` around `position`."""
    end = text.find("\n", position)
    return text[text.rfind("\n", 0, position) + 1 : end if end >= 0 else len(text)]


def excerpt_at(text: str, position: int) -> str:
    """At most 300 characters of that line, the position among them."""
    start = text.rfind("\n", 0, position) + 1
    line = line_at(text, position)
    skip = max(0, position - start - 200) if len(line) > 300 else 0
    return line[skip : skip + 300].strip()
