"""What a bot's log tells about its standing with Telegram: `read_signs` for any text, `SignReader` for a stream.

Owns how much is said about one event: a traceback, or the same trouble printed by three loggers, is one sign.
What a sentence means is decided in `conflicts.py` and `troubles.py`; what to do about it, nowhere in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from supervisor.logs.conflicts import read_conflict
from supervisor.logs.context import without_chat
from supervisor.logs.records import Record, goes_on, has_clock, records
from supervisor.logs.scan import regions
from supervisor.logs.troubles import read_trouble
from supervisor.model.signs import Sign, SignKind

BURST_SECONDS = 2
"""Signs of one kind with stamps closer than this are one event; the real server answers a conflict each 3 s."""

BURST_RECORDS = 5
"""The same for records without stamps, counted in records."""

BLOCK = 128 * 1024
"""Bytes of a long text looked through at a time: what a processor's cache holds."""

WHOLE = 32 * 1024
"""Characters up to which a text is read whole; in longer ones only what `scan.py` finds promising."""

_STAMP = re.compile(r"\[?\d[\d\-/:.,TZ+ ]{7,40}(?:\]\s*|(?<=\s))")
_ALL_CLEAR = re.compile(r"Connection established \(tryings = \d")


def read_signs(text: str) -> list[Sign]:
    """The signs in any log text, in order: one per kind and event.

    Events are told apart by the stamps in the text, where it has them (`BURST_SECONDS`), else by their distance.
    """
    signs: list[Sign] = []
    last: dict[SignKind, tuple[int, int, int | None]] = {}
    for number, record in _numbered(text):
        sign = _read(record)
        if sign is None:
            continue
        seen = last.get(sign.kind)
        if seen and _same_event(seen[1], seen[2], number, record.clock):
            signs[seen[0]] = _merged(signs[seen[0]], sign)
            last[sign.kind] = (seen[0], number, seen[2] if seen[2] is not None else record.clock)
        else:
            last[sign.kind] = (len(signs), number, record.clock)
            signs.append(sign)
    return signs


def _numbered(text: str) -> Iterator[tuple[int, Record]]:
    """The records worth reading, numbered in order, those passed over included."""
    if len(text) <= WHOLE:
        yield from enumerate(records(text))
        return
    data = text.encode("utf-8", "surrogatepass")
    number = done = 0
    while done < len(data):
        block = data[done : data.find(b"\n", done + BLOCK) + 1 or len(data)]
        read = 0
        for start, end in sorted(regions(block, thrifty=False)):
            if end > read:
                number += _heads(block, read, start)
                for record in records(block[max(start, read) : end].decode("utf-8", "replace")):
                    yield number, record
                    number += 1
                read = end
        number += _heads(block, read, len(block))
        done += len(block)


def _heads(block: bytes, start: int, end: int) -> int:
    """About how many records begin there: its lines, without indented and empty ones."""
    lines, *others = (block.count(end_of_line, start, end) for end_of_line in (b"\n", b"\n ", b"\n\t", b"\n\n"))
    return lines - sum(others)


def read_all_clear(text: str) -> bool:
    """Whether the text says that polling works again: aiogram 3 alone prints that."""
    return "tryings" in text and _ALL_CLEAR.search(text) is not None


class SignReader:
    """Reads the log of one run as it comes, fast enough for a bot that prints without end.

    One chunk gives at most one sign of a kind. Of a flood of promising lines only a part is read
    (`supervisor.logs.scan`), so that reading always keeps pace with writing.
    """

    def __init__(self) -> None:
        self._open: frozenset[SignKind] = frozenset()
        self._inside = False

    def feed(self, chunk: bytes) -> list[Sign]:
        """The signs in `chunk`, which must consist of whole lines, in any encoding close to UTF-8.

        A traceback that goes on from the chunk before gives its sign once.
        """
        if not chunk:
            return []
        found: dict[SignKind, Sign] = {}
        at_end: set[SignKind] = set()
        for start, end in regions(chunk):
            for sign in read_signs(chunk[start:end].decode("utf-8", "replace")):
                found[sign.kind] = _merged(found[sign.kind], sign) if sign.kind in found else sign
                if end >= len(chunk):
                    at_end.add(sign.kind)
        told = self._told_before(chunk)
        self._inside = goes_on(_text(chunk[chunk.rfind(b"\n", 0, -1) + 1 :]))
        self._open = told | (frozenset(found) if self._inside else frozenset(at_end))
        return [sign for kind, sign in found.items() if kind not in told]

    def _told_before(self, chunk: bytes) -> frozenset[SignKind]:
        """Kinds already given for the record that `chunk` begins in the middle of."""
        if self._open:
            first = _text(chunk)
            if goes_on(first) or (self._inside and not has_clock(first)):
                return self._open
        return frozenset()


def _text(line: bytes) -> str:
    """Enough of the first line of `line` to see what it is."""
    return line[:200].split(b"\n", 1)[0].decode("utf-8", "replace")


def _read(record: Record) -> Sign | None:
    stamp = _STAMP.match(record.text)
    return _read_text(record.text[stamp.end() :] if stamp else record.text)


@lru_cache(maxsize=256)
def _read_text(text: str) -> Sign | None:
    """Cached, since a bot in trouble prints the same lines again and again, but for their stamps."""
    text = without_chat(text)
    low = text.lower()
    return read_conflict(text, low) or read_trouble(text, low)


def _same_event(before: int, then: int | None, number: int, clock: int | None) -> bool:
    if then is not None and clock is not None:
        return 0 <= clock - then <= BURST_SECONDS
    return number - before <= BURST_RECORDS


def _merged(first: Sign, again: Sign) -> Sign:
    waits = [sign.retry_after for sign in (first, again) if sign.retry_after is not None]
    return replace(first, retry_after=max(waits, default=None))
