"""How many polling bots one core carries: long-polling clients against a simulator in a process of its own.

Prints the server's CPU seconds per second and the time from a user's message to its arrival at the bot.
Run: python benchmarks/simulator_load.py [--bots 300] [--seconds 10] [--rate 100]
"""

import argparse
import asyncio
import resource
import statistics
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection

import aiohttp

from supervisor.simulator.server import Simulator

SECRET = "AAFakeFakeFakeFakeFakeFakeFakeFakeF"


def serve(pipe: Connection) -> None:
    """The server process: tells its address, then its CPU seconds whenever it is asked, until `stop`."""

    async def run() -> None:
        simulator = Simulator()
        pipe.send(await simulator.start())
        while await asyncio.to_thread(pipe.recv) != "stop":
            used = resource.getrusage(resource.RUSAGE_SELF)
            pipe.send(used.ru_utime + used.ru_stime)
        await simulator.stop()

    asyncio.run(run())


class Load:
    """The bots and the users."""

    def __init__(self, url: str, client: aiohttp.ClientSession, bots: int) -> None:
        self._url = url
        self._client = client
        self._bots = bots
        self._written: dict[tuple[int, str], float] = {}
        self.polls = 0
        self.latencies: list[float] = []

    async def poll(self, bot: int) -> None:
        """One bot: long polls, one after the other."""
        offset = 0
        while True:
            args = {"timeout": 30, "offset": offset}
            async with self._client.post(f"{self._url}/bot{bot}:{SECRET}/getUpdates", json=args) as response:
                updates = (await response.json())["result"]
            self.polls += 1
            for update in updates:
                offset = update["update_id"] + 1
                began = self._written.pop((bot, update["message"]["text"]), None)
                if began is not None:
                    self.latencies.append(time.perf_counter() - began)

    async def write(self, seconds: float, rate: float) -> None:
        """Users: `rate` messages a second, to one bot after the other."""
        began, number = time.perf_counter(), 0
        while (now := time.perf_counter()) < began + seconds:
            while number < (now - began) * rate:
                bot, text = number % self._bots + 1, f"message {number}"
                self._written[bot, text] = time.perf_counter()
                url = f"{self._url}/simulator/bots/{bot}/messages"
                async with self._client.post(url, json={"text": text}):
                    number += 1
            await asyncio.sleep(0.002)


async def measure(pipe: Connection, bots: int, seconds: float, rate: float) -> None:
    """Run the load and print what came out."""
    url = pipe.recv()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        load = Load(url, client, bots)
        polls = [asyncio.create_task(load.poll(bot)) for bot in range(1, bots + 1)]
        await load.write(1, rate)  # connections are made and the code is warm
        load.latencies.clear()
        load.polls = 0
        pipe.send("cpu")
        cpu, began = pipe.recv(), time.perf_counter()
        await load.write(seconds, rate)
        wall = time.perf_counter() - began
        pipe.send("cpu")
        cpu = pipe.recv() - cpu
        for task in polls:
            task.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
    hundredths = statistics.quantiles(load.latencies, n=100)
    print(f"{bots} bots, {len(load.latencies) / wall:.0f} messages/s, {load.polls / wall:.0f} polls/s, {wall:.1f} s")
    print(f"server CPU: {cpu / wall:.3f} s per second")
    print(f"message to poll: p50 {hundredths[49] * 1000:.1f} ms, p99 {hundredths[98] * 1000:.1f} ms")


def main() -> int:
    """Read the command line, start the server, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bots", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=100, help="messages per second, all bots together")
    options = parser.parse_args()
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        asyncio.run(measure(ours, options.bots, min(options.seconds, 120), options.rate))
    finally:
        ours.send("stop")
        server.join(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
