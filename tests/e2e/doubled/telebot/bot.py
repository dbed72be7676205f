"""The mistake on pyTelegramBotAPI: a second thread polls beside the first, for what was to be a reconnect."""

import os
import threading

import telebot

telebot.apihelper.API_URL = os.environ["TELEGRAM_API_URL"] + "/bot{0}/{1}"  # type: ignore[assignment]  # it is None there


def serve() -> None:
    bot = telebot.TeleBot(os.environ["TELEGRAM_BOT_TOKEN"])

    @bot.message_handler(func=lambda _: True)  # type: ignore[untyped-decorator]
    def echo(message: telebot.types.Message) -> None:
        bot.reply_to(message, f"telebot: {message.text}")

    bot.infinity_polling()


if __name__ == "__main__":
    threading.Thread(target=serve, daemon=True).start()
    serve()
