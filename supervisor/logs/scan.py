"""Finds, in a chunk of raw log bytes, the few places worth reading with care.

Owns speed. Ordinary text is passed over by a handful of `bytes.find` calls, one for each word without which
there is no sign; every further word would cost a tenth of the speed (benchmarks/read_signs.py). Where a word
holds a byte that is rare in logs, only that byte is looked for, which costs next to nothing. Knows no meanings.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from supervisor.logs.context import MARKS
from supervisor.logs.troubles import NETWORK_WORDS, TOKEN_WORDS

STRONG = (b"conflict", b"terminated", b"too many requests", b"bad webhook", b"flood control")
"""Words of the server's own sentences."""

RARE = (
    (b"unauthorized", b"z"),
    (b"; make sure that only", b";"),
    (b"; use delete", b";"),
    (b"!!! other bot", b"!"),
)
"""The same, for sentences that may come without those words, each with the rare byte in it."""

WEAK = b"error"
"""Means nothing alone, but covers what libraries make of the sentences."""

COMPANY = tuple(
    word.encode()
    for word in {*MARKS, *TOKEN_WORDS, *NETWORK_WORDS, "conflict", "terminat", "flood", "retryafter", "api("}
)
"""One of these stands near a weak word that matters."""

MARGINS = {True: (12, 4), False: (0, 3)}
"""Lines read before and after a strong or weak word: a printed object, a message that is only quoted."""

REACH = 4096
"""Bytes looked at on either side of a word, however long the line is."""

SHARE = 4 * 1024
"""Bytes of one chunk that are read with care on behalf of one word."""

MANY = 64
"""Spans compared with, so as not to give one twice; an unthrifty reader sorts out the rest."""

RARELY = 2048
"""Bytes per rare byte, above which it is worth looking for."""

OFTEN = 1024
"""Bytes per weak word, below which some of them are passed over: a storm."""


def regions(chunk: bytes, *, thrifty: bool = True) -> Iterator[tuple[int, int]]:
    """Spans of `chunk` to read, strong words first; each word's spans go forward, another's may overlap them.

    Thrifty, a storm of promising lines is not read to its end: one sign of a kind per chunk is all a log pump
    wants. Otherwise every span is given.
    """
    share = SHARE if thrifty else len(chunk)
    low = chunk.lower()
    done: list[tuple[int, int]] = []
    for word, byte in chain(((word, b"") for word in STRONG), RARE):
        yield from _spans(low, _rarely(low, word, byte) if byte else _all(low, word, 0), True, share, done)
    yield from _spans(low, _all(low, WEAK, len(low) // OFTEN + 8 if thrifty else 0), False, share, done)


def _spans(
    low: bytes, places: Iterator[int], strong: bool, budget: int, done: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    passed = 0
    earlier = done[-MANY:]
    for at in places:
        if at < passed or any(start <= at < end for start, end in earlier):
            continue
        if not strong and not _in_company(low, at):
            continue
        start, end = _around(low, at, *MARGINS[strong])
        done.append((start, end))
        yield start, end
        passed = end
        budget -= end - start
        if budget <= 0:
            return


def _in_company(low: bytes, at: int) -> bool:
    """Whether the line at `at` also holds one of COMPANY."""
    start, end = _around(low, at, 0, 0)
    line = low[start:end]
    for word in COMPANY:  # noqa: SIM110 - any() takes twice as long
        if word in line:
            return True
    return False


def _all(low: bytes, word: bytes, most: int) -> Iterator[int]:
    """Where `word` stands; at most `most` places, if that is not 0."""
    at = low.find(word)
    while at >= 0:
        yield at
        most -= 1
        if not most:
            return
        at = low.find(word, at + 1)


def _rarely(low: bytes, word: bytes, byte: bytes) -> Iterator[int]:
    """Where `word` stands, found by one `byte` of it; by the whole word once that byte proves common."""
    inside = word.index(byte)
    patience = len(low) // RARELY + 1
    at = low.find(byte, inside)
    while at >= 0 and patience:
        if low.startswith(word, at - inside):
            yield at - inside
        patience -= 1
        at = low.find(byte, at + 1)
    while at >= 0:
        at = low.find(word, max(0, at - inside))
        if at >= 0:
            yield at
            at += len(word)


def _around(low: bytes, at: int, before: int, after: int) -> tuple[int, int]:
    floor, ceiling = max(0, at - REACH), min(len(low), at + REACH)
    start = at
    for _ in range(before + 1):
        start = low.rfind(b"\n", floor, start)
        if start < 0:
            break
    end = at
    for _ in range(after + 1):
        end = low.find(b"\n", end + 1, ceiling)
        if end < 0:
            break
    return (floor if start < 0 else start + 1, ceiling if end < 0 else end + 1)
