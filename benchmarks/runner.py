"""How fast runs start and stop, and how fast their output is taken in: `python -m benchmarks.runner [N] [GB]`.

Starts N runs of `sleep` (a small C program), stops them all at once, then reads 65 kB blocks from one run into
a sink that forgets them. Nothing else of the supervisor takes part, so these are the floor of its figures.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supervisor.model.bots import Mode, RunSpec, StopPolicy, Token
from supervisor.model.runs import RunId
from supervisor.runners.linux import become_subreaper
from supervisor.runners.process import ProcessRunner
from supervisor.runners.protocol import StartOrder
from supervisor.runners.reaper import Reaper

TOKEN = Token("123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF")
ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
ROUNDS = 3


class Forgetful:
    """Counts what it is given."""

    def __init__(self) -> None:
        self.bytes = 0
        self.chunks = 0

    def write(self, stream: str, chunk: bytes) -> None:  # noqa: ARG002
        self.bytes += len(chunk)
        self.chunks += 1

    def end(self, stream: str) -> None:
        pass


@contextmanager
def measured(what: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(f"{what}: {time.perf_counter() - wall:.3f} s wall, {time.process_time() - cpu:.3f} s CPU of ours")


def order(bot: str, number: int, *command: str) -> StartOrder:
    return StartOrder(RunId(bot, number), RunSpec(Mode.WORKER, TOKEN, command, Path("/")), ENVIRON)


async def start_and_stop(runner: ProcessRunner, count: int, number: int) -> None:
    sink = Forgetful()
    with measured(f"start of {count}"):
        handles = [await runner.start(order(f"bot{n}", number, "sleep", "1000"), sink) for n in range(count)]
    with measured("one scan of the process table"):
        await runner.table.scan()
    with measured(f"stop of {count}"):
        await asyncio.gather(*(runner.stop(handle, StopPolicy()) for handle in handles))


async def take_in(runner: ProcessRunner, gigabytes: float) -> None:
    size = int(gigabytes * 1e9)
    sink = Forgetful()
    command = ("dd", "if=/dev/zero", "bs=65536", f"count={size // 65536}", "status=none")
    wall, cpu = time.perf_counter(), time.process_time()
    await runner.wait(await runner.start(order("chatty", 1, *command), sink))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"output: {sink.bytes / 1e6 / wall:.0f} MB/s, {cpu / sink.bytes * 1e9:.2f} CPU seconds of ours a GB, "
        f"{sink.bytes / sink.chunks / 1000:.0f} kB a read"
    )


async def main(count: int, gigabytes: float) -> None:
    become_subreaper()
    reaper = Reaper()
    reaper.install()
    runner = ProcessRunner("benchmark", str(time.time_ns()), reaper)
    for number in range(1, ROUNDS + 1):
        await start_and_stop(runner, count, number)
    await take_in(runner, gigabytes)
    await runner.close()
    reaper.close()


if __name__ == "__main__":
    words = sys.argv[1:] + [""] * 2
    asyncio.run(main(int(words[0] or 300), float(words[1] or 2)))
