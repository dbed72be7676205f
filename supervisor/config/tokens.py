"""What a bot token looks like, and what is wrong with a text that does not. Never repeats any of it.

The form is `<bot id>:<secret>` (https://core.telegram.org/bots/api#authorizing-your-bot); ids of 6 to 12 digits
and secrets of 30 characters and more are taken, 35 being what @BotFather hands out.
"""

from __future__ import annotations

import re

_GOOD = re.compile(r"[1-9][0-9]{5,11}:[A-Za-z0-9_-]{30,64}")
_PLACEHOLDER = re.compile(
    r"your|token|change.?me|replace|example|placeholder|secret|todo|xxx|<|>|\.\.\.|\*\*\*", re.IGNORECASE
)
_SURE_PLACEHOLDER = re.compile(r":(?:(.)\1*$|.*your.?(bot.?)?token)", re.IGNORECASE)
_DOCUMENTED = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"  # the example in Telegram's own manual
_BOTFATHER = "copy the token that @BotFather gave you"


def wrong_with(text: str) -> str | None:
    """What is wrong with a token, in words that go after its field's name; None when it looks right."""
    if not text.strip():
        return f"is empty: {_BOTFATHER}"
    if text == _DOCUMENTED or (_GOOD.fullmatch(text) and _SURE_PLACEHOLDER.search(text)):
        return f"looks like a placeholder: {_BOTFATHER}"
    if _GOOD.fullmatch(text):
        return None
    return _why(text)


def _why(text: str) -> str:
    digits, colon, secret = text.partition(":")
    if text.strip("'\"") != text:
        return "has quotes around it: remove them"
    if re.search(r"\s", text):
        return "has spaces or line breaks in it: it is one word"
    if "/" in text:
        return "is an address: only the part between /bot and the next / is the token"
    if re.fullmatch(r"bot[0-9]+", digits):
        return 'begins with "bot", which belongs to the address: the token begins with the digits'
    if _PLACEHOLDER.search(text):
        return f"looks like a placeholder: {_BOTFATHER}"
    if not colon and text.isdigit():
        return "is only the bot id: the secret half after the colon is missing"
    if not colon and re.fullmatch(r"[A-Za-z0-9_-]{30,}", text):
        return "is only the secret half: the bot id (digits) and the colon before it are missing"
    if not re.fullmatch(r"[1-9][0-9]{5,11}", digits) or not colon:
        return f"is not a token (bot id of 6 to 12 digits, a colon, 35 characters): {_BOTFATHER}"
    if re.search(r"[^A-Za-z0-9_-]", secret):
        return f"holds a character that no token has (only letters, digits, _ and -): {_BOTFATHER}"
    verdict = "a part is missing" if len(secret) < 30 else "that is too many"
    return f"has {len(secret)} characters after the colon, where 35 are usual: {verdict}"
