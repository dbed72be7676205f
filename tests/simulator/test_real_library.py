"""python-telegram-bot, unchanged, talks to the simulator."""

import pytest
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter

from tests.simulator.live import Live
from tests.simulator.stage import BOT, TOKEN


def _bot(live: Live, token: str = TOKEN) -> Bot:
    return Bot(token, base_url=f"{live.simulator.url}/bot")


async def test_a_bot_lives(live: Live) -> None:
    await live.write("/start")
    async with _bot(live) as bot:
        assert bot.id == BOT
        await bot.set_my_commands([("start", "begin")])
        assert [command.command for command in await bot.get_my_commands()] == ["start"]
        [update] = await bot.get_updates(timeout=10)
        assert update.effective_message is not None
        chat = await bot.get_chat(update.effective_message.chat_id)
        sent = await bot.send_message(chat.id, "hello", reply_to_message_id=1)
        assert sent.reply_to_message is not None
        edited = await sent.edit_text("hello again")
        assert not isinstance(edited, bool)
        assert edited.text == "hello again"
        await bot.send_chat_action(chat.id, "typing")
        photo = await bot.send_photo(chat.id, b"not really a photo")
        assert photo.photo
        assert (await bot.get_chat_member(chat.id, BOT)).status == "member"
        assert await sent.delete()
    assert [message["method"] for message in (await live.bot())["sent_messages"]] == [
        "sendMessage",
        "editMessageText",
        "sendPhoto",
        "deleteMessage",
    ]


@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
async def test_errors_arrive_as_the_librarys_own(live: Live) -> None:
    async with _bot(live) as bot:
        await bot.set_webhook("http://localhost:9/")
        with pytest.raises(RetryAfter):
            await bot.set_webhook("http://localhost:9/")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
        assert (await bot.get_webhook_info()).url == ""
        await live.referee("POST", f"/bots/{BOT}/revoke")
    rejected = _bot(live)
    with pytest.raises(InvalidToken):
        await rejected.initialize()
    await rejected.shutdown()
