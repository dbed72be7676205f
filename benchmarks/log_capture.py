"""How fast a bot's output is captured with everything on: pipe -> lines -> redaction -> signs -> rotated files.

    python benchmarks/log_capture.py [--megabytes 300] [--rounds 5] [--json]

A child writes ordinary bot text into a pipe, once in blocks of 64 KiB and once line by line (one write each).
In the same round the same child is captured by `cat > file`: the ratio to that is what counts, as it leaves
out the machine. Every line is counted again in the files: none may be lost. Medians; CPU is the capturing
side's own, user and system.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from supervisor.logs.pipeline import BotLog
from supervisor.logs.redact import Redactor
from supervisor.logs.store import LogStore
from supervisor.model.bots import LogPolicy
from supervisor.model.signs import Sign
from supervisor.runners.outlet import Outlet

BLOCK = 64 * 1024
TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"

CHILD = """
import os, sys
blocks = int(sys.argv[2])
lines = [b"2026-11-20 13:00:00,123 - bot.handlers - INFO - update %09d from chat %d handled in %d ms\\n"
         % (n, n * 7919 % 10**9, n % 90) for n in range(720)]
block = b"".join(lines)
def write_all(data):
    while data:
        data = data[os.write(1, data):]
for _ in range(blocks):
    if sys.argv[1] == "blocks":
        write_all(block)
    else:
        for line in lines:
            write_all(line)
"""
LINES_PER_BLOCK = 720


@dataclass(frozen=True, slots=True)
class Figures:
    seconds: float
    cpu: float
    megabytes: float

    @property
    def rate(self) -> float:
        return self.megabytes / self.seconds

    @property
    def cpu_per_gb(self) -> float:
        return self.cpu / self.megabytes * 1000


@contextmanager
def child(how: str, blocks: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-I", "-S", "-c", CHILD, how, str(blocks)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def captured_by_us(how: str, blocks: int, folder: Path) -> Figures:
    """The whole pipeline on an event loop, as the daemon runs it; raises if a line is missing in the files."""
    signs: list[Sign] = []
    log = BotLog(LogStore(folder, "bench", LogPolicy(keep=100_000)), Redactor([TOKEN]), signs.extend)
    before, began = _cpu(), time.perf_counter()
    with child(how, blocks) as process:
        size = asyncio.run(_pump(process, log))
    log.close()
    figures = Figures(time.perf_counter() - began, _cpu() - before, size / 1e6)
    stored = sum(path.read_bytes().count(b"\n") for path in folder.iterdir())
    if stored != blocks * LINES_PER_BLOCK:
        raise SystemExit(f"{blocks * LINES_PER_BLOCK - stored} lines are missing in the files")
    if signs:
        raise SystemExit(f"a sign was read where there is none: {signs[0]}")
    return figures


class Counted:
    """The bot's log as the runner sees it, counting bytes; `over` is set at the end."""

    def __init__(self, log: BotLog) -> None:
        self._log = log
        self.size = 0
        self.over = asyncio.Event()

    def write(self, stream: str, chunk: bytes) -> None:
        self.size += len(chunk)
        self._log.write(stream, chunk)

    def end(self, stream: str) -> None:
        self._log.end(stream)
        self.over.set()


async def _pump(process: subprocess.Popen[bytes], log: BotLog) -> int:
    assert process.stdout is not None
    sink = Counted(log)
    Outlet(os.dup(process.stdout.fileno()), "stdout", sink)
    await sink.over.wait()
    return sink.size


def captured_by_cat(how: str, blocks: int, folder: Path) -> Figures:
    began = time.perf_counter()
    with child(how, blocks) as process, (folder / "cat.log").open("wb") as file:
        cat = subprocess.Popen(["cat"], stdin=process.stdout, stdout=file)
        _, _, used = os.wait4(cat.pid, 0)
        cat.returncode = 0
    seconds = time.perf_counter() - began
    return Figures(seconds, used.ru_utime + used.ru_stime, (folder / "cat.log").stat().st_size / 1e6)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(how: str, blocks: int, rounds: int) -> dict[str, object]:
    ours: list[Figures] = []
    cats: list[Figures] = []
    for _ in range(rounds):
        for capture, results in ((captured_by_us, ours), (captured_by_cat, cats)):
            with tempfile.TemporaryDirectory() as folder:
                results.append(capture(how, blocks, Path(folder)))
    return {
        "how": how,
        "megabytes": round(ours[0].megabytes),
        "mb_per_s": round(statistics.median(run.rate for run in ours), 1),
        "cpu_s_per_gb": round(statistics.median(run.cpu_per_gb for run in ours), 2),
        "cat_mb_per_s": round(statistics.median(run.rate for run in cats), 1),
        "cat_cpu_s_per_gb": round(statistics.median(run.cpu_per_gb for run in cats), 2),
        "ratio_to_cat": round(statistics.median(us.rate / cat.rate for us, cat in zip(ours, cats, strict=True)), 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=300, help="of text per run (default 300)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    blocks = max(1, args.megabytes * 1_000_000 // BLOCK)
    for how in ("blocks", "lines"):
        result = measure(how, blocks if how == "blocks" else max(1, blocks // 4), args.rounds)
        if args.json:
            print(json.dumps(result))
        else:
            print("  ".join(f"{key} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
