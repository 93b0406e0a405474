"""Every family through the suite that all vision models pass.

The weights are random and take the likeliest token, so a reply is some text and never empty in
practice; what it says is tested with taught models.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest

from deixis.testing import VisionModelConformance
from deixis.vision import VisionModel
from deixis.vision.local import load_local
from tests.checkpoints.fixtures import checkpoint as checkpoint


@cache
def loaded(folder: Path) -> VisionModel:
    return load_local(str(folder), max_new_tokens=8, temperature=0)


class Family(VisionModelConformance):
    family: ClassVar[str]

    @pytest.fixture(autouse=True)
    def folder(self, checkpoint: Callable[[str], Path]) -> None:
        self._folder = checkpoint(self.family)

    def make_model(self) -> VisionModel:
        return loaded(self._folder)


class TestQwen2(Family):
    family = "qwen2-vl"


class TestQwen25(Family):
    family = "qwen2.5-vl"


class TestQwen3(Family):
    family = "qwen3-vl"


class TestQwen35(Family):
    family = "qwen3.5-vl"
