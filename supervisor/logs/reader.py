"""Reads what `store.py` wrote: the last lines, and on from a cursor, over rotated files as one log.

Plain files and nothing else, so `botctl logs` works while no supervisor runs. It refuses to know who writes,
and stays right while somebody does.
"""

from __future__ import annotations

import heapq
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from operator import attrgetter
from pathlib import Path

from supervisor.logs.lines import parse, path_of, stamp
from supervisor.model.runs import LogLine

BLOCK = 64 * 1024
FINGERPRINT = 128
"""Bytes of a file's first line that tell it from a later file with the same, reused, inode number."""
GAP = 3
"""Numbers without a file before we believe that there are no more: a rotation under way leaves one out."""
ATTEMPTS = 50
"""How often a look at the files is repeated when one was born during it: with sane sizes, never."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a bot's log that survives rotations: file, offset, and the time of the line before it.

    `str()` and `Cursor.read()` are its form for URLs. The time serves when the file is gone: reading goes on
    with the oldest file kept, without what is older than that.
    """

    inode: int = 0
    first: int = 0
    offset: int = 0
    at: float = 0.0

    def __str__(self) -> str:
        return f"{self.inode}-{self.first}-{self.offset}-{round(self.at * 1000)}"

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Raises ValueError for anything that is not the `str()` of a cursor."""
        parts = text.split("-")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError(f"{text[:80]!r} is not a place in a log; leave it out to begin at the end")
        inode, first, offset, at = map(int, parts)
        return cls(inode, first, offset, at / 1000)


@dataclass(frozen=True, slots=True)
class _File:
    fd: int
    inode: int
    size: int

    def fingerprint(self) -> int:
        return zlib.crc32(os.pread(self.fd, FINGERPRINT, 0).partition(b"\n")[0])


def tail(folder: Path, bot: str, n: int, since: float | None = None) -> list[LogLine]:
    """The last `n` lines, oldest first; with `since` (Unix seconds) none that is older."""
    return tail_from(folder, bot, n, since)[0]


def tail_from(folder: Path, bot: str, n: int, since: float | None = None) -> tuple[list[LogLine], Cursor]:
    """`tail`, and the cursor right behind it, for following without a gap."""
    oldest = stamp(since) if since is not None else b""
    raws: list[bytes] = []
    end = Cursor()
    with _open_files(folder, bot) as files:
        for file in reversed(files):
            size = file.size
            if file is files[-1]:
                size = _whole(file)
                end = Cursor(file.inode, file.fingerprint() if size else 0, size)
            if n > len(raws):
                raws[:0] = _last_lines(file, size, n - len(raws), oldest)
            if len(raws) >= n or (raws and raws[0] < oldest):
                break
    lines = [line for line in _parsed(bot, raws, 0.0) if since is None or line.at >= since]
    return lines, replace(end, at=lines[-1].at if lines else 0.0)


def merged_tail(folder: Path, bots: Sequence[str], n: int, since: float | None = None) -> list[LogLine]:
    """The last `n` lines of several bots, in order of time; lines of one bot keep their order."""
    tails = [tail(folder, bot, n, since) for bot in bots]
    merged = list(heapq.merge(*tails, key=attrgetter("at")))
    return merged[-n:] if n > 0 else []


def read_from(folder: Path, bot: str, cursor: Cursor, limit: int = 1000) -> tuple[list[LogLine], Cursor]:
    """Up to `limit` lines behind the cursor, and the cursor behind them; `Cursor()` is the oldest line kept.

    Calling it again and again gives every line once, as long as no more than `keep` files are written between
    two calls. A line that is still being written is left for the next call.
    """
    lines: list[LogLine] = []
    with _open_files(folder, bot, down_to=cursor) as files:
        found = bool(files) and _holds(files[0], cursor)
        not_before = b"" if found else stamp(cursor.at)
        offset = cursor.offset if found else 0
        for file in files:
            raws, offset = _lines_behind(file, offset, limit - len(lines), not_before, whole=file is not files[-1])
            lines += _parsed(bot, raws, cursor.at)
            at = lines[-1].at if lines else cursor.at
            cursor = Cursor(file.inode, file.fingerprint() if offset else 0, offset, at)
            if len(lines) >= limit:
                break
            offset = 0
    return lines, cursor


@contextmanager
def _open_files(folder: Path, bot: str, down_to: Cursor | None = None) -> Iterator[list[_File]]:
    """The files of the log, oldest first, as they are at this moment; none older than the one of `down_to`.

    Files are opened youngest first, and a rotation renames oldest first: met in mid-rotation, a file may be
    seen twice, never missed. Only a file born meanwhile could come out of order, so then it is done again.
    """
    for _ in range(ATTEMPTS):
        files: list[_File] = []
        try:
            youngest = _inode(path_of(folder, bot))
            _open_each(folder, bot, down_to, files)
            if youngest == _inode(path_of(folder, bot)):
                yield files[::-1]
                return
        finally:
            for file in files:
                os.close(file.fd)
    yield []  # outrun again and again: nothing for now


def _open_each(folder: Path, bot: str, down_to: Cursor | None, files: list[_File]) -> None:
    missing = 0
    for number in count():
        try:
            fd = os.open(path_of(folder, bot, number), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            missing += 1
            if missing > GAP:
                return
            continue
        missing = 0
        found = os.fstat(fd)
        file = _File(fd, found.st_ino, found.st_size)
        if any(other.inode == file.inode for other in files):
            os.close(fd)
            continue
        files.append(file)
        if down_to is not None and _holds(file, down_to):
            return


def _inode(path: Path) -> int | None:
    try:
        return path.stat(follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


def _holds(file: _File, cursor: Cursor) -> bool:
    """Is the cursor in this file? Not if it only has the same inode number, or was emptied."""
    same = file.inode == cursor.inode and cursor.offset <= file.size
    return same and (cursor.offset == 0 or file.fingerprint() == cursor.first)


def _lines_behind(file: _File, offset: int, limit: int, not_before: bytes, *, whole: bool) -> tuple[list[bytes], int]:
    """Up to `limit` raw lines from `offset`, and the offset behind them; `whole`: nobody writes to it any more."""
    raws: list[bytes] = []
    rest = b""
    while len(raws) < limit:
        block = os.pread(file.fd, BLOCK, offset + len(rest))
        if not block:
            break
        *complete, rest = (rest + block).split(b"\n")
        for raw in complete:
            offset += len(raw) + 1
            if raw >= not_before:
                raws.append(raw)
                if len(raws) == limit:
                    return raws, offset
    if rest and whole:
        raws.append(rest)
        offset += len(rest)
    return raws, offset


def _last_lines(file: _File, size: int, n: int, oldest: bytes) -> list[bytes]:
    """The last `n` raw lines of the first `size` bytes, read from the end; may stop once one is before `oldest`."""
    blocks: list[bytes] = []
    newlines, start = 0, size
    while start > 0 and newlines <= n:
        end, start = start, max(0, start - BLOCK)
        block = os.pread(file.fd, end - start, start)
        blocks.append(block)
        newlines += block.count(b"\n")
        after = block.find(b"\n") + 1
        first = block[after : after + len(oldest)]
        if after and len(first) == len(oldest) and first < oldest:
            break
    data = b"".join(reversed(blocks))
    if start > 0:
        data = data.partition(b"\n")[2]
    return data.removesuffix(b"\n").split(b"\n")[-n:] if data else []


def _whole(file: _File) -> int:
    """The offset behind the last complete line."""
    end = file.size
    while end > 0:
        start = max(0, end - BLOCK)
        found = os.pread(file.fd, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _parsed(bot: str, raws: Sequence[bytes], before: float) -> list[LogLine]:
    lines: list[LogLine] = []
    for raw in raws:
        lines.append(parse(bot, raw, lines[-1].at if lines else before))
    return lines
