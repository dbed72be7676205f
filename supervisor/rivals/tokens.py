"""Everything of a token's shape in some bytes, so that one reading of a process serves questions about any bot.

Owns the shape and the bounded reading of a `.env`; it refuses to know whose process it was.
"""

from __future__ import annotations

import os
import re
import stat

MOST_OF_ENV_FILE = 256 * 1024
"""Bytes of a .env that are looked at. Real ones have a few kilobytes."""

# Six digits and 24 characters are less than any real token has (tdlib/telegram-bot-api refuses shorter secrets);
# the colon may stand URL-encoded, in an address that was put together elsewhere.
_SHAPE = re.compile(rb"([0-9]{3,20})(?::|%3[Aa])([A-Za-z0-9_-]{24,})")

Found = tuple[tuple[int, bytes], ...]
"""Bot ids with their secret halves, each once. Secrets: never shown, never kept longer than a survey."""


def tokens_in(data: bytes) -> Found:
    if b":" not in data and b"%3" not in data:
        return ()
    return tuple({(int(digits), secret): None for digits, secret in _SHAPE.findall(data)})


def holds(found: Found, bot_id: int, secret: bytes) -> bool:
    """Whether the token is among them. What follows it directly (`..._suffix`) does not hide it."""
    return any(digits == bot_id and half.startswith(secret) for digits, half in found)


def tokens_in_env_file(folder: str) -> Found:
    """The tokens in `folder`/.env, if that is a plain file; a link is not followed, a FIFO is not waited for."""
    try:
        descriptor = os.open(f"{folder}/.env", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ()
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ()
        return tokens_in(os.read(descriptor, MOST_OF_ENV_FILE))
    except OSError:
        return ()
    finally:
        os.close(descriptor)
