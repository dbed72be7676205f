"""The same mistake on a real library: a reconnect that starts polling again while the first polling still goes on."""

import asyncio
import os

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer


async def polling() -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"]))
    bot = Bot(token=os.environ["TELEGRAM_BOT_TOKEN"], session=session)
    await Dispatcher().start_polling(bot, handle_signals=False)


async def main() -> None:
    await asyncio.gather(polling(), polling())


if __name__ == "__main__":
    asyncio.run(main())
