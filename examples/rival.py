"""The other copy of a bot: a bare poller with somebody else's token, for seeing a 409 heal.

    TELEGRAM_BOT_TOKEN=... TELEGRAM_API_URL=http://127.0.0.1:8081 python examples/rival.py --seconds 20

It stands for the forgotten server, the colleague's laptop, the deploy that overlaps. It confirms nothing, so that no
message is lost by the trial, and stops by itself. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import urllib.error
import urllib.request

AFTER_A_CONFLICT = 3.0  # seconds; what go-telegram-bot-api waits, and the rhythm of the server's own brake


def main() -> int:
    parser = argparse.ArgumentParser(description="Poll with $TELEGRAM_BOT_TOKEN for a while, as a second copy would.")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to poll (default: 20)")
    seconds = parser.parse_args().seconds
    token = os.environ.get("TELEGRAM_BOT_TOKEN", "")
    api_url = os.environ.get("TELEGRAM_API_URL", "https://api.telegram.org").rstrip("/")
    if ":" not in token or not api_url.startswith(("http://", "https://")):
        print("rival: set TELEGRAM_BOT_TOKEN to a token, and TELEGRAM_API_URL to an http(s) address", file=sys.stderr)
        return 2
    name = f"rival of bot {token.partition(':')[0]}"
    print(f"{name}: polling for {seconds:g} s", flush=True)
    conflicts = poll(f"{api_url}/bot{token}/getUpdates", name, time.monotonic() + seconds)
    print(f"{name}: done after {conflicts} conflict{'' if conflicts == 1 else 's'}, gone for good", flush=True)
    return 0


def poll(address: str, name: str, end: float) -> int:
    """Ask for updates until `end` (monotonic seconds), without ever confirming one; how many 409s came back."""
    conflicts = 0
    while (left := end - time.monotonic()) > 0:
        try:
            updates = ask(address, timeout=min(30, math.ceil(left)))
        except urllib.error.HTTPError as error:
            print(f"{name}: {error.code} {description(error)}", flush=True)
            conflicts += error.code == 409
            updates = True
        except OSError as error:
            print(f"{name}: no answer ({error})", flush=True)
            updates = True
        if updates:  # an update that nobody confirms is handed out at once, again and again
            time.sleep(max(0.0, min(AFTER_A_CONFLICT, end - time.monotonic())))
    return conflicts


def ask(address: str, timeout: int) -> bool:
    """One long poll; whether there were updates."""
    body = json.dumps({"timeout": timeout}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310  # main checks it
    with urllib.request.urlopen(request, timeout=timeout + 10) as response:  # noqa: S310
        return bool(json.load(response)["result"])


def description(error: urllib.error.HTTPError) -> str:
    """What the server said; a proxy in front of it may say it in HTML, or not at all."""
    try:
        return str(json.load(error)["description"])
    except (ValueError, KeyError, TypeError):
        return error.reason


if __name__ == "__main__":
    sys.exit(main())
