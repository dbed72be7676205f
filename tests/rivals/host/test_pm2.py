"""The real pm2, with a home of its own: its apps are found under their names and ended so that they stay ended."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from supervisor.model.rivals import OwnerKind, TokenPlace
from tests.libraries.bots import NODE
from tests.rivals.host.stage import POLLER, TOKEN, Door, Eyes, cannot_run, environ, output

pytestmark = pytest.mark.node
PM2 = NODE / "node_modules" / ".bin" / "pm2"

POLLER_JS = """
const [host, port] = process.argv[2].split(":");
require("net").connect(Number(port), host).write("hello\\n");
"""


class Pm2:
    """One pm2 daemon; its home lies at a short path, as it puts sockets there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environ = environ(PM2_HOME=str(home), HOME=str(home))

    async def __call__(self, *args: str, **more: str) -> str:
        code, said = await output(str(PM2), *args, env=self.environ | more, cwd=self.home)
        assert code == 0, said
        return said

    async def apps(self) -> str:
        return await self("jlist")


@pytest.fixture
async def pm2(eyes: Eyes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pm2]:
    if shutil.which("node") is None or not PM2.exists():
        cannot_run("pm2 needs node and its package: run `npm ci` in tests/node (scripts/test does)")
    monkeypatch.setenv("PATH", f"{PM2.parent}:{environ()['PATH']}")
    daemon = Pm2(Path(tempfile.mkdtemp(prefix="pm2-")))
    try:
        yield daemon
    finally:
        await daemon("kill")
        shutil.rmtree(daemon.home)


async def test_an_app_is_found_under_its_name_and_does_not_come_back(pm2: Pm2, eyes: Eyes, door: Door) -> None:
    app = ("start", str(POLLER), "--name", "news bot", "--interpreter", sys.executable, "--", door.address)
    await pm2(*app, BOT_TOKEN=TOKEN)
    await door.came()
    rival = await eyes.only_rival()
    assert (rival.owner.kind, rival.owner.name) == (OwnerKind.PM2, "news bot")
    home = f"env PM2_HOME={pm2.home} pm2"
    assert rival.owner.stop == (f"{home} stop 'news bot'", f"{home} delete 'news bot'")
    assert (rival.place, rival.connected, rival.sure) == (TokenPlace.ENVIRONMENT, True, True)
    assert str(POLLER) in rival.command

    (said,) = await eyes.host.stop([rival])
    assert said == f"pid {rival.pid} (pm2 news bot): stopped; `pm2 save` makes it last over a reboot"
    assert (await eyes.see()).rivals == ()
    assert await pm2.apps() == "[]"


async def test_a_merely_killed_one_would_have_come_back(pm2: Pm2, eyes: Eyes, door: Door) -> None:
    """Why the keeper is told: this is what a SIGTERM alone does."""
    app = ("start", str(POLLER), "--name", "news", "--interpreter", sys.executable, "--", door.address)
    await pm2(*app, BOT_TOKEN=TOKEN)
    await door.came()
    first = await eyes.only_rival()
    await output("kill", str(first.pid), env=environ())
    await door.came()
    second = await eyes.only_rival()
    assert second.pid != first.pid
    assert second.owner == first.owner


async def test_each_instance_of_a_cluster_has_the_name(pm2: Pm2, eyes: Eyes, door: Door) -> None:
    script = pm2.home / "bot.js"
    script.write_text(POLLER_JS)
    await pm2("start", str(script), "--name", "all", "-i", "2", "--", door.address, BOT_TOKEN=TOKEN)
    await door.came()
    await door.came()
    seen = await eyes.see()
    assert {rival.owner.name for rival in seen.rivals} == {"all"}
    assert len(seen.rivals) == 2
    # `pm2 stop all` would stop every app: there the number stands for the name.
    assert {rival.owner.stop[0].rpartition(" ")[2] for rival in seen.rivals} == {"0", "1"}
    said = await eyes.host.stop(seen.rivals)
    assert all("stopped" in text and "NOT" not in text for text in said)
    assert await pm2.apps() == "[]"


async def test_a_neighbour_of_the_same_daemon_is_left_alone(pm2: Pm2, eyes: Eyes, door: Door) -> None:
    """It has the token too, for pm2 hands on what its own shell had; it is only a hint, and not stopped."""
    interpreter = ("--interpreter", sys.executable)
    await pm2("start", str(POLLER), "--name", "bot", *interpreter, "--", door.address, BOT_TOKEN=TOKEN)
    await pm2("start", str(POLLER), "--name", "shop", *interpreter, "--", "-", BOT_TOKEN=TOKEN)
    await door.came()
    seen = await eyes.see()
    assert [(rival.owner.name, rival.sure) for rival in seen.rivals] == [("bot", True), ("shop", False)]
    said = await eyes.host.stop(seen.rivals)
    assert "left alone" in said[1]
    assert '"name":"shop"' in await pm2.apps()
    assert '"name":"bot"' not in await pm2.apps()
