"""Whose files are whose: bots write beside their code in a clone of anybody's, and never as the host's root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.errors import LeaseHeld
from supervisor.leases import FileLeases
from tests.containers.newcomer import Newcomer

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

BOT = 123456701
BOTS = """
telegram: {api_url: simulator}
bots:
  writer:
    token: ${WRITER_TOKEN}
    mode: worker
    preflight: false
    cwd: writer
    setup: touch set-up
    command: python bot.py
"""
WRITER = """
import os, signal, sqlite3
database = sqlite3.connect("kept.db")
database.execute("CREATE TABLE IF NOT EXISTS t (n)")
database.execute("INSERT INTO t VALUES (1)")
database.commit()
os.makedirs("made/by/it", exist_ok=True)
print("written", flush=True)
signal.sigwait([signal.SIGTERM])
"""
DAC_OVERRIDE = 1 << 1


def _furnish(folder: Path, owner: int) -> None:
    """One bot, its token in a file for its owner's eyes only, and all of it the owner's."""
    (folder / "writer").mkdir()
    (folder / "writer" / "bot.py").write_text(WRITER)
    (folder / "bots.yaml").write_text(BOTS)
    (folder / ".env").write_text(f"WRITER_TOKEN={BOT}:AAFakeFakeFakeFakeFakeFakeFakeFakeF\n")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner, follow_symlinks=False)
        path.chmod(0o700 if path.is_dir() else 0o600)
    (folder / "scripts/container-entry").chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a clone to somebody else")
@pytest.mark.parametrize(("owner", "runs_as", "capabilities"), [(0, 1000, DAC_OVERRIDE), (1234, 1234, 0)])
async def test_bots_write_beside_their_code(somebody: Newcomer, owner: int, runs_as: int, capabilities: int) -> None:
    _furnish(somebody.folder, owner)
    await somebody.compose("up", "-d", "--build", "--wait")
    logs = await somebody.logs()
    await logs.says("writer", "written")

    kernel = await somebody.pid_one()
    assert kernel["Uid"].split() == [str(runs_as)] * 4
    assert kernel["Gid"].split() == [str(runs_as)] * 4
    assert kernel["Groups"] == ""
    held = [int(kernel[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")]
    assert held == [capabilities] * 4
    assert kernel["NoNewPrivs"] == "1"
    for name in ("kept.db", "set-up", "made/by/it"):
        assert (somebody.folder / "writer" / name).stat().st_uid == runs_as, name
    assert "writer" in await somebody.botctl("status")  # as root, and as whoever the container runs as
    assert "1 bot, no problems" in await somebody.botctl("check")

    await _the_lease_counts_on_this_host(somebody)
    await _hardened(somebody)


async def _the_lease_counts_on_this_host(somebody: Newcomer) -> None:
    """A supervisor outside, or in another container, is told where the runner is."""
    with pytest.raises(LeaseHeld) as held:
        FileLeases(somebody.leases, "a test").take(BOT, "writer")
    assert held.value.holder.command.endswith(f"in container {(await somebody.container())[:12]}")
    assert somebody.leases.stat().st_mode & 0o7777 == 0o1777


async def _hardened(somebody: Newcomer) -> None:
    seen = await somebody.inspect()
    host = seen["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert {name.removeprefix("CAP_") for name in host["CapAdd"]} == {"SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE"}
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    assert not host["Privileged"]
    assert host["LogConfig"] == {"Type": "local", "Config": {"max-size": "10m", "max-file": "5"}}
    assert not any(seen["NetworkSettings"]["Ports"].values())
    mounts = {mount["Destination"]: mount["Type"] for mount in seen["Mounts"]}
    assert mounts == {"/fleet": "bind", "/var/lib/botctl": "volume", "/run/lock/botctl": "bind"}
    assert not any("Fake" in variable for variable in seen["Config"]["Env"]), "a token stands in docker inspect"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a clone to somebody else")
async def test_a_folder_that_changes_hands_keeps_its_state(somebody: Newcomer) -> None:
    _furnish(somebody.folder, 0)
    await somebody.compose("up", "-d", "--build", "--wait")
    await (await somebody.logs()).says("writer", "written")
    await somebody.compose("down")
    for path in (somebody.folder, *somebody.folder.rglob("*")):
        os.chown(path, 1234, 1234, follow_symlinks=False)
    await somebody.compose("up", "-d", "--wait")
    logs = await somebody.logs()
    await logs.says("writer", "run 2 started")
    await logs.says("writer", "written")
