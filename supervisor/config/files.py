"""Reads the small text files that make up a configuration, each once, and remembers which were asked for.

The list of names includes those that are not there (yet): the watcher must see their birth. Refuses what is no
ordinary file, so that a pipe or a device in place of one never blocks the supervisor.
"""

from __future__ import annotations

import stat
from pathlib import Path

MAX_SIZE = 1024 * 1024


class Unreadable(Exception):  # its text goes after the name of the file or field
    def __init__(self, reason: str, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


class Files:
    def __init__(self) -> None:
        self._texts: dict[Path, str | Unreadable] = {}

    @property
    def names(self) -> tuple[Path, ...]:
        """Absolute names of all files that were asked for, in that order."""
        return tuple(self._texts)

    def text(self, path: Path) -> str:
        """The contents without a byte order mark. Raises Unreadable with the reason in words."""
        path = path.absolute()
        if path not in self._texts:
            try:
                self._texts[path] = _read(path)
            except Unreadable as reason:
                self._texts[path] = reason
        found = self._texts[path]
        if isinstance(found, Unreadable):
            raise found
        return found

    def open_mode(self, path: Path) -> int | None:
        """The permission bits, when somebody but the owner has any; else None."""
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except (OSError, ValueError):
            return None
        return mode if mode & 0o077 else None


def _read(path: Path) -> str:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("is a folder, expected a file")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("is not an ordinary file")
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except PermissionError:
        raise Unreadable("may not be read by this user: check its owner and permissions") from None
    except (FileNotFoundError, NotADirectoryError):
        raise Unreadable("there is no such file", missing=True) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a file"
        raise Unreadable(f"cannot be read: {reason}") from None
    if len(data) > MAX_SIZE:
        raise Unreadable("is larger than 1 MiB: that is not a file of settings")
    return _decoded(data)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("is UTF-16: save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"is not UTF-8 (line {line}): save it as UTF-8") from None
