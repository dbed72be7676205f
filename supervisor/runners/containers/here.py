"""Where we are ourselves: in a container, paths of bots.yaml are ours and not those of the engine's host."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from supervisor.errors import StartRefused
from supervisor.model.containers import Volume
from supervisor.runners.containers.engine import Engine, EngineError

_OWN = re.compile(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf)")


class Here:
    """Asks once; `mountinfo` is where the kernel lists our mounts."""

    def __init__(self, engine: Engine, mountinfo: Path = Path("/proc/self/mountinfo")) -> None:
        self._engine = engine
        self._mountinfo = mountinfo
        self._mounts: list[tuple[str, str]] | None = None

    async def volumes(self, volumes: tuple[Volume, ...], user: str | None) -> tuple[Volume, ...]:
        """The same as the engine's host knows them. A folder that is not there is made, for the bot's user.

        Raises StartRefused for a folder of ours that the host does not have.
        """
        mounts = await self._own_mounts()
        return tuple(_on_host(volume, mounts, user) for volume in volumes)

    async def _own_mounts(self) -> list[tuple[str, str]] | None:
        """(here, on the host) of our own mounts; None when we are on the host."""
        if self._mounts is None:
            own = self._own_container()
            if not own:
                return None
            try:
                data: dict[str, Any] = await self._engine.call(lambda api: api.inspect_container(own))
            except EngineError as error:
                raise StartRefused(f"our own mounts are not known: {error}", permanent=False) from None
            self._mounts = [(str(m["Destination"]), str(m["Source"])) for m in data.get("Mounts") or ()]
        return self._mounts

    def _own_container(self) -> str:
        """Docker mounts a few files from a folder of that name; "" outside of a container."""
        try:
            found = _OWN.search(self._mountinfo.read_text(errors="replace"))
        except OSError:
            return ""
        return found[1] if found else ""


def _on_host(volume: Volume, mounts: list[tuple[str, str]] | None, user: str | None) -> Volume:
    if not volume.source.startswith("/"):
        return volume
    source = volume.source
    if mounts is not None:
        found = [pair for pair in mounts if PurePosixPath(source).is_relative_to(pair[0])]
        if not found:
            reason = (
                f"the folder {source} is in the supervisor's container only: mount it there too, or name a volume"
            )
            raise StartRefused(reason, permanent=True)
        inside, outside = max(found, key=lambda pair: len(pair[0]))
        _make(Path(source), user)
        source = str(PurePosixPath(outside) / PurePosixPath(source).relative_to(inside))
    else:
        _make(Path(source), user)
    return Volume(source, volume.target, volume.read_only)


def _make(folder: Path, user: str | None) -> None:
    """The engine would make it for root alone. Where we may not, or the engine is elsewhere, it does."""
    if folder.exists():
        return
    try:
        folder.mkdir(parents=True)
        if user is not None and user.partition(":")[0].isdigit():
            os.chown(folder, int(user.partition(":")[0]), -1)
    except OSError:
        pass
