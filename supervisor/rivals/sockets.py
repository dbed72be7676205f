"""What the Linux kernel tells of TCP connections: when each last sent and last received data.

Asked of NETLINK_SOCK_DIAG (linux/inet_diag.h, struct tcp_info of linux/tcp.h), which answers any user, for the
network namespace of the caller only. A client that sent later than it received has a request that waits; so it
can be seen from outside, also through TLS, without reading a byte. Knows nothing of bots.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
_ERROR, _DONE = 2, 3
_ESTABLISHED = 1
_INFO = 2  # INET_DIAG_INFO
_DEADLINE = 2.0

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Traffic:
    """When a connection last `sent` and last `received` data, in seconds of time.monotonic(); whether it `waits`
    for an answer. On a new connection the times are those of its opening, and say nothing before data went in."""

    sent: float
    received: float
    waits: bool


def plain(address: str) -> str:
    """The address in one spelling; an IPv4 address that a dual-stack socket wears as IPv6 is undressed."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


def traffic() -> dict[tuple[Endpoint, Endpoint], Traffic]:
    """Every established connection of this network namespace, by (local, remote). Raises OSError where the kernel
    does not tell: not Linux, or netlink is forbidden."""
    found = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        for message in _dump(family):
            told = _read(family, message)
            found[told[0]] = told[1]
    return found


def _dump(family: int) -> Iterator[bytes]:
    if not hasattr(socket, "AF_NETLINK"):
        raise OSError("only Linux tells when a connection was last used")
    body = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 1 << (_INFO - 1), 1 << _ESTABLISHED) + bytes(48)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as netlink:
        netlink.settimeout(_DEADLINE)
        netlink.send(struct.pack("=IHHII", 16 + len(body), _BY_FAMILY, _REQUEST_DUMP, 1, 0) + body)
        while True:
            data = netlink.recv(1 << 18)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError(-struct.unpack_from("=i", data, 16)[0], "the kernel refused to list connections")
                yield data[16:length]
                data = data[(length + 3) & ~3 :]


def _read(family: int, message: bytes) -> tuple[tuple[Endpoint, Endpoint], Traffic]:
    """struct inet_diag_msg, then attributes; of tcp_info last_data_sent, last_data_recv, data_segs_in and _out."""
    size = 4 if family == socket.AF_INET else 16
    ports = struct.unpack_from("!HH", message, 4)
    here = plain(socket.inet_ntop(family, message[8 : 8 + size]))
    there = plain(socket.inet_ntop(family, message[24 : 24 + size]))
    rest = message[72:]
    sent = received = came = went = 0
    while len(rest) >= 4:
        length, kind = struct.unpack_from("=HH", rest)
        if length < 4:
            break
        if kind == _INFO and length >= 4 + 160:
            sent, received = struct.unpack_from("=I4xI", rest, 4 + 44)
            came, went = struct.unpack_from("=II", rest, 4 + 152)
        rest = rest[(length + 3) & ~3 :]
    now = time.monotonic()
    waits = went > 0 and (came == 0 or sent < received)
    return ((here, ports[0]), (there, ports[1])), Traffic(now - sent / 1000, now - received / 1000, waits)
