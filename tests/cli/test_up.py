"""`botctl up` before it runs anything: what it refuses, and whom it names. Running fleets are tests/e2e's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.leases import StateLock, lock_state
from tests.cli.conftest import Botctl


@pytest.fixture
def bots_yaml(tmp_path: Path) -> Path:
    file = tmp_path / "bots.yaml"
    file.write_text(
        "telegram: {api_url: simulator}\n"
        "bots:\n  news: {token: '123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF', mode: worker, command: sh bot.sh}\n"
    )
    return file


@pytest.mark.usefixtures("bots_yaml")
async def test_a_second_supervisor_is_told_who_runs(botctl: Botctl) -> None:
    lock = lock_state(botctl.state_dir, "botctl up -f other.yaml")
    assert isinstance(lock, StateLock)
    try:
        done = await botctl("up")
    finally:
        lock.release()
    assert (done.code, done.out) == (3, "")
    assert f"pid {os.getpid()}, since 2" in done.err
    assert "botctl up -f other.yaml" in done.err
    assert "--state-dir" in done.err


async def test_a_bad_file_starts_nothing(botctl: Botctl, bots_yaml: Path) -> None:
    done = await botctl("up", "-f", "gone.yaml")
    assert (done.code, done.out) == (2, "")
    assert "gone.yaml" in done.err
    assert not (botctl.state_dir / "journal.sqlite").exists()


async def test_a_format_that_does_not_exist_is_bad_usage(botctl: Botctl) -> None:
    assert (await botctl("up", "--log-format", "xml")).code == 2
