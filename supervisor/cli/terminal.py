"""What the other end of stdout can show: colours, width, one line that is written over; and safe text for it.

Bots write what they like into their logs, and so into a `reason`: control characters never reach the terminal.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "loud": "1;30;43",
}
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def is_terminal(stream: TextIO | None = None) -> bool:
    out = stream or sys.stdout
    return out.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: TextIO | None = None) -> bool:
    """No colours into files and pipes, and none where NO_COLOR (https://no-color.org) asks for that."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def paint(text: str, style: str, *, colours: bool) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if colours and style else text


def width() -> int | None:
    """Columns of the terminal, or None where lines may be as long as they like."""
    return columns(sys.stdout) if is_terminal() else None


def columns(stream: TextIO) -> int:
    """How wide the terminal at `stream` is; COLUMNS, where it is set, is believed first."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and int(told) > 0:
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def harmless(text: str, *, colours: bool = False) -> str:
    """`text` without control characters and escape sequences; with `colours`, those that only colour stay."""

    def kept(found: re.Match[str]) -> str:
        if colours and _COLOUR.fullmatch(found[0]):
            return found[0]
        return " " if found[0] in "\n\r" else ""

    cleaned = _CONTROL.sub(kept, text)
    return cleaned + "\x1b[0m" if colours and "\x1b[" in cleaned else cleaned


def shorten(text: str, room: int) -> str:
    """`text` in at most `room` columns, cut between words where that costs little."""
    if len(text) <= room:
        return text
    dots = "…" if (sys.stdout.encoding or "").lower().replace("-", "") == "utf8" else "..."
    if room <= len(dots):
        return text[:room]
    cut = text[: room - len(dots)]
    word = cut.rfind(" ")
    return (cut[:word] if word > room * 2 // 3 else cut).rstrip(" ,;:") + dots


def encodable() -> None:
    """Never fail over a character that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


class ProgressLine:
    """One line on stderr that tells what is going on now; silent where nobody watches."""

    def __init__(self) -> None:
        self._shown = is_terminal(sys.stderr)

    def show(self, text: str) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K" + shorten(text, columns(sys.stderr) - 1))
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
