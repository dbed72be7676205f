"""`botctl unlock`: the way from "409" to "free", told step by step in words.

The texts are the same as those of scripts/unlock.sh and scripts/unlock.ps1. What a probe can and cannot prove is from
the Bot API server's source (tdlib/telegram-bot-api, Client.cpp): a 409 is certain, silence is not.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from supervisor.cli.exits import BadUsage, Exit, Failed
from supervisor.cli.terminal import harmless
from supervisor.cli.token_of import Target
from supervisor.errors import LeaseHeld
from supervisor.leases import FileLeases, default_directory
from supervisor.telegram import BotApi, ProbeResult, TokenRejected, Unreachable, WebhookInfo

PROBE_SECONDS = 50.0
"""The longest poll the server holds; shorter ones miss a rival that is in its back-off."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What else than the webhook: `sure` answers every question with yes."""

    probe: bool = False
    drop: bool = False
    sure: bool = False


def unlock(target: Target, wanted: Wanted) -> Exit:
    """DONE when the token is free as far as can be known, FAILED when it is not."""
    try:
        return asyncio.run(_unlock(target, wanted))
    except TokenRejected as error:
        raise Failed(
            str(error), "it was revoked or is mistyped: ask @BotFather for /token, and mend bots.yaml"
        ) from error
    except Unreachable as error:
        hint = f"nothing is known about the bot; the way was {_host(target.api_url)}"
        raise Failed(str(error), hint + (" through a proxy" if target.proxy else "; is a --proxy needed?")) from error


async def _unlock(target: Target, wanted: Wanted) -> Exit:
    async with BotApi(target.token, target.api_url, target.proxy) as api:
        me = await api.get_me()
        say("bot", f"@{me.username} ({me.id})" + (f", {target.name} in bots.yaml" if target.name else ""))
        before = await api.webhook()
        say("webhook", described(before))
        drop = wanted.drop and _may_drop(before.pending, wanted)
        await api.delete_webhook(drop=drop)
        say("deleteWebhook", "done, " + ("pending updates dropped" if drop else "no update dropped"))
        after = await api.webhook()
        if after.url:
            say("verified", f"no: a webhook is set again, at {_host(after.url)}")
            print("Something keeps setting it. Find what runs at that address and stop it, or revoke the token.")
            return Exit.FAILED
        say("verified", f"no webhook is set; {waiting(after.pending)}")
        if wanted.probe:
            return await _probe(api, target)
    print("The token is free for polling, unless somebody else polls: --probe looks for that.")
    return Exit.DONE


def described(info: WebhookInfo) -> str:
    """A webhook in words; of its address only the host, since the path may be a secret."""
    if not info.url:
        return f"none is set; {waiting(info.pending)}"
    error = f"; its last error: {harmless(info.last_error)}" if info.last_error else ""
    return f"set, at {_host(info.url)}; {waiting(info.pending)}{error}"


def waiting(count: int) -> str:
    return f"{count} update{'s' if count != 1 else ''} waiting"


def _may_drop(pending: int, wanted: Wanted) -> bool:
    if wanted.sure or pending == 0:
        return True
    if not sys.stdin.isatty():
        raise BadUsage(
            f"--drop-pending would lose {pending} update(s), and nobody is here to ask", "add --yes to do it"
        )
    answer = input(f"Really lose {pending} update(s) for good? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise Failed("nothing was changed", "without --drop-pending no update is lost")
    return True


async def _probe(api: BotApi, target: Target) -> Exit:
    """Hold a poll while the token's lease is ours: no supervisor of this host can be the one we meet."""
    try:
        lease = FileLeases(default_directory(), "botctl unlock --probe").take(
            target.token.id, target.name or "unlock"
        )
    except LeaseHeld as error:
        raise Failed(
            f"not probed: a supervisor of this machine runs the bot ({error.holder})",
            "the probe would only meet that one, and end its poll; `botctl stop` the bot first",
        ) from error
    try:
        if sys.stderr.isatty():
            print(f"holding a getUpdates for up to {PROBE_SECONDS:g} s ...", file=sys.stderr)
        met = await api.probe(PROBE_SECONDS)
    finally:
        lease.drop()
    say("probe", found(met))
    if met.conflict:
        print("Stop the other one (an old process, container, host, a developer's machine), or revoke the token.")
        return Exit.FAILED
    return Exit.DONE


def found(met: ProbeResult) -> str:
    """What the probe proves, and no more."""
    if met.rival:
        return "SOMEBODY ELSE POLLS with this token: another getUpdates ended ours"
    if met.conflict:
        return f"ended by a conflict: {harmless(met.conflict)}"
    if met.waiting:
        return "proves nothing: updates were waiting, so the answer came at once (none was lost)"
    return f"nobody began to poll within {met.seconds:g} s (one that rests for longer, or does not wait, is not seen)"


def say(what: str, text: str) -> None:
    print(f"{what + ':':<15}{text}", flush=True)


def _host(url: str) -> str:
    return urlsplit(url).hostname or "an unreadable address"
