"""Where things are kept that can be made again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder for Deixis, or `DEIXIS_CACHE_DIR` where that is set."""
    if override := os.environ.get("DEIXIS_CACHE_DIR"):
        return Path(override).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("deixis"))
