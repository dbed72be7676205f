"""`botctl rivals`, as people type it: with and without a supervisor, against real processes."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from supervisor.rivals.ending import lives
from supervisor.rivals.processes import read_process
from tests.cli.conftest import DEADLINE, Botctl, ended
from tests.rivals.host.stage import BOT, OTHER, POLLER, TOKEN, Door, environ, orphan

BOTS = f"""\
telegram:
  api_url: URL
bots:
  news:
    token: ${{NEWS_TOKEN}}
    mode: worker
    command: "{sys.executable} {POLLER} -"
    preflight: false
  shop:
    token: ${{SHOP_TOKEN}}
    mode: worker
    command: "{sys.executable} {POLLER} -"
    preflight: false
"""


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door().opened() as opened:
        yield opened


@pytest.fixture
def fleet(tmp_path: Path, botctl: Botctl, door: Door) -> Botctl:
    (tmp_path / "bots.yaml").write_text(BOTS.replace("URL", door.url))
    botctl.environ |= {"NEWS_TOKEN": TOKEN, "SHOP_TOKEN": OTHER}
    return botctl


def still_runs(pid: int) -> bool:
    process = read_process(pid)
    return process is not None and lives(*process.identity)


async def test_no_rivals(fleet: Botctl) -> None:
    done = await fleet("rivals")
    assert (done.code, done.lines[0]) == (0, "no rivals seen on this host (2 bots looked for)")


async def test_a_rival_is_told_so_that_a_person_can_act(fleet: Botctl, door: Door) -> None:
    async with orphan(sys.executable, str(POLLER), door.address, TOKEN, env=environ(TZ="UTC")) as pid:
        done = await fleet("rivals")
        other = await fleet("rivals", "shop")
    assert done.code == 1
    assert done.lines[0] == f"news ({BOT}): 1 rival on this host"
    assert done.lines[1].startswith(f"  pid {pid}: ")
    assert done.lines[2] == f"    program: {sys.executable} {POLLER} {door.address} {BOT}:[redacted]"
    assert done.lines[3] == "    seen:    has the token in its command line and an open connection to the API host"
    assert done.lines[4:6] == ["    kept by: nobody, as far as can be seen", f"    to stop: kill {pid}"]
    assert "AAFake" not in done.out + done.err
    assert (other.code, other.lines[0]) == (0, "no rivals seen on this host (1 bot looked for)")


async def test_json_is_a_contract(fleet: Botctl, door: Door) -> None:
    async with orphan(sys.executable, str(POLLER), door.address, env=environ(T=TOKEN)) as pid:
        done = await fleet("rivals", "--json")
    told = json.loads(done.out)
    assert set(told) == {"rivals", "unread", "also", "stopped"}
    (rival,) = told["rivals"]
    expected = {"bot": "news", "bot_id": BOT, "pid": pid, "container": None, "place": "environment", "sure": True}
    assert rival.items() >= expected.items()
    assert rival["owner"] == {"kind": "unknown", "name": "", "stop": [f"kill {pid}"]}
    assert set(rival) == {*expected, "user", "command", "since", "connected", "owner"}


async def test_stopping_is_refused_where_nobody_can_answer(fleet: Botctl, door: Door) -> None:
    async with orphan(sys.executable, str(POLLER), door.address, env=environ(T=TOKEN)) as pid:
        done = await fleet("rivals", "--stop")
        assert still_runs(pid)
    assert done.code == 2
    assert "add --yes" in done.err


async def test_stopping_ends_it_and_verifies(fleet: Botctl, door: Door) -> None:
    async with orphan(sys.executable, str(POLLER), door.address, env=environ(T=TOKEN)) as pid:
        done = await fleet("rivals", "news", "--stop", "--yes")
        assert not still_runs(pid)
    assert (done.code, done.lines[-1]) == (0, "verified: none left on this host")
    assert done.lines[-3].endswith(": stopped")


@pytest.mark.parametrize(("answer", "left"), [("y", False), ("n", True)])
async def test_on_a_terminal_it_asks(fleet: Botctl, door: Door, answer: str, left: bool) -> None:
    ours, theirs = pty.openpty()
    async with orphan(sys.executable, str(POLLER), door.address, env=environ(T=TOKEN)) as pid:
        command = (sys.executable, "-m", "supervisor", "rivals", "--stop")
        process = await asyncio.create_subprocess_exec(
            *command, cwd=fleet.cwd, env=fleet.environ, stdin=theirs, stdout=asyncio.subprocess.PIPE
        )
        os.write(ours, f"{answer}\n".encode())
        async with asyncio.timeout(DEADLINE):
            out, _ = await process.communicate()
        assert still_runs(pid) is left
    os.close(ours)
    os.close(theirs)
    assert f"Stop pid {pid}? [y/N]" in out.decode()
    assert process.returncode == (1 if left else 0)


async def test_yes_without_stop_is_a_mistake(fleet: Botctl) -> None:
    done = await fleet("rivals", "--yes")
    assert (done.code, done.out) == (2, "")


async def test_a_name_that_does_not_exist(fleet: Botctl) -> None:
    done = await fleet("rivals", "newz")
    assert done.code == 2
    assert "did you mean news?" in done.err


async def test_a_running_fleet_is_not_its_own_rival(fleet: Botctl) -> None:
    """The daemon has both tokens in its environment, its bots have theirs."""
    daemon = await fleet.begin("up")
    assert daemon.stdout
    said = 0
    try:
        async with asyncio.timeout(DEADLINE):
            while said < 2:
                said += b"polling" in await daemon.stdout.readline()
        done = await fleet("rivals")
    finally:
        daemon.send_signal(signal.SIGTERM)
        await ended(daemon)
    assert (done.code, done.lines[0]) == (0, "no rivals seen on this host (2 bots looked for)")
    assert "note:" not in done.out
