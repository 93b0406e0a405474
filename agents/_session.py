"""The agent behind the command line: threads and images kept in the user's data folder."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryFile

from deixis.agents._agent import VisionAgent
from deixis.agents._console import say
from deixis.vision import DeixisError, ImageStore, load_model


def data_folder() -> Path:
    """The user's data folder for Deixis, or `DEIXIS_DATA_DIR` where that is set."""
    if override := os.environ.get("DEIXIS_DATA_DIR"):
        return Path(override).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("deixis"))


def open_agent(model: str) -> VisionAgent:
    """An agent whose threads survive; one that forgets, where the folder can't be written."""
    loaded = load_model(model)
    folder = data_folder()
    try:
        _make_writable(folder / "images")
        return VisionAgent(
            loaded, images=ImageStore(folder / "images"), checkpoints=folder / "threads.sqlite"
        )
    except OSError as error:
        reason = error.strerror or str(error)
    except DeixisError as error:
        reason = str(error)
    say(f"deixis: this conversation won't be kept: {folder} ({reason})", to_stderr=True)
    return VisionAgent(loaded)


def _make_writable(folder: Path) -> None:
    """Makes a folder for its owner only, and makes sure of it.

    Raises:
        OSError: It can't be made or written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    with TemporaryFile(dir=folder):
        pass
