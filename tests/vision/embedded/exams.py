"""Sets of questions with known answers, and how an answer is judged."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from deixis.vision._images import load_image
from deixis.vision._model import ImageView
from deixis.vision.embedded._defaults import default_reasoner
from deixis.vision.embedded._model import EmbeddedModel
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._reasoner import Reasoner
from deixis.vision.embedded._sign import Sign
from tests.vision.embedded.invented import SIGNS, sign_of

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "examples" / "images"
REAL = ROOT.parent / "shared" / "real"
DATA = ROOT / "tests" / "data"


class Question(TypedDict):
    """A question of a set, as its file writes it."""

    image: str
    question: str
    expect_found: NotRequired[bool]
    expect_floor: NotRequired[str | None]
    expect_text: NotRequired[str | None]
    expect_any: NotRequired[list[str]]
    accept_text: NotRequired[list[str]]
    accept_floor: NotRequired[list[str]]
    known_miss: NotRequired[str]


def questions(path: Path, images: Sequence[str]) -> list[Question]:
    """The questions of a file about some images."""
    lines = path.read_text(encoding="utf-8").splitlines()
    asked = [cast("Question", json.loads(line)) for line in lines]
    return [question for question in asked if question["image"] in images]


@cache
def reasoner() -> Reasoner:
    return default_reasoner()


@cache
def sign(name: str) -> Sign:
    """An invented sign by its name, or a picture's by its file name, read once for all tests."""
    if name in SIGNS:
        return sign_of(SIGNS[name])
    path = next(folder / name for folder in (PICTURES, REAL) if (folder / name).exists())
    return EmbeddedModel().sign(ImageView(handle="img_1", image=load_image(path)))


def ask(question: str, image: str) -> Outcome:
    return reasoner().answer(question, [sign(image)])


def faults(asked: Question, outcome: Outcome) -> list[str]:
    """What is wrong with an answer; empty where it is right."""
    found: list[str] = []
    if outcome.found != asked.get("expect_found", outcome.found):
        found.append(f"found {outcome.found}")
    if not _floor_right(asked, outcome):
        found.append(f"floor {outcome.facts.get('floor')}")
    shown = [_plain(detection.text or "") for detection in outcome.detections[:3]]
    texts = [_plain(t) for t in (asked.get("expect_text"), *asked.get("accept_text", ())) if t]
    if texts and outcome.found and not any(t in s for t in texts for s in shown):
        found.append(f"shows {shown}")
    said = f"{outcome.text} = {_result(outcome)}"
    if (words := asked.get("expect_any")) and not any(word in said for word in words):
        found.append(f"says {said!r}")
    return found


def _floor_right(asked: Question, outcome: Outcome) -> bool:
    floor = outcome.facts.get("floor")
    if accepted := asked.get("accept_floor"):
        return not outcome.found or floor in accepted
    return floor == asked.get("expect_floor")


def _result(outcome: Outcome) -> str:
    """What the calculator would give for the answer's sum."""
    if outcome.sum is None:
        return ""
    assert re.fullmatch(r"[\d+*/(). -]+", outcome.sum.expression)
    return f"{eval(outcome.sum.expression):g}"


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text).replace("（", "(").replace("）", ")")
