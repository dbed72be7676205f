"""Starting and stopping, and what keeps it from starting."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from supervisor.simulator.errors import BadTokensFile, NotLoopback, PortTaken, SimulatorError
from supervisor.simulator.server import Simulator, read_tokens, simulate
from tests.simulator.live import DEADLINE
from tests.simulator.stage import TOKEN


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_only_the_loopback(host: str) -> None:
    with pytest.raises(NotLoopback, match="use --host"):
        Simulator(host)


def test_scale_must_make_sense() -> None:
    with pytest.raises(SimulatorError, match="scale"):
        Simulator(scale=0)


async def test_a_taken_port_is_named() -> None:
    first = Simulator()
    port = int((await first.start()).rpartition(":")[2])
    with pytest.raises(PortTaken, match=f"port {port} is taken: choose another with --port"):
        await Simulator(port=port).start()
    await first.stop()
    again = Simulator(port=port)
    assert await again.start() == again.url == f"http://127.0.0.1:{port}"
    await again.stop()
    await again.stop()


@pytest.mark.parametrize(("host", "shown"), [("localhost", "127.0.0.1"), ("127.0.0.2", "127.0.0.2")])
async def test_every_loopback_address_will_do(host: str, shown: str) -> None:
    simulator = Simulator(host)
    assert (await simulator.start()).startswith(f"http://{shown}:")
    async with aiohttp.ClientSession() as client, client.get(f"{simulator.url}/simulator") as response:
        assert response.status == 200
    await simulator.stop()


async def test_stop_ends_waiting_polls() -> None:
    simulator = Simulator()
    url = await simulator.start()
    async with aiohttp.ClientSession() as client:
        poll = asyncio.create_task(client.get(f"{url}/bot{TOKEN}/getUpdates?timeout=50"))
        async with asyncio.timeout(DEADLINE):
            pollers = 0
            while not pollers:
                async with client.get(f"{url}/simulator/bots") as response:
                    pollers = sum(bot["pollers"] for bot in (await response.json())["bots"])
            await simulator.stop()
            with pytest.raises(aiohttp.ClientConnectionError):
                await poll


async def test_simulate_runs_until_cancelled(tmp_path: Path) -> None:
    listed = tmp_path / "tokens"
    listed.write_text(f"# mine\n\n{TOKEN}\n")
    announced: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(simulate("127.0.0.1", 0, listed, True, 1.0, announced.put_nowait))
    url = await asyncio.wait_for(announced.get(), DEADLINE)
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{url}/bot{TOKEN}/getMe") as response:
            assert response.status == 200
        async with client.get(f"{url}/bot{TOKEN.replace('AA', 'BB')}/getMe") as response:
            assert response.status == 401
        async with client.get(f"{url}/bot{TOKEN}/setWebhook?url=http://localhost/") as response:
            assert "HTTPS" in (await response.json())["description"]
        async with client.get(f"{url}/simulator/bots/5") as response:
            assert response.status == 404
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


def test_bad_lists_of_tokens(tmp_path: Path) -> None:
    listed = tmp_path / "tokens"
    with pytest.raises(BadTokensFile, match="cannot read"):
        read_tokens(listed)
    listed.write_text("12345:secretFake\n")
    with pytest.raises(BadTokensFile, match="tokens:1: this is no bot token") as caught:
        read_tokens(listed)
    assert "secretFake" not in str(caught.value)
    listed.write_bytes(b"\xff\xfe")
    with pytest.raises(BadTokensFile, match="cannot read"):
        read_tokens(listed)
