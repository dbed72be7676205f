"""No secret leaves, wherever it stands and however a long line is cut; everything else stays as it is."""

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from supervisor.logs.redact import LEAST_CUT, Redactor

SECRET = "AAFakeFakeFakeFakeFakeFakeFakeFakeF"
TOKEN = f"123456789:{SECRET}"
STRANGER = "987654321012:AAFake-Fake_Stranger-0123456789abcd"
HOOK = "hook-Fake_secret"
ODD = 'pass "word/ä= Fake'

SHAPE = re.compile(rb"[0-9]{6,12}(?::|%3[aA]|\\u003[aA])[A-Za-z0-9_-]{30}")


def redactor() -> Redactor:
    return Redactor([TOKEN, HOOK, ODD])


def assert_clean(data: bytes) -> None:
    for secret in (SECRET, HOOK, ODD):
        assert secret.encode() not in data
    assert not SHAPE.search(data)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (TOKEN, "123456789:[redacted]"),
        (f"POST https://x.example/bot{TOKEN}/getMe 200", "POST https://x.example/bot123456789:[redacted]/getMe 200"),
        (f"/bot{STRANGER}/getMe", "/bot987654321012:[redacted]/getMe"),
        (f"url={quote(TOKEN, safe='')}&x", "url=123456789%3A[redacted]&x"),
        (f"url={quote(quote(STRANGER, safe=''))}", "url=987654321012%253A[redacted]"),
        ('{"t":"123456789\\u003a' + SECRET + '"}', '{"t":"123456789\\u003a[redacted]"}'),
        (f'{{"t":"{STRANGER}"}}'.replace(":A", "\\\\u003aA"), r'{"t":"987654321012\\u003a[redacted]"}'),
        (f"half {SECRET}.", "half [redacted]."),
        (f"X-Telegram-Bot-Api-Secret-Token: {HOOK}", "X-Telegram-Bot-Api-Secret-Token: [redacted]"),
        (json.dumps({"p": ODD}), '{"p": "[redacted]"}'),
        (f"?p={quote(ODD, safe='')}", "?p=[redacted]"),
        ("10:20:30 id=123456789:short", "10:20:30 id=123456789:short"),
        ("sha256:0123456789abcdef0123456789abcdef01234567", "sha256:0123456789abcdef0123456789abcdef01234567"),
    ],
)  # fmt: skip
def test_what_is_masked_and_what_stays(text: str, redacted: str) -> None:
    assert redactor().redact_text(text) == redacted
    assert redactor().redact_text(redacted) == redacted


def test_a_secret_learnt_later_is_masked() -> None:
    late = Redactor()
    assert late.redact(b"s3cret-Fake") == b"s3cret-Fake"
    late.add("s3cret-Fake")
    assert late.redact(b"<s3cret-Fake>") == b"<[redacted]>"


@pytest.mark.parametrize("secret", ["", "short", "123456789:abc", "x" * 5000])
def test_a_secret_that_cannot_be_masked_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="characters") as caught:
        Redactor([secret])
    assert not secret or secret not in str(caught.value)


def test_the_repr_shows_nothing() -> None:
    assert SECRET not in repr(redactor())


def test_lone_surrogates_survive() -> None:
    assert redactor().redact_text(f"\udce9 \ud800 {TOKEN}") == "\udce9 \ud800 123456789:[redacted]"


def test_many_secrets_are_all_masked() -> None:
    tokens = [f"{100000000 + n}:AAFake{n:04d}FakeFakeFakeFakeFakeFakeFak" for n in range(200)]
    crowd = Redactor(tokens)
    text = " ".join(token.partition(":")[2] for token in tokens)
    assert set(crowd.redact_text(text).split()) == {"[redacted]"}


fragments = st.one_of(
    st.sampled_from([TOKEN, SECRET, STRANGER, HOOK, ODD, quote(TOKEN, safe="")]).map(str.encode),
    st.binary(max_size=40),
    st.from_regex(rb"[0-9A-Za-z:%_\\-]{0,60}", fullmatch=True),
)


@given(st.lists(fragments, max_size=8).map(b"".join))
@example(b"1" * 40 + b":" + b"a" * 40)
@example(TOKEN.encode() * 3)
def test_no_secret_survives_anywhere(data: bytes) -> None:
    clean = redactor().redact(data)
    assert_clean(clean)
    assert redactor().redact(clean) == clean


@given(st.binary(max_size=200), st.integers(0, 200))
def test_text_without_secrets_is_unchanged(data: bytes, at: int) -> None:
    reader = redactor()
    if SHAPE.search(data) or any(secret.encode() in data for secret in (SECRET, HOOK, ODD)):
        return
    assert reader.redact(data) == data
    mixed = data[:at] + b"\n" + TOKEN.encode() + b"\n" + data[at:]
    assert reader.redact(mixed) == data[:at] + b"\n123456789:[redacted]\n" + data[at:]


def cut_up(reader: Redactor, data: bytes, limit: int) -> list[bytes]:
    """What a caller does with a line that is too long to be held."""
    pieces = []
    while len(data) > limit:
        cut = reader.safe_cut(data[: limit + 1], limit)  # it has seen little more than the limit
        assert 0 < cut <= limit
        pieces.append(reader.redact(data[:cut]))
        data = data[cut:]
    return [*pieces, reader.redact(data)]


@given(
    st.sampled_from([b"a", b"1", b":", b"1:", b" ", b"\xe2\x82\xac", b"%", b"\\", b"1a:-"]),
    st.lists(fragments, min_size=1, max_size=6).map(b"".join),
    st.integers(-120, 20),
)
@example(b"1", TOKEN.encode(), -20)
@example(b"a", HOOK.encode(), -3)
@example(b" ", TOKEN.encode() + HOOK.encode(), -47)
def test_no_cut_splits_a_secret(filler: bytes, secret: bytes, shift: int) -> None:
    reader = redactor()
    before = (filler * LEAST_CUT)[: LEAST_CUT + shift]
    pieces = cut_up(reader, before + secret + filler * 300, LEAST_CUT)
    for piece in [*pieces, b"".join(pieces)]:
        assert_clean(piece)


def test_a_cut_keeps_every_byte_of_text_without_secrets() -> None:
    reader, data = redactor(), bytes(range(256)) * 200
    assert b"".join(cut_up(reader, data, LEAST_CUT)) == reader.redact(data)


def test_a_limit_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        redactor().safe_cut(b"x" * 100, 10)


@pytest.mark.parametrize(
    "unit", [b"1", b"a", b":", b"1:", b"123456:", b"123456%3A", b"%", b"\\", b"123456:" + b"a" * 29 + b" "]
)
def test_hostile_megabytes_pass_unchanged(unit: bytes) -> None:
    data = unit * (10_000_000 // len(unit))
    if SHAPE.search(data):
        return
    assert redactor().redact(data) == data


@pytest.mark.parametrize("inside", [b"\x1b[31m", b"\x1b[0m\x1b[1;4m", b"\x1bM"])
@pytest.mark.parametrize("at", [3, 12, 30])
def test_no_escape_hides_a_token(inside: bytes, at: int) -> None:
    token = b"123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
    shown = Redactor([token.decode()]).redact(b"\x1b[32mtoken\x1b[0m " + token[:at] + inside + token[at:] + b"\n")
    assert token not in shown.replace(inside, b"")
    assert token[20:] not in shown.replace(inside, b"")


def test_colours_around_a_masked_token_stay() -> None:
    shown = Redactor().redact(b"\x1b[32m123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF\x1b[0m\n")
    assert shown.startswith(b"\x1b[32m123456789:")
    assert shown.endswith(b"\x1b[0m\n")
