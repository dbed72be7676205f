"""A web bot on python-telegram-bot: a small shop with buttons, and an honest GET /health on $PORT.

`mode: web` in bots.yaml means: the supervisor sets PORT, waits until /health answers 200, and restarts the bot when
it stops answering. So /health must not say "well" while the bot is deaf: 200 only while updates are fetched.
"""

import logging
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, ApplicationBuilder, CallbackQueryHandler, ContextTypes, MessageHandler, filters

GOODS = {"tea": 3, "coffee": 4, "cake": 5}

log = logging.getLogger("shop")


async def show_goods(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    buttons = [[InlineKeyboardButton(f"{name}, {price} coins", callback_data=name)] for name, price in GOODS.items()]
    if update.message:
        await update.message.reply_text("What would you like?", reply_markup=InlineKeyboardMarkup(buttons))


async def sell(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    if query and query.data in GOODS:
        await query.answer()
        await query.edit_message_text(f"One {query.data} for {GOODS[query.data]} coins. Thank you!")
        log.info("sold one %s", query.data)


async def on_error(_: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    log.error("%s", context.error)


def serve_health(application: Application[Any, Any, Any, Any, Any, Any], port: int) -> None:
    """Answer GET /health from a thread of its own, for as long as the process lives."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fetching = application.updater is not None and application.updater.running
            self.send_response(404 if self.path != "/health" else 200 if fetching else 503)
            self.end_headers()
            self.wfile.write(b"fetching updates\n" if fetching else b"not fetching updates\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
            """A line for every health check would be noise."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Health)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    log.info("health on port %d", port)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold the address, and so the token
    api_url = os.environ.get("TELEGRAM_API_URL", "https://api.telegram.org")
    token = os.environ["TELEGRAM_BOT_TOKEN"]
    application = ApplicationBuilder().token(token).base_url(f"{api_url}/bot").build()
    application.add_handler(CallbackQueryHandler(sell))
    application.add_handler(MessageHandler(filters.ALL, show_goods))
    application.add_error_handler(on_error)
    if os.environ.get("ENABLE_HEALTH_SERVER") == "1":
        serve_health(application, int(os.environ["PORT"]))
    application.run_polling()


if __name__ == "__main__":
    main()
