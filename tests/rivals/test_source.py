"""The reading of a bot's source: real-shaped projects right and wrong, any bytes, and its limits."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.rivals.source import read_folder, read_source, suspicious
from supervisor.rivals.source.walk import Limits
from tests.rivals.archives import Project, all_projects

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
POLLS = f'import telebot\ntelebot.TeleBot("{TOKEN}").polling()\n'
ENDINGS = (".py", ".js", ".ts", ".go", ".php", ".rb", ".java", ".kt", ".rs", ".cs", ".sh", ".json", ".yml")
PIECES = (
    "polling: true",
    "new TelegramBot(process.env.T, {",
    "})",
    "bot.launch()",
    "Thread(target=bot.polling)",
    "bot.infinity_polling()",
    "if x:",
    "} else {",
    "try {",
    "} catch (e) {",
    "\n",
    "    ",
    '"',
    "'",
    "`",
    '"""',
    "/*",
    "*/",
    "//",
    "#",
    "\\",
    "/",
    "(",
    ")",
    "{",
    "}",
    "async () => ",
    "function poll() {",
    "poll()",
    "/getUpdates",
    "import telebot",
    "require('telegraf')",
    "instances: max",
    "[",
    "-" * 300,
    "\ud7ff",
)


@pytest.mark.parametrize("project", all_projects(), ids=lambda project: project.name)
def test_what_is_said_of_a_project(project: Project, tmp_path: Path) -> None:
    spots = read_source(project.unpack(tmp_path), project.command)
    said = [(spot.path, spot.line, spot.suspect) for spot in spots]
    assert sorted(said) == sorted((one.path, one.line, one.suspect) for one in project.wanted)
    wrong = [one for one in project.wanted if one.suspect]
    assert suspicious(spots) == bool(wrong)
    # The likely culprits come first.
    assert {(one.path, one.line) for one in wrong} == {(spot.path, spot.line) for spot in spots[: len(wrong)]}
    for one in project.wanted:
        advice = next(spot.advice for spot in spots if (spot.path, spot.line) == (one.path, one.line))
        assert one.advice in advice


@pytest.mark.parametrize("project", all_projects(), ids=lambda project: project.name)
def test_a_project_is_read_alike_by_its_absolute_path(project: Project, tmp_path: Path) -> None:
    folder = project.unpack(tmp_path)
    absolute = [str(folder / word) if (folder / word).is_file() else word for word in project.command]
    assert read_source(folder, absolute) == read_source(folder, project.command)


def test_no_spot_quotes_a_token(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(POLLS)
    (tmp_path / "ask.sh").write_text(f"curl https://api.telegram.org/bot{TOKEN}/getUpdates\n")
    (tmp_path / "bot.js").write_text(
        f"require('node-telegram-bot-api');new TelegramBot('{TOKEN}', {{polling: true}})"
    )
    spots = read_source(tmp_path, (f"TOKEN={TOKEN}", "nodemon", "bot.js"))
    assert {spot.path for spot in spots} == {"bot.py", "ask.sh", "bot.js", "(command line)"}
    assert "AAFake" not in repr(spots)


def test_two_tokens_in_the_source_are_two_bots(tmp_path: Path) -> None:
    other = TOKEN.replace("123456789", "987654321")
    program = (
        "from threading import Thread\nimport telebot\none = telebot.TeleBot({!r})\ntwo = telebot.TeleBot({!r})\n"
        "Thread(target=one.polling).start()\ntwo.polling()\n"
    )
    for first, second, suspect in ((TOKEN, other, False), (TOKEN, TOKEN, True)):
        (tmp_path / "bot.py").write_text(program.format(first, second))
        assert suspicious(read_source(tmp_path, ("python", "bot.py"))) is suspect


def test_what_is_not_the_bots_own_is_left_out(tmp_path: Path) -> None:
    away = tmp_path / "elsewhere"
    folder = tmp_path / "bot"
    inside = [
        "node_modules/x",
        ".venv/lib",
        "venv",
        "lib/site-packages",
        ".git",
        "__pycache__",
        "dist",
        ".hidden",
        "mine",
    ]
    for name in [*inside, "../elsewhere"]:
        (folder / name).mkdir(parents=True)
        (folder / name / "polls.py").write_text(POLLS)
    (folder / "mine/pyvenv.cfg").touch()
    (folder / "link.py").symlink_to(away / "polls.py")
    (folder / "links").symlink_to(away)
    (folder / "here.py").write_text(POLLS)
    assert [spot.path for spot in read_source(folder, ())] == ["here.py"]


def test_what_could_block_or_never_end_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self.py").symlink_to("self.py")
    (tmp_path / "null.py").symlink_to("/dev/zero")
    (tmp_path / "binary.py").write_bytes(POLLS.encode() + b"\0")
    with (tmp_path / "huge.py").open("wb") as huge:
        huge.write(POLLS.encode())
        huge.truncate(100 * 1024 * 1024)
    (tmp_path / "large.py").write_text(POLLS + "# more\n" * 100_000)
    (tmp_path / "bot.py").write_text(POLLS)
    assert [spot.path for spot in read_source(tmp_path, ())] == ["bot.py"]


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert read_source(tmp_path / "none", ("python", "bot.py")) == ()
    assert "No such file" in read_folder(tmp_path / "none", ()).unread[0]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(entries=3), "entries"),
        (Limits(files=3), "first 3 files"),
        (Limits(all_bytes=10), "files were read"),
        (Limits(depth=1), "1 folders deep"),
        (Limits(seconds=0.0), "stopped after 0 s"),
    ],
)
def test_limits_hold_and_are_told(limits: Limits, words: str, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"polls{number}.py").write_text(POLLS)
    (tmp_path / "deep").mkdir()
    reading = read_folder(tmp_path, (), limits=limits)
    assert any(words in one for one in reading.unread), reading.unread
    assert reading.files <= 6
    assert not read_folder(tmp_path, ()).unread


def test_a_crowded_folder_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(POLLS)
    for number in range(2_000):
        (tmp_path / f"{number:06}.py").hardlink_to(tmp_path / "first.py")
    reading = read_folder(tmp_path, (), limits=Limits(entries=1_000))
    assert reading.files <= 1_000
    assert len(reading.spots) == 40


@pytest.mark.parametrize("ending", ENDINGS)
def test_text_that_is_hard_to_read_is_read_in_time(ending: str, tmp_path: Path) -> None:
    """Each of these made a careless pattern quadratic; the test's own deadline is the limit."""
    for number, piece in enumerate(
        ['"', "`", "/*", "'\\", "{", "(", "poll(", "if (", "polling: true,{", '"""', "\\\n"]
    ):
        (tmp_path / f"file{number}{ending}").write_text("require('telegraf')\n" + piece * (50_000 // len(piece)))
    reading = read_folder(tmp_path, ("node", f"file0{ending}"), limits=Limits(seconds=60.0))
    assert reading.files == 11


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)),
    ending=st.sampled_from(ENDINGS),
    command=st.lists(
        st.one_of(st.text(max_size=20), st.sampled_from(["npm", "start", "-m", "x:y", "."])), max_size=5
    ),
)
def test_no_content_and_no_command_raises(content: bytes | str, ending: str, command: list[str]) -> None:
    data = content.encode() if isinstance(content, str) else content
    with tempfile.TemporaryDirectory() as folder:
        for name in (f"bot{ending}", "package.json", "Dockerfile", "ecosystem.config.js", "gunicorn.conf.py"):
            (Path(folder) / name).write_bytes(data)
        for spot in read_source(Path(folder), (*command, f"bot{ending}")):
            assert spot.what
            assert spot.advice


def test_deeply_nested_code_is_survived(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("(" * 100_000)
    (tmp_path / "b.py").write_text("x = " + "+".join(["1"] * 50_000) + "\n" + POLLS)
    (tmp_path / "c.py").write_text("def f():\n" + "".join("  " * n + "if x:\n" for n in range(1, 99)))
    assert [spot.path for spot in read_source(tmp_path, ())] == ["b.py"]
