"""The real supervisord from PyPI, in a virtual environment of its own."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from supervisor.model.rivals import OwnerKind
from tests.rivals.host.stage import POLLER, SOON, TOKEN, Door, Eyes, cannot_run, environ, output

BIN = Path(__file__).parents[1] / ".venv" / "bin"

CONFIG = """\
[unix_http_server]
file={folder}/s.sock
[supervisord]
nodaemon=true
logfile={folder}/log
pidfile={folder}/pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/s.sock
[program:news]
command={python} {poller} {address}
environment=BOT_TOKEN="{token}"
[group:bots]
programs=news
"""


@pytest.fixture
async def config(door: Door) -> AsyncIterator[Path]:
    """A running supervisord's configuration; the folder has a short path, for its socket."""
    if not (BIN / "supervisord").exists():
        cannot_run(f"supervisord is not installed in {BIN.parent} (scripts/test does that)")
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        file = Path(folder) / "supervisord.conf"
        text = CONFIG.format(folder=folder, python=sys.executable, poller=POLLER, address=door.address, token=TOKEN)
        file.write_text(text)
        keeper = await asyncio.create_subprocess_exec(
            str(BIN / "supervisord"), "-c", str(file), env=environ(), stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await door.came()
            yield file
        finally:
            keeper.terminate()
            async with asyncio.timeout(SOON):
                await keeper.wait()


async def test_a_program_is_found_under_its_group_and_name_and_stays_stopped(
    config: Path, eyes: Eyes, door: Door
) -> None:
    rival = await eyes.only_rival()
    assert (rival.owner.kind, rival.owner.name) == (OwnerKind.SUPERVISORD, "bots:news")
    assert rival.owner.stop == (f"{BIN / 'supervisorctl'} -c {config} stop bots:news",)
    (said,) = await eyes.host.stop([rival])
    assert said.startswith(f"pid {rival.pid} (supervisord bots:news): stopped; it stays stopped until")
    assert (await eyes.see()).rivals == ()
    _, status = await output(str(BIN / "supervisorctl"), "-c", str(config), "status", env=environ())
    assert status.split()[:2] == ["bots:news", "STOPPED"]
