"""What the command line keeps, and where: conversations, pictures, memories.

`DEIXIS_DATABASE` (a Postgres URL) and `DEIXIS_CHROMA` (a Chroma server's URL) take the place of
the files in the user's data folder.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

from deixis.agents._answer import Approver, Decision, PendingCall
from deixis.agents._console import plain, say
from deixis.agents._failures import CommandUsageError
from deixis.agents._keeping import expire
from deixis.memory import Checkpoints, MemoryPolicy, MemoryStore, open_checkpoints
from deixis.vision import DeixisError, ImageStore, load_model
from deixis.vision._untrusted import for_person

if TYPE_CHECKING:
    from deixis.agents._agent import VisionAgent
    from deixis.agents.tracing import Tracing


_LONGEST_ARGUMENTS: Final = 2_000


def data_folder() -> Path:
    """The user's data folder for Deixis, or `DEIXIS_DATA_DIR` where that is set."""
    if override := os.environ.get("DEIXIS_DATA_DIR"):
        return Path(override).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("deixis"))


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What outlives a command."""

    images: ImageStore
    checkpoints: Checkpoints
    memory: MemoryStore

    def close(self) -> None:
        """Lets go of all of it."""
        self.memory.close()
        self.checkpoints.close()


def open_kept(*, policy: MemoryPolicy | None = None, index_progress: bool = False) -> Kept:
    """What is kept in the user's data folder, or where the environment says.

    Args:
        policy: What is kept of users who haven't said.
        index_progress: Whether the index's progress is told as well, which goes on in the
            background.

    Raises:
        DeixisError: It can't be opened.
        OSError: The folder can't be written.
    """
    folder = data_folder()
    _make_writable(folder / "images")
    images = ImageStore(folder / "images")
    database, chroma = os.environ.get("DEIXIS_DATABASE"), os.environ.get("DEIXIS_CHROMA")
    checkpoints = open_checkpoints(database or folder / "threads.sqlite")
    try:
        memory = MemoryStore(
            database or folder / "memory",
            images=images,
            index=chroma or None,
            policy=policy,
            progress=_told if index_progress else _told_at_opening,
        )
    except BaseException:
        checkpoints.close()
        raise
    expire(checkpoints, memory)
    return Kept(images=images, checkpoints=checkpoints, memory=memory)


def allowed_at_terminal(call: PendingCall) -> Decision:
    """Puts a call to the person at the terminal; where nobody sits, it isn't made."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return Decision(allow=False, reason="Nobody is at the terminal to allow it.")
    arguments = for_person(json.dumps(call.arguments, ensure_ascii=False), _LONGEST_ARGUMENTS)
    say(plain(f"  {call.description or call.name}"), to_stderr=True)
    say(plain(f"  {call.name} {arguments}"), dim=True, to_stderr=True)
    _drop_typed_ahead()
    say("  Allow it? [y/N] ", to_stderr=True, end="")
    try:
        said = input().strip().lower()
    except EOFError:
        said = ""
    return Decision(allow=said in ("y", "yes", "是"), reason="The user said no.")


def _drop_typed_ahead() -> None:
    """What was typed before the question was there is no answer to it."""
    try:
        import termios
    except ImportError:  # not on Windows
        return
    with suppress(termios.error, OSError, ValueError):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def open_agent(
    model: str,
    *,
    user: str | None,
    map_: str | None = None,
    approve: Approver | None = allowed_at_terminal,
    tracing: Tracing | None = None,
) -> tuple[VisionAgent, Kept | None]:
    """An agent whose threads survive; one that forgets, where the folder can't be written.

    With a map it is a hospital guide.

    Calls that need approval are put to who sits at the terminal, or wait. What a named user asks
    and is told is remembered over conversations. Of one that has no name nothing is, beyond the
    conversation itself.
    """
    if user == "":
        raise CommandUsageError("a user whose name is empty is nobody: give --user a name")
    make = _maker(model, map_)
    try:
        kept = open_kept(policy=MemoryPolicy() if user else MemoryPolicy(kinds=frozenset()))
    except OSError as error:
        reason = f"{data_folder()} ({error.strerror or error})"
    except DeixisError as error:
        reason = str(error)
    else:
        return make(
            images=kept.images,
            checkpoints=kept.checkpoints,
            memory=kept.memory,
            approve=approve,
            tracing=tracing,
        ), kept
    say(plain(f"deixis: this conversation won't be kept: {reason}"), to_stderr=True)
    return make(approve=approve, tracing=tracing), None


def _maker(model: str, map_: str | None) -> Callable[..., VisionAgent]:
    """Makes the agent: what is wrong with the model or the map shows before anything is kept."""
    from deixis.agents._agent import VisionAgent

    loaded = load_model(model)
    if map_ is None:
        return partial(VisionAgent, loaded)
    from deixis.agents._guide import HospitalGuide
    from deixis.tools.maps import load_map

    return partial(HospitalGuide, load_map(map_), loaded)


def _told_at_opening(what: str, done: int, of: int) -> None:
    if "index" not in what:
        _told(what, done, of)


def _told(what: str, done: int, of: int) -> None:
    """Progress of long work: a line that changes on a terminal, else its beginning and end."""
    if sys.stderr.isatty():
        say(f"\r{what}: {done} of {of}", to_stderr=True, end="\n" if done >= of else "")
    elif done >= of:
        say(f"{what}: {done} of {of}", to_stderr=True)


def _make_writable(folder: Path) -> None:
    """Makes a folder for its owner only, and makes sure of it.

    Raises:
        OSError: It can't be made or written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    with TemporaryFile(dir=folder):
        pass
