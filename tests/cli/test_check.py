"""check and plan without a supervisor, on real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Botctl

GOOD = """\
bots:
  news:
    token: ${NEWS_TOKEN}
    mode: worker
    command: sh bot.sh
  later:
    token: 987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF
    mode: worker
    command: sh bot.sh
    enabled: false
"""


@pytest.fixture
def bots_yaml(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("NEWS_TOKEN=123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF\n")
    file = tmp_path / "bots.yaml"
    file.write_text(GOOD)
    return file


@pytest.fixture
def bad_yaml(bots_yaml: Path) -> None:
    bots_yaml.write_text(GOOD.replace("worker", "wroker"))


@pytest.mark.usefixtures("bots_yaml")
async def test_a_good_file_is_said_to_be_good(botctl: Botctl) -> None:
    done = await botctl("check")
    assert (done.code, done.out) == (0, "bots.yaml: 2 bots (1 not enabled), no problems\n")
    assert "warning: bots.yaml:7:" in done.err
    assert "Fake" not in done.err


@pytest.mark.usefixtures("bad_yaml")
async def test_every_problem_is_told_at_once(botctl: Botctl) -> None:
    done = await botctl("check", "-f", "bots.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("wroker") == 2
    assert "2 problems" in done.err


async def test_a_missing_file_is_told(botctl: Botctl) -> None:
    done = await botctl("check", "-f", "none.yaml")
    assert done.code == 2
    assert "none.yaml" in done.err


@pytest.mark.usefixtures("bots_yaml")
async def test_without_a_supervisor_everything_would_start(botctl: Botctl) -> None:
    done = await botctl("plan")
    assert done.code == 0
    assert done.lines[:2] == ["+ news   starts", "+ later  stays off"]
    assert "no supervisor runs" in done.lines[2]
