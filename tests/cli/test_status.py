"""`botctl status`: the contract for programs, the table for people."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import replace

import pytest

from supervisor.model.status import Phase
from tests.cli.conftest import Botctl, ended
from tests.fakes.supervisor import FakeSupervisor, bot

BOT_KEYS = [
    *("name", "mode", "state", "reason", "runner", "pid", "bot_id", "username", "since", "uptime_s", "restarts"),
    *("conflicts", "last_incident", "port", "health", "lease", "rss_bytes", "cpu_percent", "container", "image"),
]


@pytest.mark.parametrize(
    "typed", [("status", "--json"), ("ls", "--json"), ("status", "--json", "--state-dir", "state")]
)
async def test_json_keeps_the_contract(botctl: Botctl, fake: FakeSupervisor, typed: tuple[str, ...]) -> None:
    done = await botctl(*typed)
    assert (done.code, done.err) == (0, "")
    body = json.loads(done.out)
    assert list(body) == ["supervisor", "bots"]
    assert {"version", "pid", "since", "config", "api_url", "problems"} <= set(body["supervisor"])
    assert [list(each) for each in body["bots"]] == [BOT_KEYS] * 3
    assert body == json.loads(json.dumps((await fake.status()).as_json()))


@pytest.mark.parametrize("typed", [("status",), ("ls",), ("ls", "--state-dir", "state")])
async def test_the_table_into_a_pipe_is_plain(botctl: Botctl, fake: FakeSupervisor, typed: tuple[str, ...]) -> None:
    done = await botctl(*typed)
    assert done.code == 0
    assert done.out.isascii()
    assert "\x1b" not in done.out
    row = next(line for line in done.lines if line.startswith("news"))
    assert row.split() == ["news", "worker", "up", "4711", "2h", "5m", "2", "1", "-", "48", "MB", "2%"]
    assert "held" in done.out
    assert "somebody else polls with this token; looking again in 9 min" in done.out


async def test_a_simulation_is_said_before_anything_else(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.about = replace(fake.about, simulated=True, api_url="http://127.0.0.1:8081")
    done = await botctl("status")
    assert done.lines[0].strip().startswith("SIMULATED")
    assert "http://127.0.0.1:8081" in done.lines[0]


async def test_a_broken_edit_is_shown_until_mended(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.about = replace(fake.about, problems=("bots.yaml:12:5: bots.news.mode: not web or worker",))
    done = await botctl("status")
    assert done.lines[1] == "  bots.yaml:12:5: bots.news.mode: not web or worker"
    assert "last good version" in done.lines[0]


async def test_a_fault_of_the_journal_does_not_accuse_the_file(botctl: Botctl, fake: FakeSupervisor) -> None:
    locked = "journal: database is locked"
    fake.about = replace(fake.about, problems=(locked,), faults=(locked,))
    done = await botctl("status")
    assert "last good version" not in done.out
    assert done.lines[1] == f"  {locked}"


async def test_without_a_supervisor_it_says_what_to_do(botctl: Botctl) -> None:
    done = await botctl("status")
    assert (done.code, done.out) == (4, "")
    assert str(botctl.state_dir) in done.err
    assert "botctl up" in done.err


async def test_a_dead_socket_is_no_supervisor(botctl: Botctl) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(botctl.state_dir / "control.sock"))
    assert (await botctl("status")).code == 4


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 twenty OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 500 no\r\nContent-Length: 5\r\n\r\noops!",
    ],
)
async def test_what_answers_nonsense_is_told(botctl: Botctl, nonsense: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(nonsense)
        writer.close()

    async with await asyncio.start_unix_server(babble, botctl.state_dir / "control.sock"):
        done = await botctl("status")
    assert done.code == 1
    assert "no usable answer" in done.err
    assert "Traceback" not in done.err


async def test_the_plain_form_loads_nothing_heavy(botctl: Botctl, fake: FakeSupervisor) -> None:
    """Start-up time is imports; which of them is checked, not how long they take on somebody's machine."""
    done = await botctl("status", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "supervisor.cli.overview" in loaded
    heavy = {"typer", "rich", "aiohttp", "asyncio", "pydantic", "yaml", "structlog", "telegram", "ssl", "http.client"}
    assert not heavy & loaded


async def test_watch_shows_it_again_and_ends_with_ctrl_c(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.futures["news"] = [bot("news", Phase.STARTING), bot("news", Phase.STARTING), bot("news", Phase.UP)]
    process = await botctl.begin("status", "--watch", "--json")
    assert process.stdout
    seen = []
    async with asyncio.timeout(30):
        while "up" not in seen:
            seen.append(json.loads(await process.stdout.readline())["bots"][0]["state"])
    assert seen[0] == "starting"
    process.send_signal(signal.SIGINT)
    done = await ended(process)
    assert (done.code, done.err) == (130, "")
