"""Tokens in the git history of the bots' folders, read by `git log -G` with a deadline.

git is asked for the bot ids, which are public; the secrets it prints are compared here. It runs with nothing of the
repository's own settings that starts programs or goes to the network: a bot's folder may belong to somebody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.doctor.files import Search
from supervisor.doctor.leaks import Known, Leak, Place

SECONDS = 8.0
"""For one repository; `git log -G` reads some ten thousand commits a second of small files."""
AT_ONCE = 2
Take = Callable[[bytes], None]
_BLOCK = 64 * 1024
_LINE = 1024 * 1024
_OVERLAP = 128
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")


async def search_git(folders: Iterable[Path], known: Known, environ: Mapping[str, str]) -> Search:
    """All repositories that hold one of `folders`, each read once."""
    search = Search(Place.GIT, "git: these bots lie in no repository of it")
    if not shutil.which("git"):
        search.unread.append("git is not installed: histories were not read")
        return search
    git = _Git({key: value for key, value in environ.items() if not key.startswith("GIT_")})
    tops: dict[Path, None] = {}
    for folder in dict.fromkeys(folders):
        top, complaint = await git.top(folder)
        if top is not None:
            tops[top] = None
        elif complaint:
            search.unread.append(f"the history of {folder} was not read: {complaint}")
    if tops:
        search.looked = f"the git history of {', '.join(map(str, list(tops)[:3]))}{' ...' if len(tops) > 3 else ''}"
    gate = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_search_one(git, top, known, search, gate) for top in tops))
    return search


async def _search_one(git: _Git, top: Path, known: Known, search: Search, gate: asyncio.Semaphore) -> None:
    async with gate:
        reading = _Reading(known)
        complaint = await git.read_history(top, sorted(known.ids), reading)
        remotes = await git.remotes(top) if reading.found else ()
    if complaint:
        search.unread.append(f"the history of {top} was not read to its end: {complaint}")
    copied = f", and was or can be pushed to {remotes[0]}" if remotes else ""
    for (bot_id, current), where in reading.found.items():
        place = f"the git history of {top} ({where}{copied})"
        remedy = f"git -C {top} log --all -G '{bot_id}:' --oneline"
        search.leaks.append(Leak(bot_id, Place.GIT, place, current, bool(remotes), remedy))


@dataclass(slots=True)
class _Reading:
    """Takes in the output of git line by line; remembers where a bot's token was met, newest first."""

    known: Known
    found: dict[tuple[int, bool], str] = field(default_factory=dict)
    _commit: str = ""
    _file: str = ""

    def take(self, line: bytes) -> None:
        if line.startswith(b"\0"):
            self._commit = line[1:].decode("ascii", "replace")
        elif line.startswith(b"+++ ") or (line.startswith(b"--- ") and line[4:] != b"/dev/null"):
            name = line[4:].decode(errors="replace").partition("\t")[0]
            self._file = name[2:] if name.startswith(("a/", "b/")) else self._file
        elif line.startswith((b"+", b"-")):
            for bot_id, current in self.known.found_in(line).items():
                self.found.setdefault((bot_id, current), f"{self._file} in commit {self._commit}")


class _Git:
    """git with a deadline; `environ` without what would lead it elsewhere."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ) | {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "LC_ALL": "C",
        }

    async def top(self, folder: Path) -> tuple[Path | None, str]:
        """The work tree that `folder` lies in; or None, and git's complaint where there may be one all the same."""
        lines: list[bytes] = []
        complaint = await self._run(folder, ["rev-parse", "--show-toplevel"], lines.append)
        if not complaint and lines:
            return Path(os.fsdecode(lines[0])), ""
        return None, "" if re.search("not a git repository|cannot change to", complaint) else complaint

    async def remotes(self, top: Path) -> tuple[str, ...]:
        """Names only: addresses may hold passwords."""
        lines: list[bytes] = []
        await self._run(top, ["remote"], lines.append)
        return tuple(line.decode(errors="replace") for line in lines)

    async def read_history(self, top: Path, ids: Sequence[int], reading: _Reading) -> str:
        pattern = f"({'|'.join(map(str, ids))})(:|%3[Aa])[A-Za-z0-9_-]{{30}}"
        words = ["log", "--all", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes",
                 "--text", "-p", "-U0", "-G", pattern, "--format=%x00%h"]  # fmt: skip
        return await self._run(top, words, reading.take)

    async def _run(self, folder: Path, words: Sequence[str], take: Take) -> str:
        """Hand each line to `take`; "" or why it did not end well."""
        try:
            process = await asyncio.create_subprocess_exec(
                "git", "--no-pager", *_SAFE, "-C", str(folder), *words,
                env=self._environ, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            return f"git could not be started: {error.strerror}"
        said: list[bytes] = []
        try:
            async with asyncio.timeout(SECONDS):
                await asyncio.gather(_each_line(process.stdout, take), _each_line(process.stderr, said.append))
                await process.wait()
        except TimeoutError:
            return f"not within {SECONDS:g} s"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return said[0].decode(errors="replace") if process.returncode and said else ""


async def _each_line(stream: asyncio.StreamReader | None, take: Take) -> None:
    """Lines of any length: of one too long to be held, pieces that overlap, each marked like its beginning."""
    rest = b""
    while stream is not None and (block := await stream.read(_BLOCK)):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            take(line)
        if len(rest) > _LINE:
            take(rest)
            rest = rest[:1] + rest[-_OVERLAP:]
    if rest:
        take(rest)
