"""Steps and answers in words, for incidents and for `reason`."""

from __future__ import annotations

from supervisor.core.steps import (
    Answer,
    DeleteWebhook,
    Denied,
    Done,
    Identified,
    Identify,
    LookAround,
    Looked,
    NoAnswer,
    Pause,
    Prepare,
    PrepareFailed,
    Probe,
    Probed,
    ReadSource,
    ReadWebhook,
    Rejected,
    SourceRead,
    Step,
    WebhookSeen,
)


def span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def action(step: Step) -> str:
    match step:
        case Prepare():
            return "setup"
        case Identify():
            return "getMe"
        case ReadWebhook():
            return "getWebhookInfo"
        case DeleteWebhook(drop):
            return "deleteWebhook, dropping pending updates as configured" if drop else "deleteWebhook"
        case Probe(seconds):
            return f"probe: hold a getUpdates for {seconds:g} s"
        case LookAround(stop):
            return "look for other users of the token on this host" + (", and stop them" if stop else "")
        case ReadSource():
            return "look into the bot's source for polling loops"
        case Pause(seconds, why):
            return f"wait {seconds:g} s ({why})"


def result(answer: Answer) -> str:
    match answer:
        case Done():
            return "done"
        case Identified(bot_id, username):
            return f"@{username} ({bot_id})"
        case WebhookSeen(host, pending, _):
            return f"{f'webhook at {host}' if host else 'no webhook'}, {pending} update(s) pending"
        case Probed(_, rival, waiting):
            if rival:
                return "another getUpdates ended ours: somebody else polls"
            return "updates were waiting: proves nothing" if waiting else "nobody else polled"
        case Looked(sighting, stopped):
            seen = [str(rival) for rival in sighting.rivals] or ["none seen"]
            return "; ".join((*seen, *stopped, *(f"could not be read: {what}" for what in sighting.unread)))
        case SourceRead(spots):
            return "; ".join(map(str, spots)) or "no place found"
        case NoAnswer(reason) | Denied(reason) | Rejected(reason) | PrepareFailed(reason):
            return reason
