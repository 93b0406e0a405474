"""What all tests share: one cache of readings, the example pictures, Debian packages."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deixis.vision import VisionImage, load_image

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "examples" / "images"
_PACKAGES = {
    "DejaVuSans.ttf": "fonts-dejavu-core",
    "NotoSansCJK-Regular.ttc": "fonts-noto-cjk",
}


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run, child processes included: a picture is read once."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["DEIXIS_CACHE_DIR"] = str(folder)
    os.environ["DEIXIS_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    return folder


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder of our example pictures."""
    return PICTURES


@pytest.fixture(scope="session")
def guide() -> VisionImage:
    """The Chinese floor guide, 1600 × 1200: 耳鼻喉科 stands at 438–566, 304–347, on 4F."""
    return load_image(PICTURES / "hospital_zh.jpg")


@pytest.fixture(scope="session")
def truth() -> dict[str, list[dict[str, Any]]]:
    """What was drawn into each picture: lines with text, quad and role, by file name."""
    written = json.loads((PICTURES / "truth.json").read_text("utf-8"))
    return {picture["file"]: picture["lines"] for picture in written["pictures"]}


def missing(what: str) -> None:
    """Skips a test for which something isn't installed; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI lacks {what}")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def font() -> Callable[[str], str]:
    """A font's path by its file name; skips the test where the package isn't installed."""

    def find(name: str) -> str:
        for folder in (Path("/usr/share/fonts"), Path("/usr/local/share/fonts")):
            for path in folder.rglob(name):
                return str(path)
        missing(f"{name} (apt-get install {_PACKAGES.get(name, 'its package')})")
        raise AssertionError

    return find
