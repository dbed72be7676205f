"""What a control group's path says of a process: its systemd unit, its container. Pure; see cgroups(7).

Both versions of cgroups are read: `0::/system.slice/x.service`, `1:name=systemd:/system.slice/x.service`,
`/docker/<id>`, `/system.slice/docker-<id>.scope`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONTAINER = re.compile(
    r"(?:/docker/|/docker-|/libpod-|/cri-containerd-|/crio-)([0-9a-f]{64})(?=\.scope|/|$)", re.MULTILINE
)
_USER = re.compile(r"/user@(\d+)\.service/")

# Units that hold what other keepers or people started in them. To disable one of these would be a disaster.
_HOSTS_OF_OTHERS = re.compile(
    r"(user@\d+|docker|containerd|podman|cron|crond|atd|ssh|sshd|sshd@.*|getty@.*|serial-getty@.*|console-getty|"
    r"systemd-.*|dbus|dbus-broker|supervisor|supervisord|pm2-.*|tmux.*|gnome-.*|org\.gnome\..*|plasma.*|"
    r"display-manager|gdm\d?|lightdm|sddm|kubelet|snapd|rc-local|cloud-.*)\.service"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd service; `uid` is its user's for one of a user's own manager, None for one of the system."""

    name: str
    uid: int | None = None


def unit_in(cgroup: str) -> Unit | None:
    """The unit that keeps it, from the text of /proc/PID/cgroup; None for sessions and for hosts of others."""
    for line in cgroup.splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers not in ("", "name=systemd"):
            continue
        services = [part for part in path.split("/") if part.endswith(".service")]
        if not services or path.endswith(".scope"):
            continue
        user = _USER.search(path)
        if not _HOSTS_OF_OTHERS.fullmatch(services[-1]):
            return Unit(_unescaped(services[-1]), int(user[1]) if user else None)
    return None


def container_in(cgroup: str) -> str:
    """The full id of its container, or ""."""
    found = _CONTAINER.findall(cgroup)
    return found[-1] if found else ""


def _unescaped(name: str) -> str:
    """systemd puts `_` before a name that the kernel would take for its own file."""
    return name.removeprefix("_")
