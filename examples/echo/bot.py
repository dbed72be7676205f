"""A worker on python-telegram-bot: polls Telegram and says back what it hears.

It takes all it needs from the environment, as the supervisor hands it over: the token, and the address of the
Bot API server. A proxy (HTTPS_PROXY, ALL_PROXY) is honoured by the library itself. At SIGTERM `run_polling` finishes
the work in hand, confirms what it has read and returns.
"""

import logging
import os

from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters

log = logging.getLogger("echo")


async def start(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message:
        await update.message.reply_text("Hello! Write something, and I say it back.")


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message and update.message.text:
        await update.message.reply_text(update.message.text)
        log.info("said back %d characters", len(update.message.text))


async def on_error(_: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    log.error("%s", context.error)  # the library's own report would be a page of traceback for each one


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold the address, and so the token
    api_url = os.environ.get("TELEGRAM_API_URL", "https://api.telegram.org")
    application = (
        Application.builder()
        .token(os.environ["TELEGRAM_BOT_TOKEN"])
        .base_url(f"{api_url}/bot")
        .base_file_url(f"{api_url}/file/bot")
        .build()
    )
    application.add_handler(CommandHandler("start", start))
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.add_error_handler(on_error)
    application.run_polling()


if __name__ == "__main__":
    main()
