"""The slow half of scripts/setup: makes .venv hold what a lock file says, each file checked against its hash.

Standard library only, any Python from 3.11 on. It refuses to know when it is needed: scripts/setup compares. uv
installs where it is there and works, the venv and pip of Python itself otherwise. The project is not built: .venv
gets a path to its folder and a launcher for `botctl`, so that nothing beyond the lock has to be fetched.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAUNCHER = """\
#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import sys

from supervisor.__main__ import main

main()
"""
"""Shell and Python at once: a plain #! line cannot hold a path with spaces, or a long one."""


class SetupError(Exception):
    """What went wrong and what to do about it, for people."""


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Wait until no other set-up of this folder is under way; the kernel ends the claim of a process that dies."""
    folder = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this folder is under way, waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class Environment:
    """The virtual environment `root`/.venv and the record of what it was made from."""

    def __init__(self, root: Path, dev: bool) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.record = self.venv / ".installed"
        self.dev = dev or (self.record / "dev").exists()  # a .venv with the tools in it keeps them
        self.lock = root / ("requirements-dev.lock" if self.dev else "requirements.lock")

    def wanted(self) -> dict[str, str]:
        """What scripts/setup compares, by file name; `dev` is there or not."""
        record = {
            "lock": self.lock.read_text(),
            "installer": Path(__file__).read_text(),
            "root": f"{self.root}\n",
            "python": f"{version(self.python)}\n",
        }
        return record | ({"dev": ""} if self.dev else {})

    def is_ready(self) -> bool:
        """Whether another set-up did this work while we waited for it."""
        if not self.record.is_dir() or not self.is_usable():
            return False
        return self.wanted() == {file.name: file.read_text() for file in self.record.iterdir()}

    def is_usable(self) -> bool:
        """Whether .venv can be updated in place: it runs, was not moved here, and is of the Python asked for."""
        has = version(self.python)
        grown = not (
            self.venv / "lib" / f"python{'.'.join(has.split('.')[:2])}"
        ).is_dir()  # 3.11 became 3.12 below it
        moved = (self.record / "root").is_file() and (self.record / "root").read_text() != f"{self.root}\n"
        return not (grown or moved) and (has == sys.version or not os.environ.get("PYTHON"))

    def forget(self) -> None:
        """What is there stops being what the record says, from now until `finish`."""
        (self.record / "lock").unlink(missing_ok=True)

    def finish(self) -> None:
        """Add the project itself, then write the record, by a rename: half a record is none."""
        (library,) = self.venv.glob("lib/python3.*/site-packages")
        (library / "telegram_bot_supervisor.pth").write_text(f"{self.root}\n")
        launcher = self.venv / "bin" / "botctl"
        launcher.write_text(LAUNCHER.format(python=quoted(str(self.python))))
        launcher.chmod(0o755)
        new = self.venv / ".installed.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for name, text in self.wanted().items():
            (new / name).write_text(text)
        shutil.rmtree(self.record, ignore_errors=True)
        new.rename(self.record)


def quoted(path: str) -> str:
    """`path` as one word of the shell that is, between two ''' of Python, harmless text as well."""
    for special in '\\"$`':
        path = path.replace(special, f"\\{special}")
    return f'"{path}"'


def version(python: Path) -> str:
    """`sys.version` of an interpreter; "" if it does not run."""
    try:
        command = [str(python), "-I", "-S", "-c", "import sys; print(sys.version)"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.removesuffix("\n")
    except (OSError, subprocess.CalledProcessError):
        return ""


def run(*command: str | Path) -> None:
    """Run an installer; its own words are shown only when it fails. Raises SetupError."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    # A user's habit (`pip install --user` by default, say) must not lead a package elsewhere.
    clean |= {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    try:
        done = subprocess.run(
            command, env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise SetupError(f"cannot run {command[0]}: {error}") from error
    if done.returncode:
        words = (done.stdout + done.stderr).strip()
        raise SetupError(f"{' '.join(map(str, command))} failed with exit code {done.returncode}:\n{words}")


def base_python() -> str:
    """The interpreter below any virtual environment: the one that runs this may be the .venv that must go."""
    return str(getattr(sys, "_base_executable", sys.executable))


def with_uv(uv: str, env: Environment) -> None:
    if not env.is_usable():
        shutil.rmtree(env.venv, ignore_errors=True)
        run(uv, "venv", "--quiet", "--no-project", "--python", base_python(), env.venv)
    run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", env.python, env.lock)


def with_pip(env: Environment) -> None:
    try:
        run(env.python, "-m", "pip", "--version")
        usable = env.is_usable()
    except SetupError:
        usable = False  # made by uv, which puts no pip in, or not made at all
    if not usable:
        try:
            run(base_python(), "-m", "venv", "--clear", env.venv)
        except SetupError as error:
            raise SetupError(f"{error}\non Debian and Ubuntu: apt install python3-venv, then try again") from error
    run(env.python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", env.lock)


def working_uv() -> str | None:
    """uv, if it is there and starts: a version manager's shim may be all there is."""
    uv = shutil.which("uv")
    try:
        run(uv or "uv", "--version")
    except SetupError:
        return None
    return uv


def install(env: Environment) -> None:
    """Put the lock's packages into .venv, whichever way works here. Raises SetupError."""
    uv = working_uv()
    if uv:
        say(f"installing {env.lock.name} into .venv with uv")
        try:
            with_uv(uv, env)
        except SetupError as error:
            say(f"uv did not do it, so pip will: {error}")
        else:
            return
    say(f"installing {env.lock.name} into .venv with pip; the first time takes about a minute")
    with_pip(env)


def main() -> int:
    root = Path(sys.argv[1])
    try:
        with only_one(root):
            env = Environment(root, dev=sys.argv[2] == "yes")
            if not env.is_ready():
                env.forget()
                install(env)
                env.finish()
                say("done")
    except SetupError as error:
        say(f"{error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next set-up goes on from here")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
