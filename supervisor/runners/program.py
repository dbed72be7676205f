"""Finding the program of a command, and saying in plain words why it cannot be started."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from supervisor.errors import StartRefused

_HEAD = 256
_NATIVE = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xce\xfa\xed\xfe")
_PASSING = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY, errno.EIO, errno.EINTR}


@dataclass(frozen=True, slots=True)
class Program:
    """`kernel_knows`: a native binary or a script with an existing interpreter; others only exec itself can judge."""

    name: str
    path: str
    kernel_knows: bool


def find_program(name: str, cwd: Path, environ: Mapping[str, str]) -> Program:
    """As exec would find it with this folder and PATH. Raises StartRefused, permanent, with what to mend."""
    try:
        return _find(name, cwd, environ)
    except (OSError, ValueError) as error:  # a folder that may not be searched, a name that is too long
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StartRefused(f"{name[:200]!r} in {cwd}: {reason}", permanent=True) from None


def _find(name: str, cwd: Path, environ: Mapping[str, str]) -> Program:
    if not cwd.is_dir():
        what = "is not a folder" if cwd.exists() else "does not exist"
        raise StartRefused(f"the folder {cwd} {what}; mend `cwd`", permanent=True)
    if "/" in name:
        path = str(cwd / name)
        if not Path(path).exists():
            raise StartRefused(f"command not found: {name} (there is no {path})", permanent=True)
    else:
        path = _search(name, cwd, environ.get("PATH", os.defpath))
    if Path(path).is_dir():
        raise StartRefused(f"{name} is a folder, not a program", permanent=True)
    if not os.access(path, os.X_OK, effective_ids=True):
        raise StartRefused(
            f"{path} is not executable: chmod +x it, or name its interpreter (python {name})", permanent=True
        )
    return Program(name, path, _judge(name, path))


def _search(name: str, cwd: Path, search: str) -> str:
    folders = [str(cwd / folder) for folder in search.split(os.pathsep)]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found:
        return found
    if any((Path(folder) / name).is_file() for folder in folders):
        raise StartRefused(f"{name} was found but is not executable: chmod +x it", permanent=True)
    beside = f"; did you mean ./{name}?" if (cwd / name).is_file() else ""
    raise StartRefused(f"command not found: {name} (looked in PATH={search}){beside}", permanent=True)


def _judge(name: str, path: str) -> bool:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            return False
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(_HEAD)
    except OSError:  # executable but not readable is a thing
        return False
    if head.startswith(_NATIVE):
        return True
    if not head.startswith(b"#!"):
        return False
    line = head.partition(b"\n")[0]
    # Split as the kernel does: a carriage return belongs to the name.
    words = line[2:].replace(b"\t", b" ").split(b" ")
    interpreter = os.fsdecode(next(filter(None, words), b""))
    if interpreter and not Path(interpreter).exists():
        hint = " (it has Windows line ends: convert it with dos2unix)" if line.endswith(b"\r") else ""
        interpreter = interpreter.removesuffix("\r")
        raise StartRefused(f"{name}: its #! line names {interpreter}, which is not to be found{hint}", permanent=True)
    return bool(interpreter)


def refusal(error: Exception, program: Program, cwd: Path, user: str | None) -> StartRefused:
    """What an error of fork or exec means for the one who wrote the command."""
    number = error.errno if isinstance(error, OSError) else None
    permanent = number is not None and number not in _PASSING
    whom = f" as user {user}" if user else ""
    if isinstance(error, ValueError):  # an embedded NUL, mostly
        return StartRefused(f"{program.name} cannot be started: {error}", permanent=True)
    if number is None:
        return StartRefused(f"{program.name} could not be started: {type(error).__name__}", permanent=False)
    if number == errno.ENOEXEC:
        reason = f"{program.path} cannot be executed: is it missing a #! line?"
    elif number == errno.E2BIG:
        reason = f"{program.name}: its arguments and environment are too long for this system"
    elif number in (errno.EACCES, errno.EPERM):
        culprit = cwd if getattr(error, "filename", None) == str(cwd) else program.path
        reason = f"no permission to use {culprit}{whom}"
    else:
        reason = f"{program.path} could not be started{whom}: {os.strerror(number)}"
    return StartRefused(reason, permanent=permanent)
