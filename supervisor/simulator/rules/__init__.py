"""How Telegram's Bot API server behaves: getUpdates, webhooks, conflicts, errors. Pure.

Events go in with their time (`now`, seconds on any monotonic clock), actions come out, and `due()` says when to
come back with `wake(now)`. Nothing in this folder waits, reads a clock, draws a random number or opens a socket.

Sources, named where a rule stands: [S] the open-source server, tdlib/telegram-bot-api at 01a3679 (Bot API 10.0);
[D] core.telegram.org/bots/api; [M] our own choice where neither says anything.
"""
