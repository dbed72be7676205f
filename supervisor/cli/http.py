"""One HTTP request over a Unix socket, in as little as our own server needs.

`http.client` would cost `botctl status` a third of its time: it brings the e-mail parser and TLS with it. The request
is HTTP/1.0, so the server neither chunks nor keeps the connection, and the answer ends where the connection does.
"""

from __future__ import annotations

import socket
from pathlib import Path

LARGEST = 256 * 1024 * 1024
"""Bytes of an answer; incidents and status of the largest fleet are far below."""


class BadAnswer(Exception):
    """What came back is not, or not all of, an HTTP answer."""


def call(path: Path, method: str, target: str, timeout: float) -> tuple[int, bytes]:
    """Status and body of the answer. `target` is encoded already; `timeout` is for each wait, in seconds.

    Raises BadAnswer, or OSError as the socket gave it (FileNotFoundError, ConnectionRefusedError, TimeoutError ...).
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(f"{method} {target} HTTP/1.0\r\nHost: botctl\r\nContent-Length: 0\r\n\r\n".encode("ascii"))
        return _parsed(_all_of(connection))


def _all_of(connection: socket.socket) -> bytes:
    received = bytearray()
    while block := connection.recv(65536):
        received += block
        if len(received) > LARGEST:
            raise BadAnswer("endless")
    return bytes(received)


def _parsed(raw: bytes) -> tuple[int, bytes]:
    head, end, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    protocol, _, rest = first.partition(b" ")
    status = rest[:3]
    if not end or not protocol.startswith(b"HTTP/1.") or not status.isdigit():
        raise BadAnswer("not HTTP")
    for line in lines:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip() != str(len(body)).encode():
            raise BadAnswer("cut short")
    return int(status), body
