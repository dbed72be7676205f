"""`botctl simulate`: the simulator on its own, in the foreground."""

from __future__ import annotations

import asyncio
from pathlib import Path

from supervisor.cli.exits import BadUsage, Failed
from supervisor.simulator.errors import BadTokensFile, SimulatorError
from supervisor.simulator.server import simulate


def run_simulator(port: int, tokens: Path | None, *, strict: bool, scale: float) -> None:
    """Serve until interrupted. Raises BadUsage for a bad list of tokens, Failed when it cannot listen."""
    try:
        asyncio.run(simulate("127.0.0.1", port, tokens, strict, scale, _announce))
    except BadTokensFile as error:
        raise BadUsage(str(error)) from error
    except SimulatorError as error:
        raise Failed(str(error)) from error


def _announce(url: str) -> None:
    print(f"SIMULATED Telegram on {url}", flush=True)
    print(f"  for a bot:        TELEGRAM_API_URL={url}")
    print(f'  write as a user:  curl -d \'{{"text": "hi"}}\' {url}/simulator/bots/BOT_ID/messages')
    print(f"  the referee:      curl {url}/simulator/bots/BOT_ID", flush=True)
