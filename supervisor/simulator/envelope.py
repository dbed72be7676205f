"""Opens the envelope of a request: path, query and body become a token, a method and arguments.

As the real server does [S: td HttpReader.cpp, Query.cpp]: the first of a repeated argument counts, the URL before
the body; JSON scalars are taken as their raw text; a broken JSON body is ignored from where it breaks.
"""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from aiohttp import BodyPartReader, hdrs, web

MAX_ARGUMENTS = 2**20
KEPT_OF_A_FILE = 3 * 2**20 + 1
MAX_UPLOAD = 50 * 2**20
_PATH = re.compile(r"/bot([^/]*)/(test/)?(.*)", re.DOTALL)
_SPACE = re.compile(r"\s*")


class TooLarge(Exception):
    """The arguments exceed 1 MiB, or the files 50 MiB: 413."""


@dataclass(frozen=True)
class Destination:
    """What the path says."""

    token: str = field(repr=False)
    test: bool
    method: str


@dataclass
class Arguments:
    """What query and body say."""

    args: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        """Take an argument, unless there is one of that name."""
        self.args.setdefault(name, value)


def read_path(raw_path: str) -> Destination | None:
    """The parts of `/bot<token>/[test/]<method>`; None for any other path."""
    match = _PATH.fullmatch(unquote(raw_path))
    return Destination(match[1], bool(match[2]), match[3]) if match else None


async def read_arguments(request: web.BaseRequest) -> Arguments:
    """All arguments of a request. Raises TooLarge."""
    found = Arguments()
    for name, value in request.query.items():
        found.add(name, value)
    if not request.can_read_body:
        return found
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    if request.content_type == "multipart/form-data":
        await _read_multipart(request, found)
        return found
    body = await _read_limited(request, MAX_ARGUMENTS)
    for name, value in parse_body(request.content_type, body):
        found.add(name, value)
    return found


def parse_body(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The arguments of a body that is a form or JSON; none for any other type."""
    text = body.decode("utf-8", "replace")
    if content_type == "application/json":
        return parse_json(text)
    if content_type == "application/x-www-form-urlencoded":
        return parse_qsl(text, keep_blank_values=True)
    return []


def parse_json(text: str) -> list[tuple[str, str]]:
    """The members of a JSON object: strings decoded, everything else as it is written."""
    found: list[tuple[str, str]] = []
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    try:
        while text[at] in "{,":
            name, at = decoder.raw_decode(text, _skip(text, at + 1))
            at = _skip(text, at)
            if not isinstance(name, str) or text[at] != ":":
                break
            start = _skip(text, at + 1)
            value, at = decoder.raw_decode(text, start)
            found.append((name, value if isinstance(value, str) else text[start:at]))
            at = _skip(text, at)
    except (ValueError, IndexError, RecursionError):
        pass
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


async def _read_limited(request: web.BaseRequest, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)


async def _read_multipart(request: web.BaseRequest, found: Arguments) -> None:
    left = MAX_ARGUMENTS
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.filename is not None:
                found.files.setdefault(part.name, await _read_file(part))
                continue
            value = await part.read(decode=True)
            left -= len(value)
            if left < 0:
                raise TooLarge
            found.add(part.name, value.decode("utf-8", "replace"))
    except (ValueError, RuntimeError):
        return  # what was read so far counts, as with broken JSON


async def _read_file(part: BodyPartReader) -> bytes:
    """The file's beginning: no rule needs more than a certificate."""
    kept, size = bytearray(), 0
    while chunk := await part.read_chunk(2**16):
        size += len(chunk)
        if size > MAX_UPLOAD:
            raise TooLarge
        if len(kept) < KEPT_OF_A_FILE:
            kept += chunk
    return bytes(kept)
