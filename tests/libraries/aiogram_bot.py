"""The minimal bot of aiogram 3's README: polls, echoes, stops by itself at SIGTERM, logs to stdout."""

import asyncio
import logging
import os
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message

dp = Dispatcher()


@dp.message()
async def echo(message: Message) -> None:
    if message.text:
        await message.answer(f"aiogram: {message.text}")


async def main() -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"]))
    await dp.start_polling(Bot(token=os.environ["TELEGRAM_BOT_TOKEN"], session=session))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    asyncio.run(main())
