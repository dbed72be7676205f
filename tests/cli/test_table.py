"""The table itself: what gives way when there is little room, and what bots cannot smuggle into a terminal."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from supervisor.cli.table import HEADER, Look, render
from supervisor.cli.terminal import harmless, shorten
from supervisor.cli.units import duration, moment, seconds_in, size
from supervisor.model.status import FleetStatus, Phase
from tests.fakes.supervisor import FakeSupervisor, bot

LONG = "another getUpdates ended ours three times in 180 s: a second poller runs outside this supervisor"


def fleet(*bots: object) -> FleetStatus:
    return asyncio.run(FakeSupervisor(*bots).status())  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 132, 200])
def test_no_row_is_wider_than_the_terminal(width: int) -> None:
    lines = render(fleet(bot("a"), bot("a-rather-long", Phase.HEALING, reason=LONG)), Look(width))
    table = lines[: lines.index("")]
    assert len(table) == 3
    assert all(len(line) <= max(width, len("a-rather-long  healing")) for line in table[1:])


def test_with_room_for_all_every_column_is_there() -> None:
    head = render(fleet(bot("a", Phase.HELD, reason=LONG)), Look(None))[0]
    assert head.split() == [*HEADER, "REASON"]


def test_a_pipe_gets_every_reason_in_full_and_once() -> None:
    assert "\n".join(render(fleet(bot("a", Phase.HELD, reason=LONG)), Look(None))).count(LONG) == 1


def test_a_shortened_reason_of_a_troubled_bot_is_repeated_in_full() -> None:
    text = "\n".join(render(fleet(bot("a", Phase.HELD, reason=LONG)), Look(60)))
    assert f"a: {LONG}" in text


def test_colours_do_not_move_columns() -> None:
    some = fleet(bot("a"), bot("b", Phase.FAILED, reason="x"))
    coloured = render(some, Look(100, colours=True))
    assert coloured != render(some, Look(100))
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == render(some, Look(100))


def test_a_reason_cannot_steer_the_terminal() -> None:
    evil = "\x1b]0;title\x07\x1b[2J\x1b[31mred\rover\nnext\x9b5n"
    text = "\n".join(render(fleet(bot("a", Phase.HELD, reason=evil)), Look(120)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "red over next" in text


def test_colours_of_a_log_line_may_stay_and_end_with_it() -> None:
    assert harmless("\x1b[31mred\x1b[2K", colours=True) == "\x1b[31mred\x1b[0m"
    assert harmless("\x1b[31mred\x1b[0m\ttab") == "red\ttab"


def test_warnings_are_counted_and_told_elsewhere() -> None:
    some = fleet(bot("a"))
    text = render(replace(some, supervisor=replace(some.supervisor, warnings=("one", "two"))), Look(80))[0]
    assert text == "2 warnings about /srv/bots.yaml: `botctl check` tells"


def test_no_bots_says_how_to_add_one() -> None:
    assert any("bots.yaml" in line for line in render(fleet(), Look(80)))


def test_shortening_cuts_between_words() -> None:
    assert shorten("waiting for a free token", 100) == "waiting for a free token"
    assert shorten("waiting for a free token", 21).rstrip("….") == "waiting for a free"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.9, "59s"), (60, "1m"), (303, "5m 3s"), (7503, "2h 5m"), (1_040_400, "12d 1h"), (-5, "0s")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (48_300_000, "48 MB"), (1.25e9, "1.2 GB")])
def test_sizes_read_as_people_say_them(count: float, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1h30m", 5400), ("2d", 172_800), ("1.5m", 90), ("soon", None)]
)
def test_times_are_read_as_people_write_them(text: str, seconds: float | None) -> None:
    assert seconds_in(text) == seconds


def test_a_moment_is_an_age_or_a_date() -> None:
    assert moment("10m", now=1000.0) == 400.0
    assert moment("2026-11-20T13:00:00+00:00", now=0.0) == 1_795_179_600.0
    assert moment("yesterday", now=0.0) is None
