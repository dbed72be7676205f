"""What a newcomer does on the first evening, on the real engine: README's section, word for word."""

from __future__ import annotations

import os
import re

import pytest
import yaml

from tests.containers.newcomer import ROOT, Newcomer
from tests.containers.referee import Telegram

pytestmark = [pytest.mark.docker, pytest.mark.timeout(400)]

ECHO, NOTES = 123456789, 123456791
ECHO_TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
ALL = ("echo", "shop", "notes", "new")
NEW = """
  new:
    token: 123456799:AAFakeFakeFakeFakeFakeFakeFakeFakeF
    mode: worker
    cwd: examples/echo
    setup: pip install --quiet -r requirements.txt
    command: python bot.py
"""


async def test_the_first_evening(somebody: Newcomer) -> None:
    await somebody.compose("up", "-d", "--build", "--wait")  # --wait: until it is healthy
    logs = await somebody.logs()
    await somebody.until_up("echo", "shop", "notes")
    notes = await _telegram(somebody, NOTES)
    assert await notes.answers("milk") == "Noted. That makes 1."
    database = somebody.folder / "examples/notes/notes.db"
    assert database.stat().st_uid == (os.geteuid() or 1000), "a bot's file beside its code is not mapped as told"

    text = (somebody.folder / "bots.yaml").read_text()
    quick = text.replace("{wait: 5s, probe: 10s, attempts: 3, window: 30s}", "{wait: 2s, probe: 3s, window: 4s}")
    assert quick != text
    somebody.saves("bots.yaml", quick + NEW)
    await somebody.until_up("new")
    assert "added" in await logs.says("bots.yaml: new added")
    await _a_rival_comes_and_goes(somebody)
    await logs.says("echo ", "healing: recovered")
    await somebody.until_up(*ALL)

    await somebody.compose("kill", "-s", "KILL")
    await somebody.compose("up", "-d", "--wait")
    await somebody.until_up(*ALL)
    notes = await _telegram(somebody, NOTES)
    assert await notes.answers("bread") == "Noted. That makes 2.", "notes were lost"
    report = await notes.report()
    assert (report["overlaps"], report["overlap_s"]) == (0, 0.0)

    await _leaves(somebody)


async def _a_rival_comes_and_goes(somebody: Newcomer) -> None:
    """In the container, with echo's token, until it has been told of the conflict it makes."""
    url = (await somebody.until(lambda status: True))["supervisor"]["api_url"]
    variables = ("-e", f"TELEGRAM_BOT_TOKEN={ECHO_TOKEN}", "-e", f"TELEGRAM_API_URL={url}")
    rival = ("python", "-u", "examples/rival.py", "--seconds", "3")
    screen = await somebody.screen("exec", "-T", *variables, "supervisor", *rival)
    echo = await _telegram(somebody, ECHO)
    await echo.until(lambda report: report["conflicts"]["get_updates"] > 0)
    await screen.ended()


async def _leaves(somebody: Newcomer) -> None:
    """`down` is clean: every bot was asked and went by itself, and all that is worth keeping is in the volume."""
    logs, code = await somebody.logs(), await somebody.exit_code()
    await logs.says("supervisor pid 1 runs")
    await somebody.compose("down")
    assert await code.ended() == 0
    assert code.lines == ["0"]
    await logs.ended()
    end = "\n".join(logs.lines).rpartition("SIGTERM: stopping all bots")[2]
    assert set(re.findall(r"^(\S+) +\* run \d+ exited with code 0$", end, re.MULTILINE)) == set(ALL), end
    assert "all bots have stopped" in end
    assert "\x1b" not in "\n".join(logs.lines)
    kept = await somebody.compose("run", "--rm", "-T", "supervisor", "logs", "notes", "-n", "1000")
    assert "run 1 started" in kept, "what was logged before the kill is gone"


async def _telegram(somebody: Newcomer, bot_id: int) -> Telegram:
    status = await somebody.until(lambda status: bool(status["supervisor"]["api_url"]))
    return Telegram(somebody, status["supervisor"]["api_url"], bot_id)


def test_a_stop_may_take_as_long_as_the_slowest_bot_shipped() -> None:
    """`stop_grace_period` is Docker's patience, `stop: {grace: ...}` ours: Docker's must be the longer one."""
    period = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["supervisor"]["stop_grace_period"]
    graces = re.findall(r"grace: (\d+)s", (ROOT / "bots.yaml").read_text())
    assert period == "5m"
    assert graces
    assert max(map(int, graces)) * 3 < 300
