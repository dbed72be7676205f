"""setWebhook, deleteWebhook, getWebhookInfo: refusals word for word, and what is left afterwards."""

from typing import Any

import pytest

from tests.simulator.stage import Stage

BAD = "Bad Request: bad webhook: "


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "http://", "https://x:0/", "https://x:70000/", "https://x:port/", "://x", "http://a b/", "https://"],
)
def test_addresses_that_are_none(stage: Stage, url: str) -> None:
    assert stage.set_webhook(0, url).error[1:] == (400, "Bad Request: invalid webhook URL specified")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"secret_token": "x" * 257}, "Bad Request: secret token is too long"),
        ({"secret_token": "a b"}, "Bad Request: secret token contains unallowed characters"),
        ({"ip_address": "1.2.3"}, BAD + "Invalid IP address specified"),
    ],
)
def test_arguments_that_are_refused_everywhere(stage: Stage, args: dict[str, str], text: str) -> None:
    assert stage.set_webhook(0, **args).error[1:] == (400, text)
    assert stage.info(1)["url"] == ""


@pytest.mark.parametrize(
    ("url", "args", "text"),
    [
        ("http://hook.test/", {}, "An HTTPS URL must be provided for webhook"),
        ("https://hook.test:8080/", {}, "Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("https://hook.test/", {}, "IP address 127.0.0.1 is reserved"),
        ("https://hook.test/", {"ip_address": "10.1.2.3"}, "IP address 10.1.2.3 is reserved"),
        ("https://hook.test/", {"ip_address": "::1"}, "IPv6-only addresses are not allowed"),
    ],
)
def test_what_only_the_cloud_refuses(url: str, args: dict[str, str], text: str) -> None:
    cloud = Stage(local=False)
    assert cloud.set_webhook(0, url, **args).error[1:] == (400, BAD + text)
    assert cloud.info(1)["url"] == ""
    local = Stage()
    assert local.set_webhook(0, url, **args).body["description"] == "Webhook was set"


def test_a_host_that_does_not_resolve(stage: Stage) -> None:
    stage.resolver["hook.test"] = None
    text = "Failed to resolve host: Name or service not known"
    assert stage.set_webhook(0).error[1:] == (400, BAD + text)
    assert stage.info(1)["url"] == ""


def test_an_address_without_scheme_is_https(stage: Stage) -> None:
    stage.set_webhook(0, "hook.test/x")
    stage.queue(101, at=1)
    assert stage.posts[0].post.url == "https://hook.test:443/x"


@pytest.mark.parametrize(
    ("local", "asked", "kept"),
    [(False, None, 40), (False, 0, 1), (False, 500, 100), (True, None, 100), (True, 500, 500)],
)
def test_max_connections_are_moved_into_range(local: bool, asked: int | None, kept: int) -> None:
    stage = Stage(local=local, resolver={"hook.test": "93.184.216.34"})
    args: dict[str, Any] = {} if asked is None else {"max_connections": asked}
    stage.set_webhook(0, "https://hook.test/", **args)
    assert stage.info(1)["max_connections"] == kept


def test_info_in_the_servers_order(stage: Stage) -> None:
    assert list(stage.info(0)) == ["url", "has_custom_certificate", "pending_update_count"]
    stage.set_webhook(1, allowed_updates=["callback_query", "message"])
    assert stage.info(2) == {
        "url": "http://hook.test/x",
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "max_connections": 100,
        "ip_address": "127.0.0.1",
        "allowed_updates": ["message", "callback_query"],
    }


def test_the_same_webhook_again_changes_only_the_kinds(stage: Stage) -> None:
    stage.set_webhook(0)
    again = stage.set_webhook(2, allowed_updates=["message"])
    assert again.body["description"] == "Webhook is already set"
    assert stage.info(3)["allowed_updates"] == ["message"]


@pytest.mark.parametrize(
    "args",
    [{"secret_token": "s"}, {"max_connections": 7}, {"ip_address": "127.0.0.2"}, {"drop_pending_updates": True}],
)
def test_a_different_webhook_is_set_anew(stage: Stage, args: dict[str, Any]) -> None:
    stage.set_webhook(0)
    assert stage.set_webhook(2, **args).body["description"] == "Webhook was set"


def test_set_webhook_without_address_deletes(stage: Stage) -> None:
    stage.set_webhook(0)
    assert stage.set_webhook(0.5, "").body["description"] == "Webhook was deleted"
    assert stage.poll("A", 1).waits


def test_a_certificate_is_too_big(stage: Stage) -> None:
    stage.bot.mailbox.webhook = None
    request = stage.call("A", "getMe", 0)
    request.call.method = "setwebhook"
    request.call.args["url"] = "https://hook.test/"
    request.call.files["certificate"] = b"x" * (3 * 2**20 + 1)
    request.reply = None
    stage._note(stage.bot.call(0, request.call))
    assert request.error[1:] == (400, "Bad Request: certificate size is too big (3145729 bytes)")


def test_a_second_set_webhook_ends_one_in_progress(stage: Stage) -> None:
    stage.resolver["slow.test"] = ""
    first = stage.set_webhook(0, "http://slow.test/")
    poll = stage.poll("A", 0.5)
    assert first.waits
    assert poll.error[1] == 409
    assert "webhook is active" in poll.error[2]
    second = stage.set_webhook(4)
    assert first.error == (4.0, 409, "Conflict: terminated by other setWebhook")
    assert second.body["description"] == "Webhook was set"
    assert stage.info(5)["url"] == "http://hook.test/x"


def test_news_of_an_abandoned_lookup_is_ignored(stage: Stage) -> None:
    stage.resolver["slow.test"] = ""
    stage.set_webhook(0, "http://slow.test/")
    stage.call("B", "deleteWebhook", 1)
    stage._note(stage.bot.resolved(2, stage.questions[0].generation, "127.0.0.1"))
    assert stage.info(3)["url"] == ""


def test_a_late_lookup_does_not_verify_the_next_webhook(stage: Stage) -> None:
    stage.resolver |= {"slow.test": "", "slower.test": ""}
    stage.set_webhook(0, "http://slow.test/")
    second = stage.set_webhook(2, "http://slower.test/")
    stage._note(stage.bot.resolved(3, stage.questions[0].generation, "127.0.0.1"))
    assert second.waits
    stage._note(stage.bot.resolved(4, stage.questions[1].generation, "127.0.0.2"))
    assert stage.info(5)["ip_address"] == "127.0.0.2"


def test_delete_webhook_is_not_limited(stage: Stage) -> None:
    stage.set_webhook(0)
    texts = [stage.call("B", "deleteWebhook", 0.1).body["description"] for _ in range(3)]
    assert texts == ["Webhook was deleted", "Webhook is already deleted", "Webhook is already deleted"]


def test_a_failing_setting_keeps_its_allowed_updates(stage: Stage) -> None:
    stage.resolver["hook.test"] = None
    stage.set_webhook(0, allowed_updates=["message"])
    assert stage.info(1)["allowed_updates"] == ["message"]
