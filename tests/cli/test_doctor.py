"""`botctl doctor` as typed, against the real simulator, real files and a supervisor's real control socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from supervisor.leases import FileLeases
from supervisor.model.status import Phase
from supervisor.paths import control_socket
from supervisor.simulator.server import Simulator
from supervisor.web.server import serve_control
from tests.cli.conftest import DEADLINE, Botctl, Result
from tests.fakes.supervisor import FakeSupervisor, bot

ID = 123456789
TOKEN = f"{ID}:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
SCALE = 0.01


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    simulator = Simulator(tokens=[TOKEN], scale=SCALE)
    await simulator.start()
    yield simulator
    await simulator.stop()


def write_fleet(folder: Path, url: str) -> None:
    folder.chmod(0o700)
    (folder / ".env").write_text(f"NEWS_TOKEN={TOKEN}\n")
    (folder / ".env").chmod(0o600)
    (folder / "news").mkdir(exist_ok=True)
    (folder / "news" / "bot.sh").write_text("sleep 1\n")
    (folder / "bots.yaml").write_text(
        f"telegram: {{api_url: '{url}'}}\n"
        "bots:\n  news: {token: '${NEWS_TOKEN}', mode: worker, cwd: news, command: sh bot.sh}\n"
    )
    (folder / "bots.yaml").chmod(0o600)


def open_up(folder: Path) -> None:
    """Let everybody through to an open .env: pytest's own folders are closed."""
    (folder / ".env").chmod(0o644)
    for each in (folder, *folder.parents):
        if str(each).startswith("/tmp/") and each.owner() == folder.owner():
            each.chmod(0o755)


def commit_all(folder: Path) -> None:
    git = ["git", "-c", "user.email=a@example.org", "-c", "user.name=a"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], cwd=folder, check=True)


def findings(done: Result) -> dict[tuple[str, str], str]:
    """(bot, check) to level."""
    assert "Fake" not in done.out + done.err
    return {(each["bot"], each["check"]): each["level"] for each in json.loads(done.out)["findings"]}


async def report(simulator: Simulator) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{simulator.url}/simulator/bots/{ID}") as answer,
    ):
        return dict(await answer.json())


async def write_to(simulator: Simulator, text: str) -> None:
    url = f"{simulator.url}/simulator/bots/{ID}/messages"
    async with aiohttp.ClientSession() as session, session.post(url, json={"text": text}) as answer:
        await answer.read()


@contextlib.asynccontextmanager
async def poller(simulator: Simulator) -> AsyncIterator[None]:
    async def poll() -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{simulator.url}/bot{TOKEN}/getUpdates?timeout=50") as answer:
                    await answer.read()

    task = asyncio.create_task(poll(), name="poller")
    async with asyncio.timeout(DEADLINE):
        await simulator.until(ID, lambda seen: seen["pollers"] == 1)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class RunningBot(FakeSupervisor):
    """A supervisor whose one bot really polls, under its lease, until it is told to stop."""

    def __init__(self, simulator: Simulator, leases: FileLeases) -> None:
        super().__init__(bot("news"))
        self._simulator, self._leases = simulator, leases
        self._run = contextlib.AsyncExitStack()
        self.stopped, self.started = asyncio.Event(), asyncio.Event()

    async def begin(self) -> None:
        lease = self._leases.take(ID, "news")  # type: ignore[arg-type,unused-ignore]
        self._run.callback(lease.drop)
        await self._run.enter_async_context(poller(self._simulator))
        self.bots["news"] = bot("news", pid=None)

    async def end(self) -> None:
        await self._run.aclose()
        self._run = contextlib.AsyncExitStack()
        self.bots["news"] = bot("news", Phase.OFF)

    async def stop(self, name: str) -> Any:
        self.asked.append(f"stop {name}")
        await self.end()
        self.stopped.set()
        return self.bots[name]

    async def start(self, name: str) -> Any:
        self.asked.append(f"start {name}")
        await self.begin()
        self.started.set()
        return self.bots[name]


@pytest.fixture
async def running(simulator: Simulator, state_dir: Path, tmp_path: Path) -> AsyncIterator[RunningBot]:
    write_fleet(tmp_path, simulator.url)
    supervisor = RunningBot(simulator, FileLeases(tmp_path / "leases", "botctl up"))
    supervisor.about = type(supervisor.about)(
        "0.1.0", 4242, supervisor.about.since, str(tmp_path / "bots.yaml"), simulator.url, False, ()
    )
    await supervisor.begin()
    async with serve_control(supervisor, control_socket(state_dir)):
        yield supervisor
    await supervisor.end()


async def test_a_healthy_fleet_has_no_problem(botctl: Botctl, simulator: Simulator, tmp_path: Path) -> None:
    write_fleet(tmp_path, simulator.url)
    botctl.state_dir.chmod(0o700)
    await write_to(simulator, "precious")
    before = await report(simulator)
    done = await botctl("doctor", "--json")
    after = await report(simulator)
    seen = findings(done)
    assert done.code == 0, done.out
    assert "problem" not in seen.values()
    assert {check for bot_, check in seen if bot_ == "news"} >= {
        "token", "mode", "backlog", "rivals", "lease", "loops",
    }  # fmt: skip
    assert {check for bot_, check in seen if bot_ == ""} >= {
        "supervisor", "bots.yaml", "rights", "way", "clock", "stored logs", "shell history", "pm2 dump",
        "command line", "git history",
    }  # fmt: skip
    for key in ("received", "pending", "confirmed", "lost", "dropped", "webhook", "polls", "conflicts"):
        assert after[key] == before[key], key


async def test_the_report_for_people(botctl: Botctl, simulator: Simulator, tmp_path: Path) -> None:
    write_fleet(tmp_path, simulator.url)
    open_up(tmp_path)
    done = await botctl("doctor", "news")
    assert done.code == 1
    assert done.lines[0] == "this machine"
    assert "news" in done.lines
    at = next(number for number, line in enumerate(done.lines) if "PROBLEM" in line)
    assert done.lines[at + 1].strip() == f"-> chmod 600 {tmp_path}/.env"
    assert done.lines[-1].startswith("1 problem, ")
    assert "Fake" not in done.out + done.err


@pytest.mark.parametrize("way", ["closed", "silent", "nameless"])
async def test_an_unreachable_telegram_is_told_once_and_soon(botctl: Botctl, tmp_path: Path, way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        if way == "closed":
            listener.close()
        write_fleet(tmp_path, {"nameless": "https://api.telegram.invalid"}.get(way, f"http://{address}"))
        done = await botctl("doctor", "--json", "--probe")
    seen = findings(done)
    assert done.code == 1
    assert seen["", "way"] == "problem"
    assert (seen["news", "token"], seen["news", "probe"]) == ("unknown", "unknown")
    assert ("news", "backlog") not in seen


async def test_tokens_are_found_where_they_should_not_be(
    botctl: Botctl, simulator: Simulator, tmp_path: Path
) -> None:
    write_fleet(tmp_path, simulator.url)
    (tmp_path / ".bash_history").write_text(f"export NEWS_TOKEN={TOKEN}\n")
    (tmp_path / "state" / "logs").mkdir()
    (tmp_path / "state" / "logs" / "news.log").write_text(f"2026-11-20T13:00:00.123Z out bot{TOKEN}\n")
    (tmp_path / "news" / "config.py").write_text(f"TOKEN = '{TOKEN}'\n")
    commit_all(tmp_path / "news")
    done = await botctl("doctor", "--json")
    seen = findings(done)
    assert done.code == 1
    assert seen["news", "stored logs"] == "problem"
    assert seen["news", "shell history"] == "warning"
    assert seen["news", "git history"] == "warning"


class TestProbe:
    async def test_a_rival_elsewhere_is_certain(self, botctl: Botctl, simulator: Simulator, tmp_path: Path) -> None:
        write_fleet(tmp_path, simulator.url)
        async with poller(simulator):
            done = await botctl("doctor", "news", "--probe")
        assert done.code == 1
        assert "certain: somebody else polls with this token" in done.out

    async def test_without_consent_a_bot_that_runs_is_left_alone(
        self, botctl: Botctl, simulator: Simulator, running: RunningBot
    ) -> None:
        before = await report(simulator)
        done = await botctl("doctor", "--json", "--probe")
        after = await report(simulator)
        seen = findings(done)
        assert seen["news", "probe"] == "unknown"
        assert running.asked == []
        assert (after["conflicts"], after["overlaps"], after["confirmed"]) == (before["conflicts"], 0, 0)

    async def test_with_consent_it_is_paused_probed_and_started_again(
        self, botctl: Botctl, simulator: Simulator, running: RunningBot
    ) -> None:
        done = await botctl("doctor", "--json", "--probe", "--yes")
        assert findings(done)["news", "probe"] == "ok"
        assert running.asked == ["stop news", "start news"]
        after = await report(simulator)
        assert (sum(after["conflicts"].values()), after["overlaps"], after["lost"]) == (0, 0, 0)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    async def test_a_signal_in_the_middle_starts_it_again(
        self, botctl: Botctl, simulator: Simulator, running: RunningBot, number: signal.Signals
    ) -> None:
        process = await botctl.begin("doctor", "news", "--probe", "--thorough", "--yes")
        try:
            async with asyncio.timeout(DEADLINE):
                await running.stopped.wait()
                await simulator.until(ID, lambda seen: seen["pollers"] == 1 and "start news" not in running.asked)
                process.send_signal(number)
                await running.started.wait()
                await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 130
        assert running.asked == ["stop news", "start news"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--thorough"], "botctl doctor BOT --probe --thorough"),
        (["--yes"], "--probe --yes"),
        (["newz"], "did you mean news?"),
        (["-f", "gone.yaml"], "gone.yaml"),
    ],
)
async def test_bad_usage_says_how(botctl: Botctl, tmp_path: Path, args: list[str], words: str) -> None:
    write_fleet(tmp_path, "http://127.0.0.1:9")
    done = await botctl("doctor", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


async def test_a_supervisor_that_runs_names_the_file(botctl: Botctl, running: RunningBot, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    botctl.cwd = elsewhere
    seen = findings(await botctl("doctor", "--json", "news"))
    assert seen["", "supervisor"] == "ok"
    assert seen["news", "state"] == "ok"
