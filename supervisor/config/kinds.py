"""The types of bots.yaml's values: text in, the meant value out, or words that go after the key's name.

Every scalar arrives as the text that was written, so a quoted "8001", a bare 8001 and a ${PORT} are one and the
same. Each type carries its JSON Schema too, because editors see the file before variables are filled in.
"""

from __future__ import annotations

import difflib
import re
import signal
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import BeforeValidator, WithJsonSchema

from supervisor.config import argv
from supervisor.config.findings import said
from supervisor.config.units import duration_text, parse_duration, parse_size, size_text
from supervisor.model.bots import SIMULATOR

_VARIABLE = {"type": "string", "pattern": r"\$"}
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_TRUE = {"true", "yes", "on", "1", "y"}
_FALSE = {"false", "no", "off", "0", "n"}


def a_kind(value: object) -> str:
    """What a value is, for "is a list, expected text"."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None else "text"


def near(word: str, known: Iterable[str]) -> str:
    """` (did you mean X?)`, or nothing."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f" (did you mean {by_lower[close[0]]}?)" if close else ""


def either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def text(value: object, expected: str = "text") -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {a_kind(value)}, expected {expected}")
    return value


def _flag(value: object) -> bool:
    word = text(value, "true or false").lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{said(word)} is not true or false")
    return word in _TRUE


def _duration(least: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        written = text(value, "a duration such as 30s")
        seconds = parse_duration(written)
        if seconds < least:
            raise ValueError(f"{said(written)} is too short: at least {duration_text(least)}")
        return seconds

    return read


def _size(value: object) -> int:
    written = text(value, "a size such as 10MB")
    size = parse_size(written)
    if size < MIN_SIZE:
        raise ValueError(f"{said(written)} is too small: at least {size_text(MIN_SIZE)}")
    return size


def _whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        word = text(value, "a whole number").strip()
        if not re.fullmatch(r"-?[0-9]{1,18}", word):
            raise ValueError(f"{said(word)} is not a whole number")
        if not least <= int(word) <= most:
            raise ValueError(f"{word} is out of range: from {least} to {most}")
        return int(word)

    return read


def _cpus(value: object) -> float:
    word = text(value, "a number such as 0.5").strip()
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", word) or float(word) < MIN_CPUS:
        raise ValueError(f"{said(word)} is not a number of processors, such as 0.5 or 2")
    return float(word)


def choice(kind: type[StrEnum]) -> BeforeValidator:
    """One of an enum's words; anything else is answered with all of them and the nearest."""
    words = [member.value for member in kind]

    def read(value: object) -> StrEnum:
        word = text(value, either(words))
        if word.strip().lower() in words:
            return kind(word.strip().lower())
        raise ValueError(f"{said(word)} is not {either(words)}{near(word, words)}")

    return BeforeValidator(read, json_schema_input_type=Any)


def one_of(kind: type[StrEnum]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"enum": [member.value for member in kind]}, _VARIABLE]})


def _signal(value: object) -> signal.Signals:
    word = text(value, "the name of a signal").strip()
    name = word.upper().removeprefix("SIG")
    names = {member.name.removeprefix("SIG"): member for member in signal.Signals}
    if name not in names:
        raise ValueError(
            f"{said(word)} is not the name of a signal, such as SIGTERM or SIGINT{_near_signal(name, names)}"
        )
    if name in ("STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "WINCH", "URG"):
        raise ValueError(f"{said(word)} does not end a program: use SIGTERM, SIGINT, SIGQUIT or SIGHUP")
    return names[name]


def _near_signal(name: str, names: Iterable[str]) -> str:
    return near(name, names).replace("mean ", "mean SIG")


def _command(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return argv.split(value)
    if not isinstance(value, list):
        raise ValueError(f"is {a_kind(value)}, expected text or a list of words")
    words = tuple(text(word, "a word (inside a list of words)") for word in value)
    if not words or not words[0]:
        raise ValueError("is empty: write for example `python bot.py`")
    return words


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text(item) for item in value)
    return (text(value, "text or a list of texts"),)


def env_name(value: object) -> str:
    """The name of an environment variable."""
    name = text(value)
    if not _ENV_NAME.fullmatch(name):
        raise ValueError(f"{said(name)} cannot name a variable: letters, digits and _ only, no digit first")
    return name


def _env_names(value: object) -> tuple[str, ...]:
    names = tuple(env_name(name) for name in _texts(value))
    if not names:
        raise ValueError("is an empty list: name at least one variable, or leave the key out")
    return names


def _env_value(value: object) -> str:
    if value is None:
        raise ValueError(
            'has no value, and nothing is taken from the shell by itself: write ${NAME} to take it from there, or ""'
        )
    return text(value)


def _env(value: object) -> object:
    if isinstance(value, list):
        raise ValueError("is a list, expected a mapping: write `NAME: value` instead of `- NAME=value`")
    return value


def _path(value: object) -> str:
    path = text(value, "a path such as /health").strip()
    if not re.fullmatch(r"/[!-~]*", path):
        raise ValueError(f"{said(path)} is not a path: it begins with / and has no spaces, as in /health")
    return path


def _address(schemes: tuple[str, ...], value: str, example: str) -> str:
    """A checked URL without a trailing slash. Its text is never repeated: proxies have passwords in them."""
    try:
        url = urlsplit(value.strip())
        host, port = url.hostname, url.port
    except ValueError:
        raise ValueError(f"is not an address such as {example}") from None
    if url.scheme not in schemes or "://" not in value:
        raise ValueError(f"does not begin with {either([f'{scheme}://' for scheme in schemes])}, as in {example}")
    if not host or port == 0 or re.search(r"[\s\\]", value.strip()) or not value.isprintable():
        raise ValueError(f"is not an address such as {example}")
    if url.query or url.fragment:
        raise ValueError(f"has something after a ? or #: expected an address such as {example}")
    return value.strip().rstrip("/")


def _api_url(value: object) -> str:
    written = text(value, "an address or the word simulator")
    if written.strip() == SIMULATOR:
        return SIMULATOR
    if "://" not in written:
        raise ValueError(f"is no address (https://...) and not the word simulator{near(written, [SIMULATOR])}")
    address = _address(("https", "http"), written, "https://api.telegram.org")
    if address.endswith("/bot"):
        raise ValueError("ends with /bot: leave that out, the calls add it themselves")
    return address


def _proxy(value: object) -> str:
    written = text(value, "an address")
    return _address(("http", "https", "socks5", "socks5h"), written, "socks5://127.0.0.1:1080")


MIN_SIZE = 1000
MIN_CPUS = 0.01

_DURATION_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": r"\$|^\s*([0-9]+(\.[0-9]+)?\s*[A-Za-z]*\s*)+$"},
    ],
    "format": "duration",
}
_SIZE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"\$|^\s*[0-9]+(\.[0-9]+)?\s*[A-Za-z]*\s*$"},
    ],
    "format": "size",
}
_TEXT_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_WORDS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1},
    ]
}


def _number_schema(least: int, most: int) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, _VARIABLE]})


Text: TypeAlias = Annotated[str, BeforeValidator(text), WithJsonSchema(_TEXT_SCHEMA)]
Flag: TypeAlias = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no", "on", "off"]}, _VARIABLE]}),
]
Span: TypeAlias = Annotated[float, BeforeValidator(_duration(0.0)), WithJsonSchema(_DURATION_SCHEMA)]
LongSpan: TypeAlias = Annotated[float, BeforeValidator(_duration(1.0)), WithJsonSchema(_DURATION_SCHEMA)]
ShortSpan: TypeAlias = Annotated[float, BeforeValidator(_duration(0.1)), WithJsonSchema(_DURATION_SCHEMA)]
Size: TypeAlias = Annotated[int, BeforeValidator(_size), WithJsonSchema(_SIZE_SCHEMA)]
Port: TypeAlias = Annotated[int, BeforeValidator(_whole(1, 65_535)), _number_schema(1, 65_535)]
Count: TypeAlias = Annotated[int, BeforeValidator(_whole(1, 1000)), _number_schema(1, 1000)]
CountOrNone: TypeAlias = Annotated[int, BeforeValidator(_whole(0, 1000)), _number_schema(0, 1000)]
Cpus: TypeAlias = Annotated[
    float, BeforeValidator(_cpus), WithJsonSchema({"anyOf": [{"type": "number", "minimum": MIN_CPUS}, _VARIABLE]})
]
Pids: TypeAlias = Annotated[int, BeforeValidator(_whole(10, 100_000)), _number_schema(10, 100_000)]
Signal: TypeAlias = Annotated[signal.Signals, BeforeValidator(_signal), WithJsonSchema({"type": "string"})]
Command: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_command), WithJsonSchema(_WORDS_SCHEMA)]
Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_texts), WithJsonSchema(_WORDS_SCHEMA)]
EnvNames: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_env_names), WithJsonSchema(_WORDS_SCHEMA)]
Env: TypeAlias = Annotated[
    dict[Annotated[str, BeforeValidator(env_name)], Annotated[str, BeforeValidator(_env_value)]],
    BeforeValidator(_env),
    WithJsonSchema({"type": "object", "additionalProperties": _TEXT_SCHEMA}),
]
UrlPath: TypeAlias = Annotated[str, BeforeValidator(_path), WithJsonSchema({"type": "string", "pattern": r"^/|\$"})]
ApiUrl: TypeAlias = Annotated[
    str, BeforeValidator(_api_url), WithJsonSchema({"type": "string", "pattern": r"^https?://|^simulator$|\$"})
]
Proxy: TypeAlias = Annotated[
    str, BeforeValidator(_proxy), WithJsonSchema({"type": "string", "pattern": r"^(https?|socks5h?)://|\$"})
]
