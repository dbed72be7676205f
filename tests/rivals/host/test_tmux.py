"""The real tmux: what runs in a session of it is found under the session's name and ended without the session."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import AsyncIterator

import pytest

from supervisor.model.rivals import OwnerKind
from tests.rivals.host.stage import POLLER, TOKEN, Door, Eyes, environ, needs, output


@pytest.fixture
async def tmux() -> AsyncIterator[tuple[str, ...]]:
    """The command of a server of its own, with its session `my bots`, where a shell waits."""
    program = needs("tmux", "apt-get install tmux")
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:
        command = (program, "-S", f"{folder}/socket", "-f", "/dev/null")
        await output(*command, "new-session", "-d", "-s", "my bots", "sh", env=environ(SHELL="/bin/sh"))
        try:
            yield command
        finally:
            await output(*command, "kill-server", env=environ())


async def test_a_program_in_a_session(tmux: tuple[str, ...], eyes: Eyes, door: Door) -> None:
    typed = f"BOT_TOKEN={TOKEN} {shlex.join([sys.executable, str(POLLER), door.address])}"
    await output(*tmux, "send-keys", "-t", "my bots", typed, "Enter", env=environ())
    await door.came()
    rival = await eyes.only_rival()
    assert (rival.owner.kind, rival.owner.name) == (OwnerKind.TMUX, "session my bots")
    assert rival.owner.stop == (f"kill {rival.pid}",)
    (said,) = await eyes.host.stop([rival])
    assert said == f"pid {rival.pid} (tmux session my bots): stopped"
    assert (await eyes.see()).rivals == ()
    code, sessions = await output(*tmux, "list-sessions", "-F", "#{session_name}", env=environ())
    assert (code, sessions.strip()) == (0, "my bots")
