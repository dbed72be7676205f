"""Reads the text files of a bot's folder, within limits, and says when the limits cut it short.

Follows no symbolic links, opens nothing that could block (a FIFO, a device), and does not know what is in a file.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SKIP = frozenset(
    [
        "node_modules",
        "bower_components",
        "vendor",
        "site-packages",
        "venv",
        "env",
        "virtualenv",
        "__pycache__",
        "dist",
        "build",
        "out",
        "target",
        "coverage",
        "bin",
        "obj",
    ]
)
READ = frozenset(
    [
        ".py",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".mts",
        ".cts",
        ".tsx",
        ".jsx",
        ".go",
        ".php",
        ".rb",
        ".java",
        ".kt",
        ".rs",
        ".cs",
        ".sh",
        ".json",
        ".yml",
        ".yaml",
        ".toml",
    ]
)
NAMED = frozenset(["Procfile", "Dockerfile", "Containerfile"])


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read: directory entries looked at, files, bytes of one and of all, folders deep, seconds."""

    entries: int = 100_000
    files: int = 2_000
    file_bytes: int = 512 * 1024
    all_bytes: int = 16 * 1024 * 1024
    depth: int = 8
    seconds: float = 3.0


class Walk:
    """One walk; `cut` afterwards says in words which limits ended it, if any."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._ends = time.monotonic() + limits.seconds
        self._entries = 0
        self.cut: dict[str, None] = {}

    @property
    def late(self) -> bool:
        if time.monotonic() < self._ends:
            return False
        self.cut[f"reading stopped after {self._limits.seconds:g} s"] = None
        return True

    def texts(self) -> Iterator[tuple[str, str]]:
        """Path relative to the folder, and text; what lies near the top comes first."""
        files = total = 0
        for path in self._paths():
            if self.late:
                return
            if files >= self._limits.files or total >= self._limits.all_bytes:
                self.cut[f"only the first {files} files were read"] = None
                return
            text = self._text(path)
            if text is not None:
                files, total = files + 1, total + len(text)
                yield path.relative_to(self._folder).as_posix(), text

    def _paths(self) -> Iterator[Path]:
        level = [self._folder]
        for _ in range(self._limits.depth):
            deeper: list[Path] = []
            for folder in level:
                files, folders = self._list(folder)
                yield from files
                deeper += folders
            level = deeper
        if level:
            self.cut[f"nothing was read more than {self._limits.depth} folders deep"] = None

    def _list(self, folder: Path) -> tuple[list[Path], list[Path]]:
        files, folders = [], []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._entries += 1
                    if self._entries > self._limits.entries or self.late:
                        self.cut[f"only the first {self._limits.entries} entries were looked at"] = None
                        break
                    if entry.name.startswith("."):
                        continue
                    if entry.is_file(follow_symlinks=False) and _wanted(entry.name):
                        files.append(folder / entry.name)
                    elif entry.is_dir(follow_symlinks=False) and entry.name not in SKIP:
                        folders.append(folder / entry.name)
        except OSError as problem:
            self.cut[f"{folder.name}: {problem.strerror}"] = None
        return sorted(files), sorted(path for path in folders if not (path / "pyvenv.cfg").exists())

    def _text(self, path: Path) -> str | None:
        """The text, or None: not a regular file, too large to be source, or not text."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as problem:
            self.cut[f"{path.relative_to(self._folder).as_posix()}: {problem.strerror}"] = None
            return None
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode) or about.st_size > self._limits.file_bytes:
                return None
            data = file.read(self._limits.file_bytes + 1)
        if b"\0" in data[:8192]:
            return None
        return data.decode("utf-8", errors="replace")


def _wanted(name: str) -> bool:
    path = Path(name)
    if name.endswith((".min.js", ".bundle.js", ".d.ts", "package-lock.json", "tsconfig.json")):
        return False
    return path.suffix.lower() in READ or name.split(".", 1)[0] in NAMED
