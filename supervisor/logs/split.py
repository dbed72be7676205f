"""Raw chunks of a stream -> blocks of whole lines, with little memory and without looking at single lines.

A pure room: no clock, no file, no token's shape (where a text may be cut is asked of `redact.py`). What comes
out depends on the bytes alone, never on how they were cut into chunks:
- `\\r\\n` is a line end. A lone `\\r` (a progress bar) erases what stood in the line so far, as a terminal would
  show it: the file keeps the last state of the bar and not its thousand earlier ones.
- A line longer than `limit` bytes becomes several; `…` stands where the text goes on in the next or comes from
  the one above. A cut falls neither into something that may be a token nor into a UTF-8 character.
`flush()` (a prompt without a newline, after a pause) cuts in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MARK = "…".encode()
LIMIT = 64 * 1024

_ERASED = re.compile(rb"(?m)^[^\n]*\r(?=[^\r\n])")
_LINE_END = re.compile(rb"\r*\n")


class LineSplitter:
    """One stream of one run. Every block returned is empty or ends in a newline; at most `limit` bytes are kept.

    `safe_cut(data, limit)` gives the last place in the first `limit` bytes where `data` may be cut, above 0.
    """

    __slots__ = ("_continued", "_limit", "_rest", "_safe_cut")

    def __init__(self, safe_cut: Callable[[bytes, int], int], limit: int = LIMIT) -> None:
        self._safe_cut = safe_cut
        self._limit = limit
        self._rest = bytearray()
        self._continued = False

    @property
    def waiting(self) -> bool:
        """Is there an unfinished line?"""
        return bool(self._rest)

    def feed(self, chunk: bytes) -> bytes:
        """The lines that this chunk completes."""
        newline = chunk.rfind(b"\n")
        if newline < 0:
            if len(self._rest) + len(chunk) > self._limit:
                return self._feed_long(bytes(self._rest) + chunk)
            self._rest += chunk
            if b"\r" in chunk:
                self._rest = self._erased(self._rest)
            return b""
        if len(self._rest) + chunk.find(b"\n") > self._limit or _has_longer_line(chunk, self._limit):
            return self._feed_long(bytes(self._rest) + chunk)
        block = b"".join((self._rest, memoryview(chunk)[: newline + 1]))
        self._rest = bytearray(memoryview(chunk)[newline + 1 :])
        block = self._lines(block)
        if self._rest and b"\r" in self._rest:
            self._rest = self._erased(self._rest)
        return block

    def flush(self) -> bytes:
        """What of an unfinished line can be shown before it is complete, marked as going on."""
        text = bytes(self._rest).rstrip(b"\r")
        # A cut is always behind something. What may be a token from its first byte on is left to wait.
        cut = self._cut(b"\n" + text, max(self._limit, len(text) + 1)) - 1 if text else 0
        if cut <= 0:
            return b""
        del self._rest[:cut]
        return self._piece(text[:cut])

    def end(self) -> bytes:
        """The last line, which has no newline; the splitter is as new afterwards."""
        return self.feed(b"\n") if self._rest or self._continued else b""

    def _lines(self, block: bytes) -> bytes:
        """A block of ordinary lines, the first of which may be the end of a longer one."""
        if self._continued:
            self._continued = False
            bare = _LINE_END.match(block)
            block = block[bare.end() :] if bare else MARK + block
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
            if b"\r" in block:
                block = _LINE_END.sub(b"\n", _ERASED.sub(b"", block))
        return block

    def _erased(self, rest: bytes | bytearray) -> bytearray:
        """An unfinished line without what a carriage return erased; a `\\r` at its end may become a line end."""
        text = rest.rstrip(b"\r")
        shown = text.rfind(b"\r") + 1
        if shown:
            self._continued = False
        return bytearray(text[shown:]) + (b"\r" if len(text) < len(rest) else b"")

    def _feed_long(self, data: bytes) -> bytes:
        """The slow way, line by line, for data with a line beyond the limit."""
        blocks: list[bytes] = []
        *lines, rest = data.split(b"\n")
        for line in lines:
            last = self._shorten(line, blocks)
            blocks.append(self._lines(last + b"\n"))
        self._rest = bytearray(self._shorten(rest, blocks))
        return b"".join(blocks)

    def _shorten(self, line: bytes, blocks: list[bytes]) -> bytes:
        """Move all that is beyond the limit of a line into `blocks`, in pieces; returns what remains of it."""
        *erased, text = line.rstrip(b"\r").split(b"\r")
        for part in erased:
            self._shorten_part(part, blocks)
            self._continued = False
        end = b"\r" if line.endswith(b"\r") else b""
        return self._shorten_part(text, blocks) + end

    def _shorten_part(self, text: bytes, blocks: list[bytes]) -> bytes:
        start = 0
        while len(text) - start > self._limit:
            seen = text[start : start + self._limit + 1]
            cut = self._cut(seen, self._limit)
            blocks.append(self._piece(seen[:cut]))
            start += cut
        return text[start:]

    def _cut(self, text: bytes, limit: int) -> int:
        """Always above 0: a first byte that looks like half a character is no reason to stand still."""
        cut = self._safe_cut(text, limit)
        return _between_characters(text, cut) or cut

    def _piece(self, text: bytes) -> bytes:
        before = MARK if self._continued else b""
        self._continued = True
        return before + text + MARK + b"\n"


def _has_longer_line(data: bytes, limit: int) -> bool:
    """Hops from newline to newline, `limit` bytes at a time: a step or two for a chunk of ordinary lines."""
    start = 0
    while len(data) - start > limit:
        newline = data.rfind(b"\n", start, start + limit + 1)
        if newline < 0:
            return True
        start = newline + 1
    return False


def _between_characters(text: bytes, cut: int) -> int:
    """`cut`, or the start of the UTF-8 character that it would split."""
    for back in range(1, min(4, cut) + 1):
        byte = text[cut - back]
        if byte < 0x80:
            return cut
        if byte >= 0xC0:
            length = 2 + (byte >= 0xE0) + (byte >= 0xF0)
            return cut if back >= length else cut - back
    return cut
