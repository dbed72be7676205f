"""The minimal bot of pyTelegramBotAPI's README: polls and echoes; like the README it has no handler for SIGTERM."""

import os

import telebot

telebot.apihelper.API_URL = os.environ["TELEGRAM_API_URL"] + "/bot{0}/{1}"  # type: ignore[assignment]  # it is None there
bot = telebot.TeleBot(os.environ["TELEGRAM_BOT_TOKEN"])


@bot.message_handler(func=lambda _: True)  # type: ignore[untyped-decorator]
def echo(message: telebot.types.Message) -> None:
    bot.reply_to(message, f"pyTelegramBotAPI: {message.text}")


if __name__ == "__main__":
    bot.infinity_polling()
