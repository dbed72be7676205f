"""The daemon's own stdout: every bot's lines and the supervisor's own events, in one form.

The supervisor's code logs with the standard library: `logging.getLogger(__name__).info("sentence", extra={...})`.
`configure` takes all of that, redacts it and writes it here, as text or as JSON through structlog. Whatever
happens to stdout, nobody waits for it (see `writer.py`) and the files have everything.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Literal, TextIO

from supervisor.logs.redact import Redactor
from supervisor.logs.render import JsonRenderer, Piece, Renderer, TextRenderer
from supervisor.logs.writer import Writer

LogFormat = Literal["text", "json"]


class Echo:
    """Shows lines on a descriptor; skips what it does not take, never waits."""

    def __init__(self, fd: int, renderer: Renderer) -> None:
        self._writer = Writer[Piece](fd, renderer.render, renderer.skipped)

    def show(self, bot: str, stream: str, block: bytes, at: float) -> None:
        """Whole lines, redacted already; `stream` is a LogLine's. Control sequences are taken care of here."""
        if not self._writer.gone:
            self._writer.put(Piece(bot, stream, at, block))

    def show_event(self, piece: Piece) -> None:
        """An event of the supervisor itself: it passes also when bots flood the output."""
        self._writer.put(piece, urgent=True)

    def close(self, deadline: float = 1.0) -> bool:
        """Show what is left, for at most `deadline` seconds; False when not all of it was taken."""
        return self._writer.close(deadline)


def configure(
    log_format: LogFormat,
    stream: TextIO,
    redactor: Redactor,
    *,
    names: Iterable[str] = (),
    level: int = logging.INFO,
) -> Echo:
    """Make `stream` (which needs a file descriptor) the place for bots' lines and for all logging.

    Our own events are shown from `level` on, those of libraries from WARNING on. `names` of bots make the
    column wide enough from the start. Call it again to replace the earlier one.
    """
    formatter: logging.Formatter
    renderer: Renderer
    if log_format == "json":
        renderer = JsonRenderer()
        formatter = _json_formatter(redactor, renderer)
    else:
        renderer = TextRenderer(colours=_takes_colours(stream), names=names)
        formatter = _TextFormatter()
    echo = Echo(stream.fileno(), renderer)
    root = logging.getLogger()
    root.handlers[:] = [_EchoHandler(echo, redactor, formatter, ready=log_format == "json")]
    root.setLevel(logging.WARNING)
    logging.getLogger("supervisor").setLevel(level)
    return echo


def _takes_colours(stream: TextIO) -> bool:
    """https://no-color.org: a NO_COLOR that is not empty means none."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class _EchoHandler(logging.Handler):
    def __init__(self, echo: Echo, redactor: Redactor, formatter: logging.Formatter, *, ready: bool) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._echo = echo
        self._redactor = redactor
        self._bot = "" if ready else "supervisor"

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:
            # What a library wanted to say is lost, but neither is the daemon, nor is anything shown unredacted.
            text = f"an event of {record.name} could not be rendered"
        block = self._redactor.redact(text.encode(errors="backslashreplace").rstrip(b"\n")) + b"\n"
        self._echo.show_event(Piece(self._bot, "supervisor", record.created, block))


_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class _TextFormatter(logging.Formatter):
    """`warning: sentence key=value`, and a traceback below it when there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the base class' name)
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        extra = "".join(f" {key}={value}" for key, value in record.__dict__.items() if key not in _USUAL)
        return f"{level}{record.message}{extra}"


def _json_formatter(redactor: Redactor, renderer: JsonRenderer) -> logging.Formatter:
    """structlog's formatter, also for events that come through `structlog.get_logger()`."""
    import structlog

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redaction(redactor),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    render: Any = lambda _logger, _name, fields: renderer.line(fields).decode()  # noqa: E731
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redaction(redactor), render],
    )


Event = MutableMapping[str, Any]


def redaction(redactor: Redactor) -> Callable[[Any, str, Event], Event]:
    """A structlog processor: no value of an event, however deep, keeps a token.

    Before rendering, because JSON writes a newline as `\\n` and so glues a letter to what stands behind it.
    """

    def clean(value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {str(clean(str(key))): clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [clean(item) for item in value]
        return redactor.redact_text(value if isinstance(value, str) else str(value))

    def process(_logger: Any, _name: str, event: Event) -> Event:
        for key, value in event.items():
            if not key.startswith("_"):
                event[key] = clean(value)
        return event

    return process
