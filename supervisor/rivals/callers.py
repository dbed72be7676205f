"""Which processes hold an open connection to a given server; read in each one's own network namespace."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

Address = tuple[str, int]
"""An IP address as text, and a port."""

_ESTABLISHED = "01"
_SAMPLES = 3
_PAUSE = 0.1
"""Seconds between samples: a library without keep-alive is between two polls for some milliseconds."""


def connected_pids(pids: Iterable[int], addresses: frozenset[Address]) -> set[int]:
    """Those with a connection to one of `addresses`; blocks for up to 0.2 s when there are some without.

    What belongs to somebody else and may not be read counts as not connected.
    """
    wanted = set(pids)
    found: set[int] = set()
    for sample in range(_SAMPLES if addresses and wanted else 0):
        if sample:
            time.sleep(_PAUSE)
        found |= {pid for pid in wanted - found if _is_connected(pid, addresses)}
        if found == wanted:
            break
    return found


def _is_connected(pid: int, addresses: frozenset[Address]) -> bool:
    if sys.platform != "linux":
        return _psutil_connected(pid, addresses)
    sockets = _sockets(pid)
    return bool(sockets) and any(
        inode in sockets for table in ("tcp", "tcp6") for inode in _inodes_to(f"/proc/{pid}/net/{table}", addresses)
    )


def _sockets(pid: int) -> set[str]:
    """Inode numbers of its sockets."""
    found = set()
    try:
        for entry in os.scandir(f"/proc/{pid}/fd"):
            try:
                link = os.readlink(entry.path)  # noqa: PTH115 - the hot path
            except OSError:
                continue
            if link.startswith("socket:["):
                found.add(link[8:-1])
    except OSError:
        pass
    return found


def _inodes_to(table: str, addresses: frozenset[Address]) -> list[str]:
    """Of established connections to `addresses`; proc_net_tcp(5): rem_address is the 3rd field, inode the 10th."""
    try:
        lines = Path(table).read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [row[9] for row in rows if row[3] == _ESTABLISHED and parse_address(row[2]) in addresses]


def parse_address(text: str) -> Address:
    """`0100007F:1F90` is 127.0.0.1:8080: words of four bytes in this machine's order, the port as it is read."""
    host, _, port = text.partition(":")
    raw = bytes.fromhex(host)
    if sys.byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return plain(ipaddress.ip_address(raw)), int(port, 16)


def plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """An IPv4 address as such also where a socket shows it as `::ffff:127.0.0.1`."""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _psutil_connected(pid: int, addresses: frozenset[Address]) -> bool:
    import psutil

    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return False
    return any(
        each.status == psutil.CONN_ESTABLISHED and each.raddr and (each.raddr.ip, each.raddr.port) in addresses
        for each in connections
    )
