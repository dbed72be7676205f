"""`botctl logs` over real log files, with and without a supervisor."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from supervisor.logs.store import LogStore
from supervisor.model.bots import LogPolicy
from supervisor.paths import log_folder
from tests.cli.conftest import Botctl, ended
from tests.fakes.supervisor import FakeSupervisor

AT = 1_795_179_600.0  # 2026-11-20 13:00:00 UTC


def write(state_dir: Path, bot: str, *lines: tuple[float, str, str]) -> None:
    store = LogStore(log_folder(state_dir), bot, LogPolicy())
    for at, stream, text in lines:
        store.append(stream, text.encode() + b"\n", at)
    store.close()


@pytest.fixture
def written(state_dir: Path) -> None:
    write(state_dir, "news", (AT, "stdout", "one"), (AT + 2, "stderr", "three"))
    write(state_dir, "shop", (AT + 1, "setup", "\x1b[31mtwo\x1b[0m"))


@pytest.mark.usefixtures("written")
async def test_without_a_supervisor_all_bots_in_order_of_time(botctl: Botctl) -> None:
    done = await botctl("logs")
    assert (done.code, done.err) == (0, "")
    assert done.lines == [
        "2026-11-20T13:00:00.000+00:00 news stdout one",
        "2026-11-20T13:00:01.000+00:00 shop setup two",
        "2026-11-20T13:00:02.000+00:00 news stderr three",
    ]


@pytest.mark.usefixtures("written")
async def test_names_patterns_number_and_since_choose(botctl: Botctl) -> None:
    assert [line.split()[-1] for line in (await botctl("logs", "n*")).lines] == ["one", "three"]
    assert [line.split()[-1] for line in (await botctl("logs", "-n", "2")).lines] == ["two", "three"]
    assert (await botctl("logs", "-n", "0")).out == ""
    since = await botctl("logs", "--since", "2026-11-20T13:00:01")
    assert [line.split()[-1] for line in since.lines] == ["two", "three"]
    assert (await botctl("logs", "--since", "10m")).out == ""


@pytest.mark.usefixtures("written")
async def test_json_is_one_object_a_line(botctl: Botctl) -> None:
    done = await botctl("logs", "shop", "--json")
    assert json.loads(done.out) == {
        "bot": "shop",
        "at": "2026-11-20T13:00:01.000+00:00",
        "stream": "setup",
        "text": "\x1b[31mtwo\x1b[0m",
    }


@pytest.mark.usefixtures("written")
async def test_following_shows_what_comes_also_of_new_bots(botctl: Botctl) -> None:
    process = await botctl.begin("logs", "--follow", "-n", "1")
    assert process.stdout
    async with asyncio.timeout(30):
        assert (await process.stdout.readline()).endswith(b"three\n")
        write(botctl.state_dir, "late", (AT + 3, "stdout", "first words"))
        assert (await process.stdout.readline()).endswith(b"late stdout first words\n")
        write(botctl.state_dir, "news", (AT + 4, "stdout", "four"))
        assert (await process.stdout.readline()).endswith(b"news stdout four\n")
    process.send_signal(signal.SIGINT)
    done = await ended(process)
    assert (done.code, done.out, done.err) == (130, "", "")


@pytest.mark.usefixtures("written")
async def test_a_reader_that_leaves_ends_it_quietly(botctl: Botctl) -> None:
    write(botctl.state_dir, "loud", *((AT + number, "stdout", "x" * 1000) for number in range(3000)))
    process = await botctl.begin("logs", "loud", "-n", "3000")
    assert process.stdout
    await asyncio.wait_for(process.stdout.readline(), 30)
    process.stdout._transport.close()  # type: ignore[attr-defined]
    assert process.stderr
    assert await asyncio.wait_for(process.stderr.read(), 30) == b""
    assert await asyncio.wait_for(process.wait(), 30) == 1


@pytest.mark.usefixtures("written")
async def test_a_wrong_name_is_told(botctl: Botctl, fake: FakeSupervisor) -> None:
    for typed in ("newz", "../news", "n/*"):
        assert (await botctl("logs", typed)).code == 2
    assert "did you mean news?" in (await botctl("logs", "newz")).err


async def test_a_bot_that_has_written_nothing_yet_has_an_empty_log(botctl: Botctl, fake: FakeSupervisor) -> None:
    done = await botctl("logs", "news")
    assert (done.code, done.out) == (0, "")


async def test_nothing_written_and_no_supervisor_is_told(botctl: Botctl) -> None:
    done = await botctl("logs")
    assert done.code == 4
    assert "it has no logs" in done.err


async def test_since_that_is_no_time_is_bad_usage(botctl: Botctl) -> None:
    assert (await botctl("logs", "--since", "yesterday")).code == 2
