"""How a bot's log looks on disk: file names, and `2026-11-20T13:00:00.123Z out text` for every line.

The one place that knows the format. All lines of one chunk share one timestamp, so that stamping a chunk is
a single `bytes.replace`. Stamps are UTC with milliseconds and sort as bytes. What stands in a line (tokens,
marks, control sequences) is decided elsewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from supervisor.model.runs import LogLine

TAGS = {"stdout": b"out", "stderr": b"err", "setup": b"setup", "supervisor": b"sup"}
"""Stream of a LogLine -> its word in the file."""

STREAMS = {tag: stream for stream, tag in TAGS.items()}

STAMP_LENGTH = len("2026-11-20T13:00:00.123Z")


def path_of(folder: Path, bot: str, number: int = 0) -> Path:
    """The bot's log file, or its `number`-th rotated one (1 is the youngest).

    Raises ValueError for a name that could leave the folder: names also come from a command line.
    """
    if not bot or "/" in bot or "\0" in bot:
        raise ValueError(f"{bot!r} cannot be the name of a bot: it is used as a file name")
    return folder / (f"{bot}.log.{number}" if number else f"{bot}.log")


def stamp(at: float) -> bytes:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6].encode() + b"Z"


def stored(stream: str, block: bytes, at: float) -> bytes:
    """`block` (whole lines, each ending in a newline) as it stands in the file."""
    prefix = stamp(at) + b" " + TAGS[stream] + b" "
    prefixed = block.replace(b"\n", b"\n" + prefix)  # and one too many at the end
    return b"".join((prefix, memoryview(prefixed)[: -len(prefix)]))


def parse(bot: str, raw: bytes, before: float = 0.0) -> LogLine:
    """One line of the file, without its newline; `before` is the time of the line above.

    A line that is not ours (somebody edited the file) is shown as it stands, at the time of the one above.
    """
    tag, space, text = raw[STAMP_LENGTH + 1 :].partition(b" ")
    at = _unix(raw[:STAMP_LENGTH])
    stream = STREAMS.get(tag)
    if at is None or stream is None or not space:
        return LogLine(bot, before, "supervisor", raw.decode(errors="replace"))
    return LogLine(bot, at, stream, text.decode(errors="replace"))


@lru_cache(maxsize=256)
def _unix(raw: bytes) -> float | None:
    if len(raw) != STAMP_LENGTH or not raw.endswith(b"Z"):
        return None
    try:
        return datetime.fromisoformat(raw.decode("ascii")).timestamp()
    except ValueError:
        return None
