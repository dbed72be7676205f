"""A bot without a library, so that ten of them start in no time: polls, and answers each text with the same text.

`env NAME` is answered with that variable. What goes wrong is printed as the server said it, and tried again. Like
many a bot in the field it prints its token when it starts.
"""

import http.client
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

AGAIN_AFTER = 0.3


class Server:
    def __init__(self) -> None:
        self._place = urlsplit(os.environ["TELEGRAM_API_URL"]).netloc
        self._prefix = f"/bot{os.environ['TELEGRAM_BOT_TOKEN']}"
        self._connection = http.client.HTTPConnection(self._place, timeout=60)

    def call(self, method: str, **args: Any) -> Any:
        """The result, or None after saying what went wrong."""
        try:
            self._connection.request(
                "POST", f"{self._prefix}/{method}", json.dumps(args), {"Content-Type": "application/json"}
            )
            answer = json.load(self._connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            print(f"{method}: no answer: {type(error).__name__}", flush=True)
            time.sleep(AGAIN_AFTER)
            return None
        if answer["ok"]:
            return answer["result"]
        print(f"{method}: error {answer['error_code']}: {answer['description']}", flush=True)
        time.sleep(AGAIN_AFTER)
        return None


def reply(text: str) -> str:
    return os.environ.get(text.removeprefix("env "), "(none)") if text.startswith("env ") else f"poller: {text}"


def poll(server: Server) -> None:
    offset = 0
    while True:
        for update in server.call("getUpdates", timeout=30, offset=offset) or ():
            offset = update["update_id"] + 1
            message = update["message"]
            server.call("sendMessage", chat_id=message["chat"]["id"], text=reply(message["text"]))


if __name__ == "__main__":
    print("starting with", os.environ["TELEGRAM_BOT_TOKEN"], flush=True)
    poll(Server())
