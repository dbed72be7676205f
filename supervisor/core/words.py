"""Steps and answers in words, for incidents and for `reason`."""

from __future__ import annotations

from supervisor.core.steps import (
    Answer,
    DeleteWebhook,
    Denied,
    Done,
    Identified,
    Identify,
    NoAnswer,
    Pause,
    Prepare,
    PrepareFailed,
    Probe,
    Probed,
    ReadWebhook,
    Rejected,
    Step,
    WebhookSeen,
)


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
        case Pause(seconds, why):
            return f"wait {seconds:g} s ({why})"


def result(answer: Answer) -> str:
    match answer:
        case Done():
            return "done"
        case Identified(bot_id, username):
            return f"@{username} ({bot_id})"
        case WebhookSeen(host, pending):
            return f"{f'webhook at {host}' if host else 'no webhook'}, {pending} update(s) pending"
        case Probed(_, rival, waiting):
            if rival:
                return "another getUpdates ended ours: somebody else polls"
            return "updates were waiting: proves nothing" if waiting else "nobody else polled"
        case NoAnswer(reason) | Denied(reason) | Rejected(reason) | PrepareFailed(reason):
            return reason
