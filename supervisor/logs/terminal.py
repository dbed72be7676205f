"""Makes text that a stranger wrote safe to show on a terminal.

A log line may carry sequences that move the cursor, set the window's title or answer as if typed. Colours
(SGR) may stay; every other control character and sequence goes. Files keep what the bot wrote.
"""

from __future__ import annotations

import re

RESET = "\x1b[0m"

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n") + b"\x7f"

_SEQUENCE = re.compile(
    r"\x1b\[[0-9;:]*m"  # SGR: colours; the only one that may stay
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS and their like
    r"|\x1b[ -/]*[0-~]?"  # every other escape
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # single controls, C1 among them
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # marks that reorder what a reader sees
)
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")


def harmless(text: str, *, colours: bool) -> str:
    """`text` without anything a terminal would obey; with `colours`, SGR stays and is reset at the line's end."""

    def kept(found: re.Match[str]) -> str:
        return found[0] if colours and _COLOURS.fullmatch(found[0]) else ""

    shown = _SEQUENCE.sub(kept, text)
    if colours and "\x1b" in shown:
        shown = "\n".join(line + RESET if "\x1b" in line else line for line in shown.split("\n"))
    return shown


def harmless_block(block: bytes, *, colours: bool) -> bytes:
    """The same for a block of lines; ordinary ASCII is passed through at the speed of a copy."""
    if block.isascii() and len(block.translate(None, _CONTROLS)) == len(block):
        return block
    return harmless(block.decode(errors="replace"), colours=colours).encode()
