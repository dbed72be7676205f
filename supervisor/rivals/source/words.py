"""What a place is called, and what to do about it. Names calls only: a line of source may hold a token."""

from __future__ import annotations

from supervisor.rivals.source.found import Found, Kind

NORMAL = "normal as the only start of polling; see that the program gets here once"
ONE_PROCESS = "one process for a bot that polls"

POLLING = {
    "node-telegram-bot-api": (
        "make one TelegramBot with `polling: true`, export that instance, and use `polling: false` in the others, "
        "which only send"
    ),
    "telegraf": "call `launch()` once, in the entry file; await `bot.stop()` before launching again",
    "nestjs-telegraf": "nestjs-telegraf launches by itself: take `bot.launch()` out, or say `launchOptions: false`",
    "grammy": "make one Bot and call `bot.start()` once; await `bot.stop()` before starting again",
    "run(bot)": "use either `run(bot)` or `bot.start()`, once; await `runner.stop()` before running again",
    "python": (
        "start polling once: share one Application, Dispatcher or TeleBot; before starting again, stop the old "
        "loop and await its end"
    ),
}
ADVICE = {
    Kind.AGAIN: "await the end of the old loop (stop it, then join or await it) before starting it again",
    Kind.GET_UPDATES: (
        "do not call getUpdates beside polling; for a health check call getMe, or look at the last update's time"
    ),
    Kind.HEALTH: "let the health check call getMe: getUpdates ends the bot's own poll",
    Kind.WEBHOOK: "a program either polls or has a webhook: take this call out, or the polling",
    Kind.WORKERS: f"one worker (`--workers 1`, `-w 1`), or polling in a program of its own: {ONE_PROCESS}",
    Kind.PM2: f"`instances: 1` and `exec_mode: 'fork'`: {ONE_PROCESS}",
    Kind.FLASK: "`use_reloader=False` (or `debug=False`): the reloader runs the program twice, and both poll",
    Kind.RELOAD: "run without the reloader in production; it starts a new copy while the old one may still poll",
}
_WHAT = {
    Kind.POLLING: "starts polling: {}",
    Kind.AGAIN: "starts {}(), which polls, once more",
    Kind.GET_UPDATES: "asks for updates by hand: {}",
    Kind.HEALTH: "a health check or script asks for updates: {}",
    Kind.WEBHOOK: "sets a webhook: {}",
    Kind.WORKERS: "starts several processes: {}",
    Kind.PM2: "starts several processes: {}",
    Kind.FLASK: "starts the program twice, for its reloader: {}",
    Kind.RELOAD: "starts the program again at each change: {}",
}


def what(found: Found, beside: Found | None) -> str:
    if found.kind is Kind.PM2 and not found.several:
        return f"may run several processes at a reload: {found.call}"
    told = _WHAT[found.kind].format(found.call[:60])
    return f"{told}, beside the polling at {beside.path}:{beside.line}" if beside else told


def advice(found: Found, *, suspect: bool) -> str:
    if found.kind is Kind.POLLING:
        return POLLING.get(found.library, "start polling once, on one shared instance") if suspect else NORMAL
    if suspect or found.kind in {Kind.WORKERS, Kind.PM2, Kind.HEALTH}:
        return ADVICE[found.kind]
    return f"nothing to do, unless polling runs beside it: {ADVICE[found.kind]}"
