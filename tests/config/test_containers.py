"""Bots that run as containers: which keys make one, what they become, and what is refused in which words."""

from __future__ import annotations

import pytest

from supervisor.model.bots import RunnerKind
from supervisor.model.containers import Build, ContainerSpec, Pull, TokenDelivery, Volume
from tests.config.yard import Yard, a_bot


def without_command(keys: str) -> str:
    return a_bot(keys).replace("    command: python3 -c pass\n", "")


def test_an_image_makes_a_container_and_needs_no_command(yard: Yard) -> None:
    run = yard.load(without_command("image: ghcr.io/me/shop:1.4")).bots["news"].run
    assert (run.runner, run.command) == (RunnerKind.DOCKER, ())
    assert run.container == ContainerSpec(image="ghcr.io/me/shop:1.4")


def test_every_key(yard: Yard) -> None:
    yard.write("bots/shop/Prod", "FROM a\n")
    run = yard.bot(
        "build: {context: bots/shop, dockerfile: Prod, args: {A: 1}}\nvolumes: [./data:/data, state:/state:ro]\n"
        "networks: host\nmemory: 256MB\ncpus: 0.5\npids: 100\npull: always\ntoken_delivery: file\nread_only: yes\n"
        'user: "nobody-here"'
    ).run
    folder = yard.root / "bots" / "shop"
    volumes = (Volume(str(yard.root / "data"), "/data"), Volume("state", "/state", read_only=True))
    assert run.container == ContainerSpec(
        build=Build(folder, "Prod", {"A": "1"}), volumes=volumes, networks=("host",), memory=256_000_000, cpus=0.5,
        pids=100, pull=Pull.ALWAYS, token_delivery=TokenDelivery.FILE, read_only=True,
    )  # fmt: skip
    assert (run.cwd, run.user) == (folder, "nobody-here")


def test_a_folder_alone_is_short_for_a_build(yard: Yard) -> None:
    yard.write("bots/shop/Dockerfile", "FROM a\n")
    container = yard.bot("build: bots/shop").run.container
    assert container is not None
    assert container.build == Build(yard.root / "bots" / "shop")


def test_defaults_are_for_those_who_can_use_them(yard: Yard) -> None:
    text = "defaults: {memory: 64MB, setup: 'true', volumes: []}\n"
    assert yard.load(text + a_bot()).bots["news"].run.container is None
    container = yard.load(text + a_bot("image: a")).bots["news"].run.container
    assert container is not None
    assert container.memory == 64_000_000


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("memory: 64MB", "memory: is for containers, this bot is a child process: remove it, or add image"),
        ("image: a\nvenv: x", "venv: is for child processes, this bot is a container: remove it (the image has one)"),
        ("image: a\nrunner: process", "runner: process stands beside image or build: remove one of them"),
        ("runner: docker", "image: is missing: name an image, or a folder to build one from (build)"),
        ("image: A b", 'image: "A b" cannot name an image, such as ghcr.io/me/shop:1'),
        ("build: nowhere", "build.context: there is no folder nowhere (looked for nowhere)"),
        ("build: .", "build.context: there is no Dockerfile in ."),
        ("image: a\nvolumes: [data]", 'volumes[0]: "data" is not source:/target or source:/target:ro'),
        ("image: a\nvolumes: [a/b:/c]", 'volumes[0]: "a/b" cannot name a volume: a folder begins with ./ or /'),
        ("image: a\nnetworks: [container:x]", 'networks[0]: "container:x" cannot name a network'),
        ("image: a\nmemory: 1MB", "memory: is too small for a container: at least 6.3MB"),
        ("image: a\ncpus: many", 'cpus: "many" is not a number of processors, such as 0.5 or 2'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(yard: Yard, keys: str, said: str) -> None:
    (problem,) = yard.problems(a_bot(keys))
    assert problem.partition("bots.news.")[2] == said


@pytest.mark.parametrize("source", ["/var/run/docker.sock", "/run/docker.sock", "/var/run", "/"])
def test_no_bot_gets_the_engine(yard: Yard, source: str) -> None:
    (problem,) = yard.problems(a_bot(f"image: a\nvolumes: ['{source}:/x']"))
    assert problem.endswith("would give the bot the engine, and with it the whole machine")


def test_a_bot_that_keeps_nothing_is_warned_about(yard: Yard) -> None:
    (warning,) = yard.warnings(a_bot("image: a"))
    assert "the bot keeps nothing over a restart" in warning
    assert yard.warnings(a_bot("image: a\nvolumes: []")) == []
