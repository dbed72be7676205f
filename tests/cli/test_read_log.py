"""`botctl read-log`: our eyes on anybody's log. The line is from python-telegram-bot 22.8, met with a real rival."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Botctl

SECRET = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
LINE = (
    "telegram.error.Conflict: Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)


async def test_signs_of_a_file_are_shown_and_counted(botctl: Botctl, tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    log.write_text(f"starting\n{LINE}\nall is well\n")
    done = await botctl("read-log", "bot.log")
    assert done.code == 0
    assert done.lines[0].startswith("conflict.get_updates")
    assert done.err == "1 conflict.get_updates\n"


async def test_standard_input_and_json(botctl: Botctl) -> None:
    done = await botctl("read-log", "--json", stdin=f"{LINE} bot{SECRET}/getUpdates\n")
    [sign] = json.loads(done.out)
    assert sign["kind"] == "conflict.get_updates"
    assert "terminated by other" in sign["excerpt"]
    assert "Fake" not in done.out


async def test_a_quiet_log_is_said_to_be_quiet(botctl: Botctl) -> None:
    done = await botctl("read-log", "-", stdin="bot started\n")
    assert (done.code, done.out) == (0, "")
    assert "nothing" in done.err


async def test_a_missing_file_is_a_failure_with_its_name(botctl: Botctl) -> None:
    done = await botctl("read-log", "gone.log")
    assert done.code == 1
    assert "gone.log" in done.err
