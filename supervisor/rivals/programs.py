"""What a process is by its command line: a tool that merely inherited a token, a wrapper, or a program of its own.

A guess by name, used in one direction only: to accuse fewer. Pure.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from supervisor.rivals.processes import Process

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "fish", "ksh", "mksh", "ash", "csh", "tcsh", "pwsh", "nu", "xonsh"})
"""Without a script they wait for a person; with one they are a program like any other."""

BYSTANDERS = frozenset(
    {
        # sessions, terminals, agents
        "init", "systemd", "login", "agetty", "su", "sudo", "doas", "sshd", "ssh", "mosh-server", "ssh-agent",
        "gpg-agent", "dbus-daemon", "tmux", "screen", "SCREEN", "zellij", "script", "ttyd",
        "gnome-terminal-server", "konsole", "kitty", "alacritty", "xterm",
        # keepers, which have what they were started with and hand it on
        "cron", "crond", "anacron", "atd", "supervisord", "supervisorctl", "pm2", "dockerd", "containerd",
        "containerd-shim-runc-v2", "docker", "docker-compose", "docker-proxy", "podman", "conmon", "runc", "botctl",
        # what people type
        "vi", "vim", "nvim", "nano", "emacs", "micro", "code", "code-server", "less", "more", "man", "tail", "cat",
        "top", "htop", "btop", "watch", "grep", "rg", "find", "ls", "ps", "git", "make", "rsync", "scp", "journalctl",
        "systemctl", "sleep", "strace", "gdb", "mc", "tee", "jq", "psql", "mysql", "sqlite3", "redis-cli",
    }
)  # fmt: skip
"""Programs that have tokens in their environment because somebody exported one, and that poll nothing."""

WRAPPERS = frozenset(
    {
        "npm", "npx", "yarn", "pnpm", "bunx", "nodemon", "uv", "uvx", "poetry", "pipenv", "pdm", "env", "nice",
        "nohup", "timeout", "setsid", "stdbuf", "runuser", "gosu", "su-exec", "tini", "dumb-init", "docker-init",
        "sudo", "doas", "su", "dotenv", "direnv", "flock", "chronic", "watchexec", "entr", "forever", "unbuffer",
    }
)  # fmt: skip
"""They start the program and wait for it, some again and again: shown by their child, ended with it."""

_INTERPRETERS = frozenset({"node", "nodejs", "bun", "deno", "python", "ruby", "perl", "php"})


def program_name(process: Process) -> str:
    """`npm` for `node /usr/bin/npm start`, `bash` for `-bash`: the name that people know it by."""
    if not process.argv or not process.argv[0]:
        return process.name
    first = _base(process.argv[0].split(" ")[0])
    if _family(first) in _INTERPRETERS:
        script = next((word for word in process.argv[1:] if not word.startswith("-")), "")
        known = _base(script).removesuffix("-cli.js").removesuffix(".js")
        if known in WRAPPERS or known in BYSTANDERS:
            return known
        if ("-m", "supervisor") in zip(process.argv[1:], process.argv[2:], strict=False):
            return "botctl"
    return first


def is_shell_without_script(process: Process) -> bool:
    """A shell that reads what a person types: `bash`, `-zsh`, `sh -i`."""
    if program_name(process) not in SHELLS:
        return False
    return not any(not word.startswith("-") for word in process.argv[1:])


def is_bystander(process: Process) -> bool:
    """True for what cannot be the poller whatever it has in its environment."""
    name = program_name(process)
    if is_god_daemon(process) or is_shell_without_script(process):
        return True
    return name in BYSTANDERS or name.rstrip(":") in BYSTANDERS or name.startswith("tmux")


def is_wrapper(process: Process) -> bool:
    """True for what only starts another program: `npm start`, `sh -c ...`, a shell running a start script."""
    name = program_name(process)
    return name in WRAPPERS or (name in SHELLS and not is_shell_without_script(process))


def is_god_daemon(process: Process) -> bool:
    """pm2's keeper names itself `PM2 v5.4.2: God Daemon (/home/bob/.pm2)`."""
    return bool(process.argv) and process.argv[0].startswith("PM2 ") and "God Daemon" in process.argv[0]


def _base(path: str) -> str:
    return PurePosixPath(path).name.removeprefix("-")


def _family(name: str) -> str:
    """`python3.11` is a `python`."""
    return name.rstrip("0123456789.")
