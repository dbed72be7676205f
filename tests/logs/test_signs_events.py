"""One event is one sign: in a text, in a stream, and in a storm."""

import pytest

from supervisor.logs.signs import WHOLE, SignReader, read_signs
from supervisor.model.signs import SignKind

G = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
W = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
URL = "https://api.telegram.org/bot123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"

FRAMES = "".join(f'  File "/app/part{n}.py", line {n}, in poll\n    await bot.get_updates()\n' for n in range(40))


def event(clock: str) -> str:
    """What PTB prints of one conflict: httpx's line, the record, two chained tracebacks."""
    return (
        f'2026-11-20 {clock},001 - httpx - INFO - HTTP Request: POST {URL}/getUpdates "HTTP/1.1 409 Conflict"\n'
        f"2026-11-20 {clock},002 - telegram.ext.Updater - ERROR - Error while getting Updates: {G}\n"
        f"2026-11-20 {clock},003 - telegram.ext.Application - ERROR - No error handlers are registered\n"
        f"Traceback (most recent call last):\n{FRAMES}telegram.error.Conflict: {G}\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        f"Traceback (most recent call last):\n{FRAMES}telegram.error.Conflict: {G}\n"
    )


def test_one_event_is_one_sign() -> None:
    assert [sign.kind for sign in read_signs(event("10:00:00"))] == [SignKind.GET_UPDATES]


def test_events_apart_are_signs_apart() -> None:
    assert len(read_signs(event("10:00:00") + event("10:00:30") + event("10:01:00"))) == 3


def test_different_kinds_stay_apart() -> None:
    text = f"{G}\n{W}\n{G}\n"
    assert [sign.kind for sign in read_signs(text)] == [SignKind.GET_UPDATES, SignKind.WEBHOOK_ACTIVE]


def test_the_longest_wait_of_a_burst_counts() -> None:
    (sign,) = read_signs("Too Many Requests: retry after 3\nToo Many Requests: retry after 9\n")
    assert sign.retry_after == 9


def test_unstamped_lines_far_apart_are_signs_apart() -> None:
    assert len(read_signs(f"{G}\n" + "all is well\n" * 10 + f"{G}\n")) == 2


def test_a_long_text_is_read_like_a_short_one() -> None:
    calm = "2026-11-20 10:00:10,001 - bot - INFO - handled an update in 12 ms\n" * (WHOLE // 20)
    text = event("10:00:00") + calm + event("10:05:00") + calm + f"2026-11-20 10:09:00 {W}\n"
    assert [sign.kind.value for sign in read_signs(text)] == [
        "conflict.get_updates",
        "conflict.get_updates",
        "conflict.webhook_active",
    ]


def test_a_stream_gives_one_sign_of_a_kind_per_chunk() -> None:
    signs = SignReader().feed((event("10:00:00") * 20 + f"{W}\n").encode())
    assert {sign.kind for sign in signs} == {SignKind.GET_UPDATES, SignKind.WEBHOOK_ACTIVE}
    assert len(signs) == 2


def test_a_traceback_over_two_chunks_is_one_sign() -> None:
    lines = event("10:00:00").encode().splitlines(keepends=True)
    for cut in (2, 3, 10, 60, 90, len(lines) - 3):
        reader = SignReader()
        signs = reader.feed(b"".join(lines[:cut])) + reader.feed(b"".join(lines[cut:]))
        assert 1 <= len(signs) <= 2
        if lines[cut].startswith((b" ", b"Traceback", b"The above")):
            assert len(signs) == 1, cut


def test_the_next_event_in_a_stream_is_a_new_sign() -> None:
    reader = SignReader()
    assert len(reader.feed(event("10:00:00").encode())) == 1
    assert len(reader.feed(b"2026-11-20 10:00:20 - bot - INFO - ok\n")) == 0
    assert len(reader.feed(event("10:00:30").encode())) == 1


@pytest.mark.parametrize("noise", [b"app ERROR conflict in row %d\n", b"ERROR telegram: not modified %d\n"])
def test_a_sign_in_a_storm_is_found(noise: bytes) -> None:
    storm = b"".join(noise % n for n in range(3000))
    (sign,) = SignReader().feed(storm + G.encode() + b"\n" + storm)
    assert sign.kind is SignKind.GET_UPDATES


@pytest.mark.parametrize("before", [0, 1, 200, 65_000, 1_000_000])
def test_a_sign_anywhere_in_a_long_line_is_found(before: int) -> None:
    (sign,) = SignReader().feed(b"x " * (before // 2) + G.encode() + b" y" * 5000 + b"\n")
    assert sign.kind is SignKind.GET_UPDATES


def test_any_bytes_are_read() -> None:
    reader = SignReader()
    assert reader.feed(b"") == []
    assert reader.feed(bytes(range(256)) * 50 + b"\n") == []
    assert len(reader.feed(b"\xff\xfe " + G.encode() + b"\xe2\x28\n")) == 1
    assert len(SignReader().feed(G.encode("utf-16-le"))) == 0
