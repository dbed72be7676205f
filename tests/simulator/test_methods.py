"""Ordinary methods: what a bot needs to live."""

import pytest

from supervisor.simulator.rules.chats import commands_in
from supervisor.simulator.rules.people import chat
from tests.simulator.stage import EPOCH, Stage


def test_send_edit_delete(stage: Stage) -> None:
    sent = stage.call("A", "sendMessage", 7, chat_id=5, text="one").result
    assert (sent["message_id"], sent["chat"]["id"], sent["date"]) == (1, 5, EPOCH + 7)
    edited = stage.call("A", "editMessageText", 8, chat_id=5, message_id=1, text="two").result
    assert (edited["text"], edited["edit_date"]) == ("two", EPOCH + 8)
    again = stage.call("A", "editMessageText", 9, chat_id=5, message_id=1, text="two")
    assert again.error[2].startswith("Bad Request: message is not modified")
    assert stage.call("A", "deleteMessage", 10, chat_id=5, message_id=1).result is True
    gone = stage.call("A", "deleteMessage", 11, chat_id=5, message_id=1)
    assert gone.error[1:] == (400, "Bad Request: message to delete not found")
    records = [(message["method"], message["text"], message["message_id"]) for message in stage.bot.tally.sent]
    assert records == [("sendMessage", "one", 1), ("editMessageText", "two", 1), ("deleteMessage", "", 1)]


def test_an_edit_without_keyboard_takes_it_away(stage: Stage) -> None:
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    sent = stage.call("A", "sendMessage", 0, chat_id=5, text="one", reply_markup=keyboard).result
    assert sent["reply_markup"] == keyboard
    assert "reply_markup" not in stage.call("A", "editMessageText", 1, chat_id=5, message_id=1, text="one").result


def test_a_reply_names_the_message(stage: Stage) -> None:
    stage.call("A", "sendMessage", 0, chat_id=5, text="one")
    reply = stage.call("A", "sendMessage", 1, chat_id=5, text="two", reply_parameters={"message_id": 1}).result
    assert reply["reply_to_message"]["text"] == "one"
    assert stage.bot.tally.sent[-1]["reply_to"] == 1


@pytest.mark.parametrize(
    ("method", "args", "text"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": "nobody", "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": "5", "text": " "}, "message text is empty"),
        ("sendMessage", {"chat_id": "5", "text": "x" * 4097}, "message is too long"),
        ("editMessageText", {"chat_id": "5", "message_id": "9", "text": "x"}, "message to edit not found"),
        ("getChat", {}, "chat not found"),
        ("getFile", {}, "file_id not specified"),
        ("setMyCommands", {"commands": "{"}, "can't parse commands JSON object"),
    ],
)
def test_refusals(stage: Stage, method: str, args: dict[str, str], text: str) -> None:
    assert stage.call("A", method, 0, **args).error[1:] == (400, f"Bad Request: {text}")
    assert not stage.bot.tally.sent


@pytest.mark.parametrize("chat_id", [5, -5, -1_000_000_000_005])
def test_chats_are_told_by_their_number(stage: Stage, chat_id: int) -> None:
    kinds = {5: "private", -5: "group", -1_000_000_000_005: "supergroup"}
    assert stage.call("A", "getChat", 0, chat_id=chat_id).result["type"] == kinds[chat_id]
    assert chat(chat_id)["id"] == chat_id


def test_a_public_name_is_a_chat(stage: Stage) -> None:
    first = stage.call("A", "sendMessage", 0, chat_id="@News", text="x").result
    second = stage.call("A", "sendPhoto", 0, chat_id="@news", photo="id").result
    assert first["chat"] == second["chat"]
    assert second["photo"]


def test_commands_are_kept_by_scope_and_language(stage: Stage) -> None:
    commands = [{"command": "start", "description": "begin"}]
    stage.call("A", "setMyCommands", 0, commands=commands, scope={"type": "default"})
    assert stage.call("A", "getMyCommands", 1).result == commands
    assert stage.call("A", "getMyCommands", 1, language_code="de").result == []
    stage.call("A", "deleteMyCommands", 2)
    assert stage.call("A", "getMyCommands", 3).result == []


@pytest.mark.parametrize("method", ["answerCallbackQuery", "sendChatAction", "pinChatMessage", "setNewThing"])
def test_everything_else_is_true(stage: Stage, method: str) -> None:
    assert stage.call("A", method, 0).result is True


def test_commands_are_marked_in_utf16_units() -> None:
    marked = [(entity["offset"], entity["length"]) for entity in commands_in("🎲 /start@some_bot a/b /x")]
    assert marked == [(3, 15), (23, 2)]
