"""A container's output, from the engine's log to the sink: each message once, also over breaks and restarts.

The engine stamps every message, so a place in the log is "the last stamp of this stream, and how many messages had
it" (two may share one). Reading begins again at the earliest such place, and what is known is passed over. The place
of the last whole line is kept in a file, so that a supervisor that takes up a container again goes on where its
predecessor stopped; one write a chunk, after the chunk was stored.
"""

from __future__ import annotations

import json
import logging
import os
import struct
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from supervisor.runners.protocol import LogSink

log = logging.getLogger(__name__)

STREAMS = ("stdout", "stderr")
_HEAD = struct.Struct(">BxxxL")
_ROOM = 512


@dataclass(slots=True)
class Place:
    """Where a stream has been read to: the stamp of the last message, and how many messages bore it."""

    stamp: str = ""
    count: int = 0


@dataclass(slots=True)
class _Stream:
    read: Place = field(default_factory=Place)
    whole: Place = field(default_factory=Place)
    again: int = 0
    """Messages with the stamp `read.stamp` that were met since reading began anew."""


class Output:
    """Reads for one run. `file` keeps the place; that of another container in it is no place of ours."""

    def __init__(self, container: str, file: Path, sink: LogSink) -> None:
        self.chunks = 0
        self._container = container
        self._sink = sink
        self._streams = {name: _Stream() for name in STREAMS}
        self._rest = bytearray()
        self._from = ""
        self._complained = False
        self._fd = _open(file)
        self._recall()

    def since(self) -> str:
        """Begin anew: the `since` for the engine, which repeats what it stamped from that moment on."""
        self._rest.clear()
        for stream in self._streams.values():
            stream.again = 0
        return _seconds(self._from) if self._from else ""

    def feed(self, chunk: bytes) -> None:
        """A piece of the engine's answer: messages behind heads of 8 bytes (Docker Engine API, "stream format")."""
        self.chunks += 1
        self._rest += chunk
        data, start = bytes(self._rest), 0
        pieces: list[tuple[str, list[bytes]]] = []
        while len(data) - start >= _HEAD.size:
            kind, length = _HEAD.unpack_from(data, start)
            end = start + _HEAD.size + length
            if end > len(data):
                break
            name = "stderr" if kind == 2 else "stdout"
            stamp, _, text = data[start + _HEAD.size : end].partition(b" ")
            start = end
            if text and self._is_news(name, stamp.decode("ascii", "replace"), text):
                if not pieces or pieces[-1][0] != name:
                    pieces.append((name, []))
                pieces[-1][1].append(text)
        del self._rest[:start]
        for name, texts in pieces:
            self._pass_on(name, b"".join(texts))
        if pieces:
            self._remember()

    def end(self) -> None:
        """All was read: the run is over."""
        for name in STREAMS:
            try:
                self._sink.end(name)
            except Exception as error:
                self._complain(error)
        self.close()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _is_news(self, name: str, stamp: str, text: bytes) -> bool:
        stream = self._streams[name]
        last = stream.read
        if stamp < last.stamp:
            return False
        if stamp == last.stamp:
            stream.again += 1
            if stream.again <= last.count:
                return False
            last.count += 1
        else:
            stream.read = Place(stamp, 1)
            stream.again = 1
        if text.endswith(b"\n"):
            stream.whole = Place(stream.read.stamp, stream.read.count)
        return True

    def _earliest(self) -> str:
        """From where a reader must begin that knows the whole lines: both streams stand in one log, in order."""
        latest = max(stream.read.stamp for stream in self._streams.values())
        return min((s.whole.stamp for s in self._streams.values() if s.read != s.whole), default=latest)

    def _pass_on(self, name: str, text: bytes) -> None:
        try:
            self._sink.write(name, text)
        except Exception as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if not self._complained:  # once, and without the text: it may quote the line
            self._complained = True
            log.error("the log of a container failed with %s; lines are lost", type(error).__name__)

    def _remember(self) -> None:
        self._from = self._earliest()
        if self._fd < 0:
            return
        places = {name: [stream.whole.stamp, stream.whole.count] for name, stream in self._streams.items()}
        text = json.dumps({"container": self._container, "from": self._from, **places}).ljust(_ROOM)
        try:
            os.pwrite(self._fd, text.encode(), 0)
        except OSError:  # a full disk: the log says so itself, and here lines may be repeated
            pass

    def _recall(self) -> None:
        try:
            found = json.loads(os.pread(self._fd, 4096, 0).decode() or "{}")
            if found.get("container") != self._container:
                return
            for name, stream in self._streams.items():
                stamp, count = found[name]
                stream.read = Place(str(stamp), int(count))
                stream.whole = Place(str(stamp), int(count))
            self._from = str(found["from"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return


def _open(file: Path) -> int:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return -1


def _seconds(stamp: str) -> str:
    """`2026-11-20T13:00:00.123456789Z` as the engine takes it: Unix seconds and their nanoseconds."""
    whole, _, rest = stamp.rstrip("Z").partition(".")
    try:
        seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    except ValueError:
        return ""
    # A little earlier: the two streams are stamped before they are put in order.
    return f"{seconds - 1}.{(rest + '0' * 9)[:9]}"
