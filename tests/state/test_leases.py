"""One holder per bot id on this host: between objects, processes, and over the death of the first."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.errors import LeaseHeld
from supervisor.leases import FileLeases, LeaseUnavailable, StateLock, default_directory, lock_state
from supervisor.model.leases import Holder

HOLD = """
import sys
from pathlib import Path
from supervisor.leases import FileLeases
lease = FileLeases(Path(sys.argv[1]), "botctl up -f other.yaml").take(123456789, "news")
if len(sys.argv) > 2:  # hand it to a child and let that one live on
    import subprocess
    child = subprocess.Popen(["sleep", "1000"], pass_fds=(lease.fd,), stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
else:
    print("held", flush=True)
sys.stdin.read()
"""


def holding(folder: Path, *more: str) -> subprocess.Popen[str]:
    """A process that holds the lease; its first line has been read when this returns."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_second_taker_is_told_who_has_it(tmp_path: Path) -> None:
    leases = FileLeases(tmp_path, "botctl up")
    lease = leases.take(123456789, "news")
    with pytest.raises(LeaseHeld) as held:
        leases.take(123456789, "shop")
    assert held.value.holder.pid == os.getpid()
    assert held.value.holder.bot == "news"
    assert "botctl up" in str(held.value)
    leases.take(222222222, "shop").drop()
    lease.drop()
    lease.drop()


def test_the_epoch_grows_with_every_grant(tmp_path: Path) -> None:
    epochs = []
    for _ in range(3):
        lease = FileLeases(tmp_path, "x").take(123456789, "news")
        epochs.append(lease.epoch)
        lease.drop()
    assert epochs == [1, 2, 3]


def test_another_process_holds_and_its_death_frees(tmp_path: Path) -> None:
    other = holding(tmp_path)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    leases = FileLeases(tmp_path, "botctl up")
    with pytest.raises(LeaseHeld) as held:
        leases.take(123456789, "news")
    assert held.value.holder == Holder(other.pid, held.value.holder.since, "botctl up -f other.yaml", "news")
    other.kill()
    other.communicate()
    leases.take(123456789, "news").drop()


def test_a_lease_lives_as_long_as_the_run_that_inherited_it(tmp_path: Path) -> None:
    other = holding(tmp_path, "with a child")
    assert other.stdout is not None
    child = int(other.stdout.readline())
    other.kill()
    other.communicate()
    leases = FileLeases(tmp_path, "botctl up")
    with pytest.raises(LeaseHeld) as held:
        leases.take(123456789, "news")
    assert held.value.holder.pid == child
    assert f"left by pid {other.pid} (botctl up -f other.yaml)" in str(held.value)
    pidfd = os.pidfd_open(child)
    os.kill(child, signal.SIGKILL)
    import select

    assert select.select([pidfd], [], [], 10)[0]
    os.close(pidfd)
    leases.take(123456789, "news").drop()


def test_files_are_for_everybody_and_hold_no_secret(tmp_path: Path) -> None:
    folder = tmp_path / "locks"
    lease = FileLeases(folder, "botctl up").take(123456789, "news")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777
    assert stat.S_IMODE((folder / "123456789.lock").stat().st_mode) == 0o666
    lease.drop()


@pytest.mark.parametrize("text", [b"", b"not json", b"[]", b'{"pid": "x"}', b"\xff\xfe"])
def test_an_unreadable_note_does_not_weaken_the_lock(tmp_path: Path, text: bytes) -> None:
    leases = FileLeases(tmp_path, "x")
    lease = leases.take(123456789, "news")
    (tmp_path / "123456789.lock").write_bytes(text)
    with pytest.raises(LeaseHeld) as held:
        leases.take(123456789, "news")
    assert "unknown process" in str(held.value)
    lease.drop()


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 4000,
        b'{"pid": 1, "since": 1e300}',
        b'{"pid": 1, "since": NaN, "epoch": 1e400}',
        b'{"pid": 1, "since": ' + b"9" * 3000 + b', "epoch": ' + b"9" * 900 + b"}",
        b'{"pid": -9, "since": -Infinity, "epoch": -5}',
        b'{"pid": 7, "command": "up\\u001b[2J\\nbotctl: all is well", "bot": 5}',
    ],
)
def test_whatever_another_user_writes_into_a_lock_file_can_be_shown(tmp_path: Path, text: bytes) -> None:
    leases = FileLeases(tmp_path, "x")
    (tmp_path / "123456789.lock").write_bytes(text)
    lease = leases.take(123456789, "news")
    (tmp_path / "123456789.lock").write_bytes(text)
    with pytest.raises(LeaseHeld) as held:
        leases.take(123456789, "news")
    assert str(held.value).isprintable()
    assert len(str(held.value)) < 400
    lease.drop()


def test_a_removed_lock_file_frees_no_token(tmp_path: Path) -> None:
    folder = tmp_path / "locks"
    other = holding(folder)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    shutil.rmtree(folder)
    leases = FileLeases(folder, "botctl up")
    for _ in range(2):  # the file that the first one made is no leave for the second
        with pytest.raises(LeaseHeld) as held:
            leases.take(123456789, "news")
        assert (held.value.holder.pid, held.value.holder.bot) == (other.pid, "news")
    other.kill()
    other.communicate()
    FileLeases(folder, "botctl up").take(123456789, "news").drop()


def test_a_holder_makes_its_removed_file_anew(tmp_path: Path) -> None:
    folder = tmp_path / "locks"
    leases = FileLeases(folder, "botctl up")
    lease = leases.take(123456789, "news")
    assert leases.renew(lease, "news") is lease
    shutil.rmtree(folder)
    renewed = leases.renew(lease, "news")
    assert renewed.epoch == lease.epoch + 1
    with pytest.raises(LeaseHeld) as held:
        FileLeases(folder, "botctl up").take(123456789, "shop")
    assert held.value.holder.bot == "news"
    renewed.drop()
    leases.take(123456789, "shop").drop()


def test_a_holder_whose_file_is_another_ones_by_now_is_told(tmp_path: Path) -> None:
    leases = FileLeases(tmp_path, "botctl up")
    lease = leases.take(123456789, "news")
    (tmp_path / "123456789.lock").unlink()
    other = holding_without_a_look(tmp_path)
    with pytest.raises(LeaseHeld) as held:
        leases.renew(lease, "news")
    assert held.value.holder.command == "unseen"
    os.close(other)
    lease.drop()


def holding_without_a_look(folder: Path) -> int:
    """What a supervisor of another user does, who cannot see our descriptors."""
    fd = os.open(folder / "123456789.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.write(fd, b'{"pid": 1, "since": 1, "command": "unseen", "epoch": 1}')
    return fd


@pytest.mark.parametrize(("mode", "chosen"), [(0o1777, "locks"), (0o755, "tmp"), (None, "tmp")])
def test_root_and_users_look_for_leases_in_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int | None, chosen: str
) -> None:
    monkeypatch.delenv("BOTCTL_LEASE_DIR", raising=False)
    locks = tmp_path / "locks"
    if mode is not None:
        locks.mkdir()
        locks.chmod(mode)
    assert default_directory(locks) == {"locks": locks / "botctl", "tmp": Path("/tmp/botctl")}[chosen]


def test_a_folder_that_cannot_be_used_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LeaseUnavailable, match="BOTCTL_LEASE_DIR"):
        FileLeases(tmp_path / "file" / "locks", "x").take(123456789, "news")


def test_a_link_instead_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "123456789.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LeaseUnavailable):
        FileLeases(tmp_path, "x").take(123456789, "news")
    assert not (tmp_path / "elsewhere").exists()


def test_one_supervisor_a_state_directory(tmp_path: Path) -> None:
    first = lock_state(tmp_path, "botctl up")
    assert isinstance(first, StateLock)
    second = lock_state(tmp_path, "botctl up")
    assert isinstance(second, Holder)
    assert (second.pid, second.command) == (os.getpid(), "botctl up")
    first.release()
    third = lock_state(tmp_path, "botctl up")
    assert isinstance(third, StateLock)
    third.release()


def test_the_state_directory_is_ours_even_without_its_lock_file(tmp_path: Path) -> None:
    first = lock_state(tmp_path, "botctl up")
    assert isinstance(first, StateLock)
    (tmp_path / "supervisor.lock").unlink()
    assert isinstance(lock_state(tmp_path, "botctl up"), Holder)
    first.release()
    again = lock_state(tmp_path, "botctl up")
    assert isinstance(again, StateLock)
    again.release()
