import fcntl
import io
import json
import logging
import os
import re
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from supervisor.logs.echo import Echo, LogFormat, configure, redaction
from supervisor.logs.redact import Redactor
from supervisor.logs.render import JsonRenderer, Piece, TextRenderer
from supervisor.logs.terminal import harmless, harmless_block

AT = 1795179600.123
TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
DEADLINE = 20.0


@dataclass
class Screen:
    """The other end of the daemon's stdout: a pipe, or a terminal."""

    stdout: TextIO
    reads: int

    def until(self, text: str) -> str:
        """Everything shown up to `text`; fails when it is not shown in time, or the output ends."""
        seen, last_call = b"", time.monotonic() + DEADLINE
        while text.encode() not in seen:
            ready, _, _ = select.select([self.reads], [], [], max(0.0, last_call - time.monotonic()))
            assert ready, f"not shown in time: {text!r}; but {seen[-500:]!r}"
            block = os.read(self.reads, 65536)
            assert block, f"the output ended without {text!r}: {seen[-500:]!r}"
            seen += block
        return seen.decode()


@pytest.fixture
def pipe() -> Iterator[Screen]:
    reads, writes = os.pipe()
    with os.fdopen(writes, "w") as stdout:
        yield Screen(stdout, reads)
    os.close(reads)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    reads, writes = os.openpty()
    with os.fdopen(writes, "w") as stdout:
        yield Screen(stdout, reads)
    os.close(reads)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("supervisor")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before
    structlog.reset_defaults()


def fill(screen: Screen) -> None:
    """Leave no room in the pipe: from now on a write of ours would wait."""
    flags = fcntl.fcntl(screen.stdout, fcntl.F_GETFL)
    fcntl.fcntl(screen.stdout, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(screen.stdout.fileno(), b"." * 4096)
    except BlockingIOError:
        fcntl.fcntl(screen.stdout, fcntl.F_SETFL, flags)


def text_echo(screen: Screen) -> Echo:
    return Echo(screen.stdout.fileno(), TextRenderer(colours=False, names=["news", "weather"]))


def test_names_stand_in_a_column_and_signs_tell_the_stream(pipe: Screen) -> None:
    echo = text_echo(pipe)
    echo.show("news", "stdout", b"one\ntwo\n", AT)
    echo.show("weather", "stderr", b"three\n", AT)
    echo.show("news", "setup", "четыре\n".encode(), AT)
    echo.show("a-name-beyond-every-column", "supervisor", b"five\n", AT)
    echo.show("news", "stdout", b"six\n", AT)
    assert echo.close(DEADLINE)
    assert pipe.until("six\n").splitlines() == [
        "news       | one",
        "news       | two",
        "weather    ! three",
        "news       + четыре",
        "a-name-beyond-every-column * five",
        "news                     | six",
    ]


def test_a_terminal_gets_coloured_names_and_no_other_sequence_than_colours(terminal: Screen) -> None:
    echo = configure("text", terminal.stdout, Redactor(), names=["news", "weather"])
    echo.show("news", "stdout", b"\x1b]0;title\x07\x1b[31mred\x1b[2J\n", AT)
    echo.show("weather", "stdout", b"plain\n", AT)
    assert echo.close(DEADLINE)
    first, second = terminal.until("plain").splitlines()
    assert first == "\x1b[33mnews      \x1b[0m | \x1b[31mred\x1b[0m"
    assert second == "\x1b[32mweather   \x1b[0m | plain"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colours_gets_none(
    terminal: Screen, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    echo = configure("text", terminal.stdout, Redactor())
    echo.show("news", "stdout", b"\x1b[31mred\n", AT)
    assert echo.close(DEADLINE)
    assert terminal.until("red").splitlines() == ["news       | red"]


def test_json_has_one_object_a_line(pipe: Screen) -> None:
    echo = configure("json", pipe.stdout, Redactor())
    block = b"".join(b"%d \x1b[2J \xff \xc2\x9b\n" % number for number in range(200)) + "конец\n".encode()
    echo.show("news", "stderr", block, AT)
    assert echo.close(DEADLINE)
    shown = pipe.until("конец")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    events = [json.loads(line) for line in shown.splitlines()]
    assert len(events) == 201
    assert events[7] == {
        "timestamp": "2026-11-20T13:00:00.123Z",
        "level": "info",
        "bot": "news",
        "stream": "stderr",
        "event": "7 \x1b[2J \ufffd \x9b",
    }


def test_a_stdout_that_takes_nothing_holds_nobody_up_and_costs_little_memory(pipe: Screen) -> None:
    fill(pipe)
    echo = text_echo(pipe)
    block = b"x" * 999 + b"\n"
    for _ in range(20_000):
        echo.show("news", "stdout", block, AT)
    echo.show("news", "stdout", b"short, but behind those left out\n", AT)
    seen = pipe.until("lines are not shown here")
    shown = seen.count("news       | x")
    skipped = re.search(r"supervisor \* (\d+) lines are not shown", seen)
    assert skipped is not None
    assert shown + int(skipped[1]) == 20_001
    assert shown < 1100
    echo.show("news", "stdout", b"and on it goes\n", AT)
    assert "news       | and on it goes" in pipe.until("goes\n")
    assert echo.close(DEADLINE)


def test_our_own_events_pass_while_bots_flood_the_output(pipe: Screen) -> None:
    fill(pipe)
    echo = configure("text", pipe.stdout, Redactor())
    for _ in range(2000):
        echo.show("news", "stdout", b"x" * 999 + b"\n", AT)
    logging.getLogger("supervisor.keep").warning("news is held")
    assert "supervisor * warning: news is held\n" in pipe.until("lines are not shown here")
    assert echo.close(DEADLINE)


def test_a_reader_that_went_away_ends_the_echo_and_nothing_else() -> None:
    reads, writes = os.pipe()
    with os.fdopen(writes, "w") as stdout:
        echo = Echo(stdout.fileno(), TextRenderer(colours=False))
        os.close(reads)
        echo.show("news", "stdout", b"into the void\n", AT)
        assert echo.close(DEADLINE)
        echo.show("news", "stdout", b"and more\n", AT)
        assert echo.close(DEADLINE)


def test_closing_waits_no_longer_than_its_deadline(pipe: Screen) -> None:
    fill(pipe)
    echo = text_echo(pipe)
    echo.show("news", "stdout", b"last words\n", AT)
    assert not echo.close(0.0)
    assert "last words" in pipe.until("words\n")
    assert echo.close(DEADLINE)


def test_a_terminal_in_non_blocking_mode_loses_nothing(pipe: Screen) -> None:
    fill(pipe)
    flags = fcntl.fcntl(pipe.stdout, fcntl.F_GETFL)
    fcntl.fcntl(pipe.stdout, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    echo = text_echo(pipe)
    echo.show("news", "stdout", b"\n", AT)
    for number in range(400):
        echo.show("news", "stdout", b"%d " % number + b"x" * 999 + b"\n", AT)
    assert not echo.close(0.1)
    lines = pipe.until("| 399 " + "x" * 999 + "\n").splitlines()
    assert [line.split()[2] for line in lines[1:]] == [*map(str, range(400))]
    assert echo.close(DEADLINE)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_event_of_ours_shows_a_token(pipe: Screen, log_format: LogFormat) -> None:
    echo = configure(log_format, pipe.stdout, Redactor())
    log = logging.getLogger("supervisor.keep")
    log.info("url /bot%s/getMe", TOKEN, extra={"where": ["x", {"deep": TOKEN}], TOKEN: 1, "count": 3})
    try:
        raise RuntimeError(f"bad\n{TOKEN}")
    except RuntimeError:
        log.exception("it broke")
    logging.getLogger("aiohttp").info("not shown")
    logging.getLogger("aiohttp").warning("shown %s", TOKEN)
    log.info("%d", "not a number")
    log.info("the end")
    assert echo.close(DEADLINE)
    seen = pipe.until("the end")
    assert "FakeFake" not in seen
    assert seen.count("123456789:[redacted]") >= 5
    assert "RuntimeError: bad" in seen
    assert "an event of supervisor.keep could not be rendered" in seen
    assert "not shown" not in seen


def test_the_processor_redacts_values_however_deep() -> None:
    event = {"event": f"see {TOKEN}", "where": [{TOKEN: (TOKEN, 1)}], "url": Path(TOKEN), "n": None, "_record": TOKEN}
    masked = "123456789:[redacted]"
    assert redaction(Redactor())(None, "", event) == {
        "event": f"see {masked}",
        "where": [{masked: [masked, 1]}],
        "url": masked,
        "n": None,
        "_record": TOKEN,
    }


def test_events_read_as_sentences_in_text(pipe: Screen) -> None:
    echo = configure("text", pipe.stdout, Redactor(), names=["a-longer-name"])
    logging.getLogger("supervisor").info("bot is up", extra={"bot": "news", "pid": 7})
    logging.getLogger("supervisor").error("two\nlines \x1b[2J")
    assert echo.close(DEADLINE)
    assert pipe.until("lines \n").splitlines() == [
        "supervisor    * bot is up bot=news pid=7",
        "supervisor    * error: two",
        "supervisor    * lines ",
    ]


def test_events_are_objects_in_json_also_through_structlog(pipe: Screen) -> None:
    echo = configure("json", pipe.stdout, Redactor())
    logging.getLogger("supervisor.keep").info("bot is up", extra={"bot": "news", "pid": 7, "at": io.BytesIO})
    structlog.get_logger("supervisor.keep").warning("from structlog", token=TOKEN)
    assert echo.close(DEADLINE)
    up, other = map(json.loads, pipe.until("from structlog").splitlines())
    assert (up["event"], up["level"], up["logger"]) == ("bot is up", "info", "supervisor.keep")
    assert (up["bot"], up["pid"], up["at"]) == ("news", 7, "<class '_io.BytesIO'>")
    assert (other["token"], other["level"]) == ("123456789:[redacted]", "warning")


@given(st.text(st.characters(codec="utf-8")) | st.text("\x1b\x9b\x90[]mPX^_;0123Aab\x07\\\n\t "))
def test_nothing_a_terminal_obeys_is_left(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", harmless(text, colours=False))
    coloured = harmless(text, colours=True)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", re.sub("\x1b\\[[0-9;:]*m", "", coloured))
    assert coloured.count("\n") == text.count("\n")


@given(st.binary())
def test_any_bytes_can_be_rendered_with_their_lines_kept(block: bytes) -> None:
    piece = Piece("news", "stdout", AT, block + b"\n")
    for renderer in (TextRenderer(colours=True), TextRenderer(colours=False), JsonRenderer()):
        assert b"".join(renderer.render(piece)).count(b"\n") == piece.lines


@pytest.mark.parametrize("text", ["plain", "a\tb", "emoji 🎉 кириллица", "100% [====>] ~"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert harmless_block(text.encode(), colours=False) == text.encode()
    assert harmless(text, colours=True) == text
