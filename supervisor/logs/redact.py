"""Takes secrets out of log text: known ones, and everything that has the shape of a bot token.

Owns the shape and the mask. The digits before the colon are the public bot id and stay, so that a line still
says whose it is: `123456789:[redacted]`. Works on bytes, in time linear in them, whatever they are; it refuses
to know lines, encodings and files.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import quote

MASK = b"[redacted]"

SHORTEST_SECRET = 6
"""Characters. Masking something shorter would maim ordinary words and hide nothing."""

LONGEST_SECRET = 1024
"""Characters. Bounds how far `Redactor.safe_cut` may step back."""

LEAST_CUT = 8 * 1024
"""The smallest limit `Redactor.safe_cut` takes, so that there is always something left of the cut."""

_SECRET = rb"[A-Za-z0-9_-]{30,}"
# The colon comes first, as re finds a literal fastest; the six digits before it are then looked back at.
# tdlib/telegram-bot-api refuses tokens whose secret half is shorter than 24; real ones have 35 characters.
_PLAIN = re.compile(rb":(?<=[0-9]{6}:)" + _SECRET)
_IN_URL = re.compile(rb"%(?<=[0-9]{6}%)((?:25){0,3}3[Aa])" + _SECRET)
_IN_JSON = re.compile(rb"\\(?<=[0-9]{6}\\)(\\{0,7}u003[Aa])" + _SECRET)

_STARTED = re.compile(rb"[0-9]{1,12}(?:[:%\\][A-Za-z0-9_%\\-]{0,120})?\Z")
_STARTED_REACH = 12 + 1 + 120


_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[ -/]*[0-Z\\^-~])")
"""Colours and their like, as far as they stand within a word."""


class Redactor:
    """Masks secrets in whatever passes. Knows none of them by name and never shows them in its repr."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._needles: set[bytes] = set()
        self._patterns: list[re.Pattern[bytes]] = []
        self._longest = 0
        for secret in secrets:
            self._learn(secret)
        self._compile()

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._needles)} known secrets>"

    def add(self, secret: str) -> None:
        """Mask `secret` from now on: a bot token (also its half after the colon alone), or any other secret.

        Raises ValueError if it is too short to be masked without harm, or absurdly long.
        """
        self._learn(secret)
        self._compile()

    def redact(self, data: bytes) -> bytes:
        """`data` with every secret masked; the same object if there is none.

        A secret with colours or other escapes inside would be whole again once somebody strips them: such text
        gives up its escapes.
        """
        data = self._mask(data)
        if b"\x1b" in data:
            bare = _ESCAPES.sub(b"", data)
            masked = self._mask(bare)
            if masked != bare:
                return masked
        return data

    def _mask(self, data: bytes) -> bytes:
        if _PLAIN.search(data):
            data = _PLAIN.sub(b":" + MASK, data)
        if b"%" in data and _IN_URL.search(data):
            data = _IN_URL.sub(rb"%\1" + MASK, data)
        if b"\\" in data and _IN_JSON.search(data):
            data = _IN_JSON.sub(rb"\\\1" + MASK, data)
        for pattern in self._patterns:
            if pattern.search(data):
                data = pattern.sub(MASK, data)
        return data

    def redact_text(self, text: str) -> str:
        """The same for text, which may hold lone surrogates."""
        return self.redact(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def safe_cut(self, data: bytes, limit: int) -> int:
        """Where to cut `data`, at or before `limit`, so that no secret is split; more data may follow.

        For a line too long to be held whole: cut there, redact the halves apart, and nothing shows.
        The answer is above 0. Raises ValueError for a limit below LEAST_CUT.
        """
        if limit < LEAST_CUT:
            raise ValueError(f"limit must be at least {LEAST_CUT} bytes, got {limit}")
        cut = min(limit, len(data))
        for _ in range(4):  # a secret may begin where another ends; only secrets made to overlap need more
            before = cut
            started = _STARTED.search(data, max(0, cut - _STARTED_REACH), cut)
            cut = self._before_known(data, started.start() if started else cut)
            if cut == before:
                break
        return cut or min(limit, len(data))

    def _before_known(self, data: bytes, cut: int) -> int:
        """The first start of a known secret that lies across `cut`, or might once more data comes; else `cut`."""
        floor = max(0, cut - self._longest + 1)
        for start in range(floor, cut):
            piece = data[start : start + self._longest]
            if any(self._crosses(needle, piece, cut - start) for needle in self._heads.get(piece[:2], ())):
                return start
        return cut

    @staticmethod
    def _crosses(needle: bytes, piece: bytes, inside: int) -> bool:
        return len(needle) > inside and needle.startswith(piece[: len(needle)])

    def _learn(self, secret: str) -> None:
        half = secret.partition(":")[2] if re.match(r"\d{3,}:", secret) else secret
        if not SHORTEST_SECRET <= len(half) <= LONGEST_SECRET:
            raise ValueError(
                f"only {SHORTEST_SECRET} to {LONGEST_SECRET} characters can be masked as a secret, got {len(half)}"
            )
        for form in (half, quote(half, safe=""), json.dumps(half)[1:-1], json.dumps(half, ensure_ascii=False)[1:-1]):
            self._needles.add(form.encode("utf-8", "surrogatepass"))

    def _compile(self) -> None:
        """One pattern for all needles with the same first two bytes: re searches a common start fast.

        Bot tokens all begin alike (AA), so a fleet of any size costs one pass.
        """
        heads: dict[bytes, list[bytes]] = defaultdict(list)
        for needle in sorted(self._needles, key=len, reverse=True):
            heads[needle[:2]].append(needle)
        self._patterns = [re.compile(b"|".join(map(re.escape, group))) for group in heads.values()]
        self._heads = {part: group for head, group in heads.items() for part in (head, head[:1])}
        self._longest = max(map(len, self._needles), default=0)
