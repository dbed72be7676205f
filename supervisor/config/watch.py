"""Says "the files of the configuration changed", debounced; never reads them.

Folders are watched and not files, because editors replace files, Kubernetes swaps a link beside them (`..data`),
and a watch on a file keeps its old inode. What woke us does not matter: a change is a difference between two looks
at the named files (inode, size, times), so nothing depends on which events a platform reports. A look every few
seconds catches what no event told: a folder that came back between two watches, a mount without events.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TypeAlias

from watchfiles import awatch
from watchfiles.main import FileChange

_LOOK_EVERY_MS = 2000
_QUIET_MS = 200
_LONGEST_MS = 1000
_POLL_MS = 1000

Look: TypeAlias = dict[Path, tuple[int, ...] | None]


def changes(files: Callable[[], Iterable[Path]]) -> AsyncIterator[None]:
    """Yields once after every change of one of `files()`, birth and death included. The names are asked for anew
    after each yield. Counts from the moment of this call, not from the first `anext`."""
    return _follow(files, _look(files()))


async def _follow(files: Callable[[], Iterable[Path]], seen: Look) -> AsyncIterator[None]:
    names = tuple(files())
    while True:
        folders = _folders(names)
        async with aclosing(_wakes(tuple(folders))) as wakes:
            async for _ in wakes:
                now = _look(names)
                if now != seen:
                    yield None
                    names = tuple(files())
                    # Old names count from before the reader read: what changed while it did is news again.
                    seen = {name: now.get(name, look) for name, look in _look(names).items()}
                if _folders(names) != folders:
                    break


async def _wakes(folders: tuple[Path, ...]) -> AsyncGenerator[None, None]:
    """Once at the start, whenever something happens in one of `folders`, and every few seconds in any case.
    Ends when the folders cannot be watched (any more)."""
    yield None
    for force_polling in (None, True):
        try:
            async with aclosing(_events(folders, force_polling)) as events:
                async for _ in events:
                    yield None
        except FileNotFoundError:
            break  # a folder vanished before it was watched
        except (OSError, RuntimeError):
            continue  # no inotify here, or all of its watches are taken: look at the folders instead
    await asyncio.sleep(_LOOK_EVERY_MS / 1000)


def _events(folders: tuple[Path, ...], force_polling: bool | None) -> AsyncGenerator[set[FileChange], None]:
    return awatch(
        *folders,
        watch_filter=None,
        debounce=_LONGEST_MS,
        step=_QUIET_MS,
        rust_timeout=_LOOK_EVERY_MS,
        yield_on_timeout=True,
        recursive=False,
        force_polling=force_polling,
        poll_delay_ms=_POLL_MS,
    )


def _look(names: Iterable[Path]) -> Look:
    look: Look = {}
    for name in names:
        try:
            status = name.stat()
            look[name] = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        except (OSError, ValueError):
            look[name] = None
    return look


def _folders(names: Iterable[Path]) -> dict[Path, int]:
    """The folders where news of `names` shows, with their inodes: one that was made anew must be watched anew.
    (Where a file system gives the old number again at once, only the look every few seconds remains.)"""
    folders: dict[Path, int] = {}
    for name in names:
        for wanted in (name.absolute().parent, Path(os.path.realpath(name)).parent):
            for folder in (wanted, *wanted.parents):
                try:
                    folders[folder] = folder.stat().st_ino
                    break
                except (OSError, ValueError):
                    continue
    return folders
