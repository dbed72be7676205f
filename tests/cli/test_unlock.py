"""`botctl unlock` and scripts/unlock.sh, against the real simulator: the same job, in the same words."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from supervisor.errors import LeaseHeld
from supervisor.leases import FileLeases
from supervisor.simulator.server import Simulator
from tests.cli.conftest import DEADLINE, ROOT, Botctl, Result, ended

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
OTHER = "987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
FREE = "The token is free for polling, unless somebody else polls: --probe looks for that."
SCALE = 0.01
"""Real seconds per second of the simulator: a probe of 50 s takes half a second."""

SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)] if shutil.which("curl") else []


class Unlock:
    """One way to unlock: `botctl`, or the script under one of the shells."""

    def __init__(self, way: str, url: str, botctl: Botctl) -> None:
        self.url = url
        self.botctl = botctl
        self.command = (
            [shutil.which(way) or way, str(ROOT / "scripts" / "unlock.sh")]
            if way in SHELLS
            else [sys.executable, "-m", "supervisor", "unlock"]
        )

    async def begin(self, *args: str, environ: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.command,
            "--api-url",
            self.url,
            *args,
            cwd=self.botctl.cwd,
            env=self.botctl.environ | dict(environ or {}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *args: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Result:
        return await ended(await self.begin(*args, environ=environ), stdin)

    async def ask(self, path: str, **data: str) -> object:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/{path}", json=data or None) as answer,
        ):
            return await answer.json()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    simulator = Simulator(tokens=[TOKEN], scale=SCALE)
    yield await simulator.start()
    await simulator.stop()


@pytest.fixture(params=["botctl", *SHELLS])
def unlock(request: pytest.FixtureRequest, url: str, botctl: Botctl) -> Unlock:
    return Unlock(request.param, url, botctl)


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    (tmp_path / "token").write_text(f"{TOKEN}\r\n")
    return "token"


async def test_a_webhook_is_shown_by_its_host_and_deleted(unlock: Unlock, token_file: str) -> None:
    await unlock.ask(f"bot{TOKEN}/setWebhook", url=f"https://me:pass@hooks.example.com:8443/{TOKEN}?a=1")
    done = await unlock("--token-file", token_file)
    assert (done.code, done.err) == (0, "")
    assert done.lines[0].endswith("(123456789)")
    assert done.lines[1:] == [
        "webhook:       set, at hooks.example.com; 0 updates waiting",
        "deleteWebhook: done, no update dropped",
        "verified:      no webhook is set; 0 updates waiting",
        FREE,
    ]
    info = await unlock.ask(f"bot{TOKEN}/getWebhookInfo")
    assert isinstance(info, dict)
    assert info["result"]["url"] == ""


async def test_no_update_is_lost(unlock: Unlock) -> None:
    await unlock.ask("simulator/bots/123456789/messages", text='a "url":"x" and \\ too')
    done = await unlock("--token-file", "-", "--probe", stdin=f"{TOKEN}\n")
    assert done.code == 0
    assert done.lines[3] == "verified:      no webhook is set; 1 update waiting"
    assert done.lines[4].startswith("probe:         proves nothing")
    updates = await unlock.ask(f"bot{TOKEN}/getUpdates")
    assert isinstance(updates, dict)
    assert len(updates["result"]) == 1


async def test_dropping_asks_and_is_refused_where_nobody_can_answer(unlock: Unlock) -> None:
    await unlock.ask("simulator/bots/123456789/messages", text="precious")
    done = await unlock("--token-file", "-", "--drop-pending", stdin=f"{TOKEN}\n")
    assert done.code == 2
    assert "would lose 1 update" in done.err
    assert "--yes" in done.err
    assert "deleteWebhook" not in done.out
    sure = await unlock("--token-file", "-", "--drop-pending", "--yes", stdin=f"{TOKEN}\n")
    assert sure.code == 0
    assert sure.lines[2:4] == [
        "deleteWebhook: done, pending updates dropped",
        "verified:      no webhook is set; 0 updates waiting",
    ]


async def test_the_probe_is_silent_where_nobody_polls(unlock: Unlock, token_file: str) -> None:
    done = await unlock("--token-file", token_file, "--probe")
    assert done.code == 0
    assert done.lines[-1].startswith("probe:         nobody began to poll within 50 s")


async def test_the_probe_meets_a_rival(unlock: Unlock, token_file: str) -> None:
    async def rival() -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{unlock.url}/bot{TOKEN}/getUpdates?timeout=50") as answer:
                    await answer.read()

    polling = asyncio.create_task(rival(), name="rival")
    try:
        done = await unlock("--token-file", token_file, "--probe")
    finally:
        polling.cancel()
    assert done.code == 1
    assert done.lines[-2] == "probe:         SOMEBODY ELSE POLLS with this token: another getUpdates ended ours"
    assert done.lines[-1].startswith("Stop the other one")


async def test_a_token_that_telegram_rejects_is_told(unlock: Unlock) -> None:
    done = await unlock("--token-file", "-", stdin=f"{OTHER}\n")
    assert (done.code, done.out) == (1, "")
    assert "rejected the token" in done.err
    assert "Fake" not in done.err


async def test_an_unreachable_server_is_told(unlock: Unlock, token_file: str) -> None:
    unlock.url = "http://127.0.0.1:9"
    done = await unlock("--token-file", token_file)
    assert (done.code, done.out) == (1, "")
    assert "nothing is known about the bot" in done.err
    assert "Fake" not in done.err


@pytest.mark.parametrize(
    ("args", "stdin"),
    [
        (["--token-file", "-"], "12345:short\n"),
        (["--token-file", "-"], ""),
        (["--token-file", "gone"], ""),
        ([], ""),
        ([TOKEN], ""),
        (["--token-file", "-", "--api-url", "telegram.org"], f"{TOKEN}\n"),
    ],
)
async def test_bad_usage_says_how(unlock: Unlock, args: list[str], stdin: str) -> None:
    done = await unlock(*args, stdin=stdin)
    assert (done.code, done.out) == (2, "")
    assert done.err
    assert "Fake" not in done.err


def command_lines() -> list[bytes]:
    """Every process of this machine as `ps` shows it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes())
        except OSError:
            pass  # it ended meanwhile
    return found


class Canned:
    """A Bot API server that gives `answers` by method, and calls `look` while each call is under way."""

    def __init__(self, look: Callable[[str], object] = len) -> None:
        self.answers: dict[str, object] = {
            "getMe": {"id": 123456789, "is_bot": True, "first_name": 'a "b" \\ ü', "username": "news_bot"},
            "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
            "deleteWebhook": True,
            "getUpdates": [],
        }
        self.look = look

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method = head.split()[1].decode().partition(f"/bot{TOKEN}/")[2].partition("?")[0]
        await asyncio.to_thread(self.look, method)
        body = json.dumps(
            {"ok": True, "result": self.answers[method]}, separators=(",", ":"), ensure_ascii=False
        ).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()


async def test_no_process_list_ever_shows_the_token(botctl: Botctl) -> None:
    """Looked at from inside the server: each process of the way to it is alive then."""
    seen: list[list[bytes]] = []
    async with Canned(lambda _: seen.append(command_lines())).serve() as url:
        for way in ("botctl", *SHELLS):
            done = await Unlock(way, url, botctl)("--token-file", "-", stdin=f"{TOKEN}\n")
            assert (done.code, done.lines[-1]) == (0, FREE)
    assert len(seen) == 4 * (1 + len(SHELLS))
    assert all(any(b"unlock" in line for line in lines) for lines in seen)
    assert not any(b"AAFake" in line for lines in seen for line in lines)


async def test_quotes_and_a_webhook_that_comes_back(unlock: Unlock) -> None:
    server = Canned()
    server.answers["getWebhookInfo"] = {
        "url": "https://bots.example.com/hook",
        "has_custom_certificate": False,
        "pending_update_count": 12,
        "last_error_message": 'Wrong "url":"https://evil.example" \\ response: 502\x1b[2J',
    }
    async with server.serve() as unlock.url:
        done = await unlock("--token-file", "-", stdin=f"{TOKEN}\n")
    assert done.code == 1
    assert done.lines[0] == "bot:           @news_bot (123456789)"
    assert done.lines[1].startswith(
        "webhook:       set, at bots.example.com; 12 updates waiting; its last error: Wrong "
    )
    assert 'Wrong "url":"https://evil.example" \\ response: 502' in done.lines[1]
    assert "\x1b" not in done.out
    assert done.lines[3] == "verified:      no: a webhook is set again, at bots.example.com"
    assert done.lines[4].startswith("Something keeps setting it.")


async def test_the_lease_is_ours_while_we_probe(botctl: Botctl, tmp_path: Path) -> None:
    """So that no supervisor of this machine begins to poll meanwhile."""
    held: dict[str, bool] = {}

    def look(method: str) -> None:
        try:
            FileLeases(tmp_path / "leases", "test").take(123456789, "news").drop()  # type: ignore[arg-type,unused-ignore]
        except LeaseHeld:
            held[method] = True
        else:
            held[method] = False

    async with Canned(look).serve() as url:
        done = await botctl("unlock", "--api-url", url, "--token-file", "-", "--probe", stdin=f"{TOKEN}\n")
    assert done.code == 0
    assert held == {"getMe": False, "getWebhookInfo": False, "deleteWebhook": False, "getUpdates": True}


async def test_the_prompt_does_not_echo(unlock: Unlock) -> None:
    controller, terminal = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *unlock.command,
            "--api-url",
            unlock.url,
            env=unlock.botctl.environ,
            cwd=unlock.botctl.cwd,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(terminal)
        shown = await asyncio.wait_for(asyncio.to_thread(_converse, controller), DEADLINE)
        assert await asyncio.wait_for(process.wait(), DEADLINE) == 0
    finally:
        os.close(controller)
    assert "free for polling" in shown
    assert "Fake" not in shown


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _converse(controller: int) -> str:
    """Type the token when it is asked for; everything that appeared on the terminal until its other end closed."""
    shown, typed = b"", False
    while True:
        try:
            block = os.read(controller, 4096)
        except OSError:  # EIO: closed
            return shown.decode()
        shown += block
        if b"Token (not shown): " in shown and not typed:
            os.write(controller, f"{TOKEN}\n".encode())
            typed = True


@pytest.mark.skipif(not SHELLS, reason="needs curl")
async def test_the_script_takes_the_token_from_the_environment(url: str, botctl: Botctl) -> None:
    done = await Unlock(SHELLS[0], url, botctl)(environ={"TELEGRAM_BOT_TOKEN": TOKEN})
    assert (done.code, done.lines[-1]) == (0, FREE)


class TestFleet:
    """What only botctl can: a bot of bots.yaml, and the leases of this host."""

    @pytest.fixture
    def bots_yaml(self, url: str, tmp_path: Path) -> None:
        file = tmp_path / "bots.yaml"
        file.write_text(
            f"telegram: {{api_url: '{url}'}}\nbots:\n  news: {{token: '{TOKEN}', mode: worker, command: sh bot.sh}}\n"
        )

    @pytest.mark.usefixtures("bots_yaml")
    async def test_a_bot_is_looked_up_with_its_address(self, botctl: Botctl) -> None:
        done = await botctl("unlock", "news")
        assert done.code == 0
        assert done.lines[0].endswith("(123456789), news in bots.yaml")

    @pytest.mark.usefixtures("bots_yaml")
    async def test_a_wrong_name_is_told(self, botctl: Botctl) -> None:
        done = await botctl("unlock", "newz")
        assert done.code == 2
        assert "did you mean news?" in done.err

    @pytest.mark.usefixtures("bots_yaml")
    async def test_a_bot_that_runs_here_is_never_probed(self, url: str, botctl: Botctl, tmp_path: Path) -> None:
        lease = FileLeases(tmp_path / "leases", "botctl up").take(123456789, "news")
        done = await botctl("unlock", "news", "--probe")
        lease.drop()
        assert done.code == 1
        assert "not probed" in done.err
        assert "botctl stop" in done.err
        async with aiohttp.ClientSession() as session, session.get(f"{url}/simulator/bots/123456789") as answer:
            assert (await answer.json())["polls"] == 0

    async def test_a_bot_of_the_simulator_needs_the_supervisor(self, botctl: Botctl, tmp_path: Path) -> None:
        _write(
            tmp_path,
            f"telegram: {{api_url: simulator}}\nbots:\n  n: {{token: '{TOKEN}', mode: worker, command: sh}}\n",
        )
        done = await botctl("unlock", "n")
        assert done.code == 1
        assert "simulator" in done.err
        assert "botctl up" in done.err


def _write(folder: Path, text: str) -> None:
    (folder / "bots.yaml").write_text(text)
