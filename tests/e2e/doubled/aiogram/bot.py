"""The mistake on aiogram: polling is started in the background, and then once more."""

import asyncio
import logging
import os

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer


def make() -> Bot:
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"]))
    return Bot(token=os.environ["TELEGRAM_BOT_TOKEN"], session=session)


async def main() -> None:
    first, second = Dispatcher(), Dispatcher()
    again = asyncio.create_task(first.start_polling(make(), handle_signals=False))
    await second.start_polling(make(), handle_signals=False)
    await again


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
