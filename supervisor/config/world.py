"""What a bot's wishes meet on this machine: folders, programs, virtual environments, users.

Each question is answered in words or with None for "nothing is wrong". Asks the file system only; starts nothing
and changes nothing.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

_INTERPRETER = re.compile(r"python[0-9.]*|node|bun|php|ruby|perl")
_SCRIPT = re.compile(r"[^-].*\.(py|js|mjs|cjs|php|rb|pl)")


def wrong_with_folder(path: Path, written: str) -> str | None:
    if _holds(path, Path.is_dir):
        return None
    if _holds(path, Path.exists):
        return f"{written} is a file, expected a folder"
    if written.startswith("~"):
        return f"there is no folder {written}: ~ means nothing here, write ${{HOME}}{written[1:]}"
    return f"there is no folder {written} (looked for {path})"


def wrong_with_venv(venv: Path, written: str) -> str | None:
    """A venv is a folder with bin/python in it; what is left of one is told apart from what never was one."""
    remedy = f"make it anew: python3 -m venv {written}"
    python = venv / "bin" / "python"
    if _holds(python, Path.is_file):
        return None
    if not _holds(venv, Path.is_dir):
        return f"there is no virtual environment {written} ({remedy}; or leave the key out)"
    if _holds(python, Path.is_symlink):
        gone = python.readlink()
        return f"{written} is a venv whose interpreter vanished (bin/python leads to {gone}): {remedy}"
    if _holds(venv / "Scripts", Path.is_dir):
        return f"{written} was made on Windows: {remedy}"
    if _holds(venv / "pyvenv.cfg", Path.is_file):
        return f"{written} is a venv whose interpreter vanished (it has no bin/python): {remedy}"
    return f"{written} is no virtual environment (it has no bin/python): {remedy}"


def find_venv(cwd: Path, command: Sequence[str]) -> Path | None:
    """`.venv` or `venv` in the working folder, else beside the script; also one whose interpreter is gone."""
    script = next((word for word in command if word.endswith(".py")), None)
    folders = [cwd] if script is None else [cwd, (cwd / script).parent]
    for folder in folders:
        for name in (".venv", "venv"):
            venv = folder / name
            if _holds(venv / "bin" / "python", Path.is_file) or _holds(venv / "pyvenv.cfg", Path.is_file):
                return venv
    return None


def wrong_with_program(program: str, cwd: Path, path: str) -> str | None:
    """`program` as the run will look for it: with a slash from `cwd`, without one on `path`."""
    if "/" in program:
        file = cwd / program
        if not _holds(file, Path.exists):
            return f"there is no program {program} (looked for {file})"
        if not _holds(file, Path.is_file):
            return f"{program} is not a program but a folder"
        if not os.access(file, os.X_OK, effective_ids=True):
            return f"{program} may not be executed: chmod +x {program}{_by_interpreter(program)}"
        return None
    if shutil.which(program, path=path):
        return None
    if _holds(cwd / program, Path.is_file):
        remedy = f"write ./{program}{_by_interpreter(program)}"
        return f"there is no program {program} on the PATH, only a file here: {remedy}"
    return f"there is no program {program} on the PATH: install it, or write where it is"


def _by_interpreter(program: str) -> str:
    suffix = program.rpartition(".")[2]
    interpreter = {"py": "python", "js": "node", "mjs": "node", "sh": "sh"}.get(suffix)
    return f", or {interpreter} {program}" if interpreter else ""


def missing_script(command: Sequence[str], cwd: Path) -> str | None:
    """The script an interpreter is given as its first argument, when it is not there."""
    if len(command) < 2 or not _INTERPRETER.fullmatch(command[0].rpartition("/")[2]):
        return None
    if not _SCRIPT.fullmatch(command[1]) or _holds(cwd / command[1], Path.exists):
        return None
    return f"there is no file {command[1]} (looked for {cwd / command[1]})"


def wrong_with_user(user: str) -> str | None:
    try:
        pwd.getpwuid(int(user)) if re.fullmatch(r"[0-9]{1,9}", user) else pwd.getpwnam(user)
    except (KeyError, ValueError, OverflowError):
        return f"there is no user {user} on this machine"
    return None


def may_become(user: str) -> bool:
    """Whether this process can start programs as `user` (by name or number)."""
    if os.geteuid() == 0 or user == str(os.geteuid()):
        return True
    try:
        return user == pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # in a container we may be a number without a name
        return False


def _holds(path: Path, question: Callable[[Path], bool]) -> bool:
    """A question to the file system, where names too long or otherwise impossible are simply not there."""
    try:
        return question(path)
    except (OSError, ValueError):
        return False
