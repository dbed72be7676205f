"""What the reader makes of labelled lines, and the ways libraries wrap a sentence."""

import json
from collections.abc import Callable

import pytest

from supervisor.logs.signs import SignReader, read_all_clear, read_signs
from supervisor.model.signs import Sign, SignKind
from tests.logs.corpus import CAPTURED, HELDOUT, SHARED, Row, rows, score

G = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
W = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
S = "Conflict: terminated by setWebhook request"
URL = "https://api.telegram.org/bot123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"


def kinds(text: str) -> list[str]:
    return [sign.kind.value for sign in read_signs(text)]


def streamed(text: str) -> list[Sign]:
    return SignReader().feed(text.encode() + b"\n")


@pytest.mark.parametrize("row", rows(CAPTURED), ids=lambda row: f"{row.library}: {row.line[:40]!r}")
def test_captured_lines(row: Row) -> None:
    assert kinds(row.line) == ([] if row.kind == "none" else [row.kind])


def test_captured_lines_as_a_stream() -> None:
    found = score(CAPTURED, streamed)
    assert found.recall == found.reasons == 1
    assert not found.false_signs
    assert found.other_recall > 0.9  # a stream is searched for the words that matter most: scan.py


def test_heldout_lines() -> None:
    found = score(HELDOUT, read_signs)
    assert not found.missed
    assert not found.wrong_reason
    assert not found.false_signs
    assert not found.false_conflicts
    assert not found.other_missed
    assert not found.repeated


def test_heldout_lines_as_a_stream() -> None:
    found = score(HELDOUT, streamed)
    assert found.recall > 0.98
    assert not found.false_signs
    assert found.other_recall > 0.75


@pytest.mark.skipif(not SHARED.exists(), reason=f"the shared corpus is not at {SHARED}")
@pytest.mark.parametrize("read", [read_signs, streamed])
def test_shared_corpus(read: Callable[[str], list[Sign]]) -> None:
    found = score(SHARED, read)
    assert found.recall >= 0.98, found.missed
    assert found.reasons >= 0.95, found.wrong_reason
    assert found.false_alarms <= 1 / 200, found.false_conflicts
    assert len(found.false_signs) / found.silent <= 1 / 100, found.false_signs
    assert found.other_recall >= 0.92, found.other_missed


WRAPS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "json": lambda text: json.dumps({"level": "error", "msg": text}),
    "json in json": lambda text: json.dumps({"log": json.dumps({"err": text}) + "\n", "stream": "stderr"}),
    "all escaped": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "colours": lambda text: f"\x1b[31m\x1b[1m{text}\x1b[0m",
    "colours within": lambda text: text.replace(" ", " \x1b[33m", 3),
    "colours as text": lambda text: f"\\u001b[31m{text}\\u001b[39m",
    "upper case": str.upper,
    "lower case": str.lower,
    "wrapped between words": lambda text: text.replace(" ", "\n    ", 4),
    "wrapped inside a word": lambda text: text[:16] + "\n" + text[16:],
    "snake case": lambda text: text.lower().replace("getupdates", "get_updates").replace(" ", "_"),
    "html": lambda text: f"<b>{text.replace(chr(39), '&#39;')}</b>",
    "typographer": lambda text: text.replace("'", "’"),
    "docker compose": lambda text: f"bot-1  | {text}",
    "kubernetes": lambda text: f"2026-03-04T10:22:31.204518391Z stderr F {text}",
    "journald": lambda text: f"Mar 04 10:22:31 vps1 python3[24117]: {text}",
    "other language": lambda text: f"Ошибка опроса: {text} — перезапуск",
    "no Conflict before": lambda text: text.removeprefix("Conflict: "),
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS.keys())
@pytest.mark.parametrize(
    ("sentence", "kind"),
    [(G, SignKind.GET_UPDATES), (W, SignKind.WEBHOOK_ACTIVE), (S, SignKind.SET_WEBHOOK)],
    ids=["G", "W", "S"],
)
def test_the_servers_sentences_in_every_wrapping(wrap: Callable[[str], str], sentence: str, kind: SignKind) -> None:
    assert [sign.kind for sign in read_signs(wrap(sentence))] == [kind]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Conflict: terminated by other long poll or webhook (409)", "conflict.get_updates"),
        ("Conflict: another webhook is active", "conflict.webhook_active"),
        ("Conflict: can't use getUpdates method while webhook is active", "conflict.webhook_active"),
        ("Call to 'setWebhook' failed! (409: Conflict: terminated by other setWebhook)", "conflict.set_webhook"),
    ],
)
def test_other_and_older_sentences(line: str, kind: str) -> None:
    assert kinds(line) == [kind]


@pytest.mark.parametrize("length", [25, 30, 38, 50, 70])
@pytest.mark.parametrize("end", ["", "...", "…", '"}'])
def test_cut_off_sentences(length: int, end: str) -> None:
    assert kinds(f"409 {W}"[: length + 4] + end) == ["conflict.webhook_active"]
    assert kinds(f"poll: {G}"[: length + 6] + end) == ["conflict.get_updates"]


@pytest.mark.parametrize(
    "line",
    [
        f'INFO:httpx:HTTP Request: POST {URL}/getUpdates "HTTP/1.1 409 Conflict"',
        'HTTP Request: POST https://api.telegram.org/bot123456789:[redacted]/getUpdates "HTTP/1.1 409 Conflict"',
        f"HTTPError: 409 Client Error: Conflict for url: {URL}/getUpdates?timeout=30&offset=409001",
        "getUpdates failed. Returned result: <Response [409]>",
        '{"ok": false, "error_code": 409}',
        "<pre>{&quot;ok&quot;:false,&quot;error_code&quot;:409}</pre>",
    ],
)
def test_a_409_without_a_reason(line: str) -> None:
    assert kinds(line) == ["conflict.get_updates"]


@pytest.mark.parametrize(
    "line",
    [
        f'INFO:httpx:HTTP Request: POST {URL}/getUpdates "HTTP/1.1 200 OK"',
        f"GET {URL}/getUpdates?offset=409&limit=100 200",
        "getUpdates returned 409 updates",
        'INFO: 10.0.0.1:0 - "POST /telegram/webhook HTTP/1.1" 409 Conflict',
        'Conflict. The container name "/telegram-bot" is already in use (HTTP 409)',
        "INSERT INTO telegram_updates VALUES ($1) ON CONFLICT DO NOTHING -- error 409",
        "Registered error handler for telegram.error.Conflict",
        "webhook is active, so getUpdates is not used",
        "Session terminated by other login",
        "telegram: 409 conflict resolved after 3 s",
        'getWebhookInfo: {"url":"https://x","last_error_message":"Wrong response from the webhook: 409 Conflict"}',
    ],
)
def test_what_only_looks_like_a_conflict(line: str) -> None:
    assert kinds(line) == []


@pytest.mark.parametrize(
    "line",
    [
        f"""{{'update_id': 7, 'message': {{'message_id': 1, 'chat': {{'id': 5}}, 'text': '{G}'}}}}""",
        f'{{"msg":"got message","chat_id":5,"text":"help: {G}"}}',
        f'message from ann: my bot says "{G}"',
        f"Docs: if you see {G}, stop the other one",
    ],
)
def test_words_of_users_stop_no_bot(line: str) -> None:
    assert kinds(line) == []
    assert streamed(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "telegram bot: redis: Error 111 connecting to localhost:6379. Connection refused.",
        "telegram-bot: asyncpg: connection was closed in the middle of operation",
        "telegram bot: POST https://shop.example/api failed with 502: Bad Gateway",
        "bot for telegram: openai Error code: 429 - Too Many Requests, retry after 20",
        "discord and telegram bridge: discord.errors.HTTPException: 401 Unauthorized",
    ],
)
def test_troubles_with_others_are_not_telegrams(line: str) -> None:
    assert [kind for kind in kinds(line) if kind != "flood"] == []


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Too Many Requests: retry after 35", 35),
        ("telegram.error.RetryAfter: Flood control exceeded. Retry in 35 seconds", 35),
        ("Flood control exceeded. Retry in 2.5 seconds", 2.5),
        ('{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}', 35),
        (r'{"err":"{\"ok\":false,\"error_code\":429,\"parameters\":{\"retry_after\":35}}"}', 35),
        ("teloxide: RetryAfter(Seconds(35))", 35),
        ("telegram: Too Many Requests, Retry-After: 35", 35),
        (f'POST {URL}/sendMessage "HTTP/1.1 429 Too Many Requests"', None),
    ],
)
def test_how_long_a_flood_lasts(line: str, seconds: float | None) -> None:
    (sign,) = read_signs(line)
    assert (sign.kind, sign.retry_after) == (SignKind.FLOOD, seconds)


def test_the_excerpt_is_the_line_that_says_it() -> None:
    (sign,) = read_signs(
        f'\x1b[31mTraceback (most recent call last):\n  File "a.py", line 1\nE: {G}\x1b[0m\n' + "x" * 900
    )
    assert sign.excerpt == f"E: {G}"
    (sign,) = read_signs("y" * 5000 + f" {G} " + "z" * 5000)
    assert len(sign.excerpt) <= 300
    assert G in sign.excerpt


def test_all_clear() -> None:
    assert read_all_clear("INFO:aiogram.dispatcher:Connection established (tryings = 4, bot id = 123456789)")
    assert not read_all_clear("WARNING:aiogram.dispatcher:Sleep for 1.0 seconds and try again... (tryings = 0)")
