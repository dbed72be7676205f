"""What the referee tells about a bot, as JSON-able data."""

from typing import Any

from supervisor.simulator.clock import Clock
from supervisor.simulator.rules.bot import SimulatedBot


def report(bot: SimulatedBot, clock: Clock) -> dict[str, Any]:
    """Everything known about one bot. Durations in real seconds, dates in Unix time."""
    now = clock.now()
    tally, ledger, webhook = bot.tally, bot.mailbox.queue.ledger, bot.mailbox.webhook
    pollers = tally.pollers()
    return {
        "id": bot.identity.id,
        "username": bot.identity.username,
        "polls": tally.calls["getupdates"],
        "calls": dict(tally.calls),
        "conflicts": dict(tally.conflicts),
        "unseen_conflicts": tally.unseen_conflicts,
        "pollers": len(pollers),
        "poller_ports": [int((call.client or ":0").rpartition(":")[2]) for call, _ in pollers],
        "open_polls": [
            {"peer": call.client, "since": clock.stamp(since), "state": bot.state_of(call)} for call, since in pollers
        ],
        "overlap_s": round(tally.overlap(now) * clock.scale, 3),
        "overlaps": tally.overlaps,
        "last_poll_at": None if tally.last_poll is None else clock.stamp(tally.last_poll),
        "received": ledger.received,
        "pending": len(bot.mailbox.queue),
        "confirmed": ledger.confirmed,
        "lost": ledger.lost,
        "dropped": ledger.dropped,
        "webhook": webhook.url if webhook else "",
        "deliveries": tally.deliveries,
        "failed_deliveries": tally.failed_deliveries,
        "sent": tally.sent_count,
        "sent_messages": list(tally.sent),
    }
