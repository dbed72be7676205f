"""How fast logs are read for signs and stripped of secrets: MB/s on one core, median of five.

    python benchmarks/read_signs.py [--json]

Ordinary text of several kinds, in pieces of the size a pipe gives. "both" is what the log pump does to
every chunk. The last rows are not ordinary: storms, and input made to be slow, which must stay in proportion.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from supervisor.logs.redact import Redactor
from supervisor.logs.signs import SignReader

SIZE = 16 * 1024 * 1024
PIECE = 64 * 1024
TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
GOAL = 300

TEXT = """started polling user message handled update database query took cache hit for chat sent reply photo
pressed worker job done scheduler tick payment invoice language keyboard state command menu admin channel button
webhook timeout connection token session retry queue order checked balance report exported cleaned"""
WORDS = TEXT.split()


def short(rng: random.Random, n: int) -> str:
    return f"{n} {rng.choice(WORDS)} {rng.choice(WORDS)} ok"


def plain(rng: random.Random, n: int) -> str:
    level = "ERROR" if n % 200 == 0 else "INFO"
    said = " ".join(rng.choices(WORDS, k=rng.randint(5, 12)))
    return f"{clock(n)} - __main__ - {level} - {said} id={rng.randint(1, 10**10)}"


def httpx(rng: random.Random, n: int) -> str:
    method = rng.choice(("getUpdates", "getUpdates", "sendMessage", "answerCallbackQuery"))
    url = f"https://api.telegram.org/bot{TOKEN}/{method}"
    return f'{clock(n)} - httpx - INFO - HTTP Request: POST {url} "HTTP/1.1 200 OK"'


def as_json(rng: random.Random, n: int) -> str:
    return json.dumps(
        {
            "level": 30, "time": 1795173424842 + n, "pid": 22116, "hostname": "vm", "active": True,
            "chat_id": -rng.randint(10**9, 10**10), "ms": rng.randint(1, 900),
            "msg": " ".join(rng.choices(WORDS, k=6)),
        }
    )  # fmt: skip


def access(rng: random.Random, n: int) -> str:
    size = rng.randint(2, 999)
    return f'149.154.167.220 - - [04/Mar/2026:10:22:31 +0000] "POST /webhook/{n} HTTP/1.1" 200 {size} "-" "-"'


def block(rng: random.Random, _: int) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz     ,.=:/-0123456789", k=65_000))


def errors(rng: random.Random, n: int) -> str:
    word = rng.choice(WORDS)
    return f"{clock(n)} - app.db - ERROR - query {n} failed: {word} constraint, chat {rng.randint(1, 10**10)}"


def conflicts(_: random.Random, n: int) -> str:
    told = "terminated by other getUpdates request; make sure that only one bot instance is running"
    return f"{clock(n)} - bot - ERROR - Conflict: {told}"


def digits(_: random.Random, n: int) -> str:
    return ("1" * 65_000, "a" * 65_000, "1:" * 32_000, "\\" * 65_000 + " telegram error")[n % 4]


ORDINARY: dict[str, Callable[[random.Random, int], str]] = {
    "short lines": short,
    "plain lines": plain,
    "httpx INFO": httpx,
    "JSON lines": as_json,
    "access log": access,
    "65 kB lines": block,
}
UNUSUAL: dict[str, Callable[[random.Random, int], str]] = {
    "error storm": errors,
    "409 storm": conflicts,
    "hostile": digits,
}


def clock(n: int) -> str:
    return f"2026-11-20 {n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d},{n % 1000:03d}"


def chunks(line: Callable[[random.Random, int], str]) -> list[bytes]:
    """About SIZE bytes in pieces of whole lines."""
    return list(_pieces(line))


def _pieces(line: Callable[[random.Random, int], str]) -> Iterator[bytes]:
    rng, size, held, n = random.Random(1), 0, bytearray(), 0
    while size < SIZE:
        n += 1
        held += line(rng, n).encode() + b"\n"
        if len(held) >= PIECE:
            size += len(held)
            yield bytes(held)
            held.clear()


def speed(pieces: list[bytes], work: Callable[[bytes], object]) -> float:
    """MB/s, median of five passes, in processor time (the machine may have other work)."""
    taken = []
    for _ in range(5):
        start = time.process_time()
        for piece in pieces:
            work(piece)
        taken.append(time.process_time() - start)
    return sum(map(len, pieces)) / 1e6 / statistics.median(taken)


def measure(line: Callable[[random.Random, int], str]) -> dict[str, float]:
    pieces, reader, redactor = chunks(line), SignReader(), Redactor([TOKEN, "webhook-secret-Fake"])
    return {
        "signs": speed(pieces, reader.feed),
        "redact": speed(pieces, redactor.redact),
        "both": speed(pieces, lambda piece: reader.feed(redactor.redact(piece))),
    }


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    results = {name: measure(line) for name, line in (ORDINARY | UNUSUAL).items()}
    if "--json" in sys.argv:
        print(json.dumps(results, indent=2))
        return
    print(f"{'MB/s':14}{'signs':>8}{'redact':>8}{'both':>8}")
    for name, row in results.items():
        print(f"{name:14}{row['signs']:8.0f}{row['redact']:8.0f}{row['both']:8.0f}")
    slowest = min(results[name]["signs"] for name in ORDINARY)
    print(f"slowest ordinary kind: {slowest:.0f} MB/s for signs (goal {GOAL})")


if __name__ == "__main__":
    main()
