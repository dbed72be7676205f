"""Which tokens the server believes [S: ClientManager.cpp send; the 404 is reported of api.telegram.org].

State belongs to the bot id, the digits before the colon. Without a list any well-formed token is believed, also two
secrets of one bot, until the referee revokes them. Secrets never leave this file.
"""

import re
from collections.abc import Iterable

from supervisor.simulator.rules import texts
from supervisor.simulator.rules.calls import Reply, fail

_SECRET = re.compile(r"[A-Za-z0-9_-]{24,}")
_INTEGER = re.compile(r"-?\d+")
MAX_TOKEN = 80
MAX_ID = 1 << 54


class Tokens:
    """The valid tokens."""

    def __init__(self, listed: Iterable[str] | None, cloud: bool) -> None:
        """`listed` None believes every well-formed token. `cloud`: malformed ones get 404, as on api.telegram.org."""
        self._cloud = cloud
        self._seen: dict[int, set[str]] = {}
        self._revoked: dict[int, set[str]] = {}
        self._listed: dict[int, set[str]] | None = None
        if listed is not None:
            self._listed = {}
            for token in listed:
                bot_id, _, secret = token.partition(":")
                self._listed.setdefault(int(bot_id), set()).add(secret)

    def check(self, token: str) -> int | Reply:
        """The bot id of a valid token, or the refusal."""
        refusal = _malformed(token)
        if refusal:
            return fail(404, texts.NOT_FOUND) if self._cloud else refusal
        digits, _, secret = token.partition(":")
        bot_id = int(digits)
        known = self._listed is None or secret in self._listed.get(bot_id, ())
        if not known or secret in self._revoked.get(bot_id, ()):
            return fail(401, texts.UNAUTHORIZED)
        self._seen.setdefault(bot_id, set()).add(secret)
        return bot_id

    def may_exist(self, bot_id: int) -> bool:
        """Whether a bot of this id can be."""
        return 0 < bot_id < MAX_ID and (self._listed is None or bot_id in self._listed)

    def known(self) -> set[int]:
        """The ids of all bots that are listed or have spoken."""
        return set(self._seen) | set(self._listed or ())

    def revoke(self, bot_id: int) -> bool:
        """Every token of this bot so far is void; False if there is none."""
        secrets = self._seen.get(bot_id, set()) | (self._listed or {}).get(bot_id, set())
        self._revoked.setdefault(bot_id, set()).update(secrets)
        return bool(secrets)


def is_token(text: str) -> bool:
    """Whether a text has the shape of a bot token."""
    return _malformed(text) is None


def _malformed(token: str) -> Reply | None:
    digits, colon, secret = token.partition(":")
    if not colon or len(token) > MAX_TOKEN or "/" in token or token.startswith("0"):
        return fail(401, texts.INVALID_TOKEN)
    if not _INTEGER.fullmatch(digits) or not digits.isascii():
        return fail(421, texts.MISDIRECTED)
    if not 0 < int(digits) < MAX_ID:
        return fail(401, texts.INVALID_TOKEN)
    return None if _SECRET.fullmatch(secret) else fail(401, texts.UNAUTHORIZED)
