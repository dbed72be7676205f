"""A web bot that is as well as it is told to be: `POST /well` and `POST /sick` decide what GET /health answers.

It begins sick, so that a port which accepts is not yet a bot that is up.
"""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    well = False

    def do_GET(self) -> None:
        self._answer(200 if Handler.well and self.path == "/health" else 503)

    def do_POST(self) -> None:
        Handler.well = self.path == "/well"
        self._answer(200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        print(self.command, self.path, status, flush=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Not to stderr as well."""


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
