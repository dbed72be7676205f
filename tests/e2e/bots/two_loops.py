"""A bot with the classic mistake: polling is started twice, so it drives itself into a 409."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from poller import Server, poll  # type: ignore[import-not-found]  # beside this file, wherever that is run from

threading.Thread(target=poll, args=(Server(),), daemon=True).start()
poll(Server())
