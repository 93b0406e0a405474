"""The agent behind the command line: threads and images kept in the user's data folder."""

from __future__ import annotations

import os
from pathlib import Path

from deixis.agents._agent import VisionAgent
from deixis.agents._console import say
from deixis.vision import DeixisError, ImageStore


def data_folder() -> Path:
    """The user's data folder for Deixis, or `DEIXIS_DATA_DIR` where that is set."""
    if override := os.environ.get("DEIXIS_DATA_DIR"):
        return Path(override).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("deixis"))


def open_agent(model: str) -> VisionAgent:
    """An agent whose threads survive; one that forgets, where the folder can't be written."""
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return VisionAgent(
            model, images=ImageStore(folder / "images"), checkpoints=folder / "threads.sqlite"
        )
    except OSError as error:
        reason = error.strerror or str(error)
    except DeixisError as error:
        if "checkpoints" not in str(error):
            raise
        reason = str(error)
    say(f"deixis: this conversation won't be kept: {folder} ({reason})", to_stderr=True)
    return VisionAgent(model)
