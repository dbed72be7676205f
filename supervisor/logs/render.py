"""What the daemon's stdout shows for a block of a bot's lines: text for people, one JSON object a line for programs.

Text is `name | line`; the sign between them is the stream: `|` stdout, `!` stderr, `+` setup, `*` the supervisor.
A block is prefixed as a whole, like the files. JSON needs a step per line, so it is handed out in slices, and
structlog is imported only by whoever asks for JSON (it costs 150 ms and 11 MB).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from supervisor.logs.lines import stamp
from supervisor.logs.terminal import RESET, harmless_block

SLICE = 64
"""Lines of JSON written at once; between two slices other threads have their turn."""

WIDEST = 24
"""Columns a bot's name may take; longer names push their lines to the right."""

SIGNS = {"stdout": "|", "stderr": "!", "setup": "+", "supervisor": "*"}
COLOURS = ("\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[96m", "\x1b[93m", "\x1b[92m", "\x1b[95m")
RED = "\x1b[31m"


@dataclass(frozen=True, slots=True)
class Piece:
    """Redacted whole lines of one bot; without a bot, lines that are rendered already."""

    bot: str
    stream: str
    at: float
    block: bytes

    @property
    def size(self) -> int:
        return len(self.block)

    @property
    def lines(self) -> int:
        return self.block.count(b"\n")


class Renderer(Protocol):
    def render(self, piece: Piece) -> Iterable[bytes]: ...

    def skipped(self, lines: int) -> bytes:
        """The notice in place of lines that were left out."""


def _left_out(lines: int) -> str:
    return f"{lines} lines are not shown here, because this output was too slow; `botctl logs` has them"


class TextRenderer:
    """Names in a column as wide as the longest name seen, each in a colour of its own on a terminal."""

    def __init__(self, *, colours: bool, names: Iterable[str] = ()) -> None:
        self._colours = colours
        self._width = 0
        self._colour_of: dict[str, str] = {}
        for name in ("supervisor", *names):
            self._meet(name)

    def render(self, piece: Piece) -> Iterator[bytes]:
        prefix = self._prefix(piece.bot, piece.stream)
        block = harmless_block(piece.block, colours=self._colours)
        yield prefix + block[:-1].replace(b"\n", b"\n" + prefix) + b"\n"

    def skipped(self, lines: int) -> bytes:
        return self._prefix("supervisor", "supervisor") + _left_out(lines).encode() + b"\n"

    def _meet(self, name: str) -> None:
        if name not in self._colour_of:
            self._colour_of[name] = COLOURS[len(self._colour_of) % len(COLOURS)]
            self._width = max(self._width, min(len(name), WIDEST))

    def _prefix(self, name: str, stream: str) -> bytes:
        self._meet(name)
        sign = SIGNS[stream]
        if not self._colours:
            return f"{name:<{self._width}} {sign} ".encode()
        shown = f"{RED}{sign}{RESET}" if sign == "!" else sign
        return f"{self._colour_of[name]}{name:<{self._width}}{RESET} {shown} ".encode()


class JsonRenderer:
    """`{"timestamp", "level", "bot", "stream", "event"}` for every line, through structlog's renderer."""

    def __init__(self) -> None:
        from structlog.processors import JSONRenderer

        self._dump = JSONRenderer(ensure_ascii=False)

    def render(self, piece: Piece) -> Iterator[bytes]:
        if not piece.bot:
            yield piece.block
            return
        common = {"timestamp": stamp(piece.at).decode(), "level": "info", "bot": piece.bot, "stream": piece.stream}
        lines = piece.block[:-1].split(b"\n")
        for start in range(0, len(lines), SLICE):
            part = lines[start : start + SLICE]
            yield b"".join(self.line({**common, "event": line.decode(errors="replace")}) for line in part)

    def skipped(self, lines: int) -> bytes:
        return self.line({"level": "warning", "bot": None, "stream": "supervisor", "event": _left_out(lines)})

    def line(self, fields: Mapping[str, Any]) -> bytes:
        text = self._dump(None, "", dict(fields))
        text = text if isinstance(text, str) else text.decode()
        # JSON escapes the first 32 control characters; a terminal may obey these as well.
        return text.translate(_LATE_CONTROLS).encode(errors="backslashreplace") + b"\n"


_LATE_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
