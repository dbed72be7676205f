"""Ports for web bots: never one for two, never somebody else's."""

from __future__ import annotations

import socket

import pytest

from supervisor.errors import StartRefused
from supervisor.runners.ports import FIRST, LAST, Ports


def test_two_bots_two_ports_even_before_either_listens() -> None:
    """Enough bots that some names begin their search at the same place."""
    ports = Ports()
    given = {ports.reserve(f"bot{n}") for n in range(400)}
    assert len(given) == 400
    assert all(FIRST <= port <= LAST for port in given)


def test_a_bot_keeps_its_port_and_gets_it_again() -> None:
    ports = Ports()
    port = ports.reserve("news")
    assert ports.reserve("news") == port
    ports.release("news")
    ports.release("news")
    assert ports.reserve("news") == port


def test_a_port_in_use_is_passed_over() -> None:
    first = Ports().reserve("news")
    with socket.create_server(("127.0.0.1", first)):
        assert Ports().reserve("news") != first


def test_a_held_port_that_somebody_took_is_changed() -> None:
    ports = Ports()
    first = ports.reserve("news")
    with socket.create_server(("127.0.0.1", first)):
        assert ports.reserve("news") != first


def test_a_wanted_port_is_given_or_explained() -> None:
    ports = Ports()
    wanted = ports.reserve("other")
    with pytest.raises(StartRefused, match=rf"port {wanted} is given to bot other"):
        ports.reserve("news", wanted)
    ports.release("other")
    assert ports.reserve("news", wanted) == wanted
    with socket.create_server(("127.0.0.1", wanted)), pytest.raises(StartRefused, match="in use by another program"):
        ports.reserve("news", wanted)
