"""When a bot's `setup` must run again: its words, the interpreter, or the content of a file it names have changed.

Decides which files count and sums them up; it runs nothing and keeps nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from supervisor.model.bots import RunSpec

_PYTHON = re.compile(r"(?:^|[\s/;&|('\"])(?:python|pypy|pip|poetry|pipenv|uv\s+pip)[\d.]*(?=\s|$|['\");&|])")
_VERSIONED = re.compile(r"(?:python|pypy)\d+\.\d+$")
_INCLUDE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]?\s*(\S+)")
_BY_PROGRAM = {
    "npm": ("package.json", "package-lock.json", "npm-shrinkwrap.json"),
    "pnpm": ("package.json", "pnpm-lock.yaml"),
    "yarn": ("package.json", "yarn.lock"),
    "bun": ("package.json", "bun.lock", "bun.lockb"),
    "poetry": ("pyproject.toml", "poetry.lock"),
    "pipenv": ("Pipfile", "Pipfile.lock"),
    "uv": ("pyproject.toml", "uv.lock"),
    "go": ("go.mod", "go.sum"),
    "bundle": ("Gemfile", "Gemfile.lock"),
    "composer": ("composer.json", "composer.lock"),
}
_OF_PACKAGE = ("pyproject.toml", "setup.py", "setup.cfg")
_DEEPEST = 10


def wants_venv(spec: RunSpec) -> bool:
    """A Python bot, by the words of its command or its setup. `uv sync` makes its own folder and needs none."""
    return bool(spec.setup) and any(_PYTHON.search(" ".join(words)) for words in (spec.command, spec.setup or ()))


def interpreter(spec: RunSpec, search: str) -> str:
    """The Python to make the venv from: the command's if it names one exactly, else the supervisor's own."""
    program = spec.command[0]
    if _VERSIONED.search(program) or (program.startswith("/") and Path(program).name.startswith(("python", "pypy"))):
        found = program if program.startswith("/") else shutil.which(program, path=search)
        if found:
            return found
    return sys.executable


def identity(program: str) -> str:
    """Changes when the interpreter at this path is replaced by another one."""
    real = os.path.realpath(program)
    try:
        found = os.stat(real)  # noqa: PTH116
    except OSError:
        return real
    return f"{real} {found.st_size} {found.st_mtime_ns}"


def digest(spec: RunSpec) -> str:
    """Of everything but the interpreter."""
    total = hashlib.sha256(json.dumps([spec.setup, str(spec.cwd), spec.user]).encode())
    total.update(json.dumps(sorted(_public(spec.env).items())).encode())
    for path in sorted(_files(spec)):
        total.update(f"\0{path}\0".encode())
        try:
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        except OSError:
            total.update(b"unreadable")
    return total.hexdigest()


def _public(env: Mapping[str, str]) -> dict[str, str]:
    """Of the bot's own variables only those that steer an installation; ADMIN_ID is no reason to install again."""
    return {name: value for name, value in env.items() if name.startswith(("PIP_", "NPM_CONFIG_", "UV_", "NODE_ENV"))}


def _files(spec: RunSpec) -> set[Path]:
    words = [word for part in spec.setup or () for word in re.split(r"[\s;&|]+", part) if word]
    found: set[Path] = set()
    for word in words:
        found.update(spec.cwd / name for name in _BY_PROGRAM.get(Path(word).name, ()))
        for name in {word, word.partition("=")[2], word.removeprefix("-r"), word.partition("[")[0]}:
            found |= _named(spec.cwd, name)
    return {path for path in found if path.is_file()}


def _named(cwd: Path, name: str) -> set[Path]:
    path = cwd / name
    try:
        if name and path.is_dir():
            return {path / part for part in _OF_PACKAGE}
        return _with_included([path]) if name and path.is_file() else set()
    except OSError:  # longer than a name can be: part of a script, not a file
        return set()


def _with_included(paths: Iterable[Path], depth: int = 0) -> set[Path]:
    """Requirement files name others, relative to themselves (pip's `-r` and `-c` lines)."""
    found = set(paths)
    if depth >= _DEEPEST:
        return found
    for path in paths:
        if path.suffix not in (".txt", ".in"):
            continue
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        named = [path.parent / match[1] for line in lines if (match := _INCLUDE.match(line))]
        fresh = [name for name in named if name.is_file() and name not in found]
        found |= _with_included(fresh, depth + 1)
    return found
