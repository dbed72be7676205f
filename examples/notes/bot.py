"""A worker on aiogram: keeps notes for each chat in a small SQLite file, which survives restarts and updates.

`/notes` lists them, `/forget` drops them, anything else is noted. aiogram ends its polling at SIGTERM by itself.
"""

import asyncio
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.types import Message

DATABASE = Path(os.environ.get("NOTES_DB", "notes.db"))

dp = Dispatcher()


def database() -> closing[sqlite3.Connection]:
    """The notes, opened for one short piece of work: nothing is left half-written when the bot is stopped."""
    connection = sqlite3.connect(DATABASE, isolation_level=None)
    connection.execute("CREATE TABLE IF NOT EXISTS notes (chat INTEGER, text TEXT)")
    return closing(connection)


@dp.message(Command("notes"))
async def show(message: Message) -> None:
    with database() as db:
        rows = db.execute("SELECT text FROM notes WHERE chat = ? ORDER BY rowid", (message.chat.id,)).fetchall()
    await message.answer("\n".join(f"{number}. {text}" for number, (text,) in enumerate(rows, 1)) or "No notes yet.")


@dp.message(Command("forget"))
async def forget(message: Message) -> None:
    with database() as db:
        db.execute("DELETE FROM notes WHERE chat = ?", (message.chat.id,))
    await message.answer("All forgotten.")


@dp.message(F.text)
async def note(message: Message) -> None:
    with database() as db:
        db.execute("INSERT INTO notes VALUES (?, ?)", (message.chat.id, message.text))
        (count,) = db.execute("SELECT count(*) FROM notes WHERE chat = ?", (message.chat.id,)).fetchone()
    await message.answer(f"Noted. That makes {count}.")


async def main() -> None:
    server = TelegramAPIServer.from_base(os.environ.get("TELEGRAM_API_URL", "https://api.telegram.org"))
    proxy = os.environ.get("ALL_PROXY") or os.environ.get("HTTPS_PROXY")
    session = AiohttpSession(api=server, proxy=proxy)
    await dp.start_polling(Bot(token=os.environ["TELEGRAM_BOT_TOKEN"], session=session))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(main())
