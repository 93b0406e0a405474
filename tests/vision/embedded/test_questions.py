"""The sets of questions: each answered right, or honestly «not on this sign»."""

from __future__ import annotations

import pytest

from tests.vision.embedded.exams import DATA, REAL, ask, faults, questions, sign
from tests.vision.embedded.invented import SIGNS

OWN = ["hospital_bilingual.jpg", "hospital_zh.jpg", "menu.jpg", "station.jpg", "street_sign.jpg"]
SETS = [DATA / f"{name}questions.jsonl" for name in ("", "more_", "held_out_")]
PHOTOS = ["hospital_floor_guide.jpg", "receipt.jpg"]


def check(name: str) -> None:
    asked = [question for path in SETS for question in questions(path, [name])]
    if (REAL / "sample_questions.jsonl").exists():
        asked += questions(REAL / "sample_questions.jsonl", [name])
    assert asked
    wrong = {
        question["question"]: found
        for question in asked
        if not question.get("known_miss")
        and (found := faults(question, ask(question["question"], name)))
    }
    assert wrong == {}


@pytest.mark.parametrize("name", OWN)
def test_our_own_pictures(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", sorted(SIGNS))
def test_invented_signs(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", PHOTOS)
def test_real_photos(name: str) -> None:
    if not (REAL / name).exists():
        pytest.skip(f"the photo {name} isn't in {REAL}")
    check(name)


@pytest.mark.parametrize("name", [*sorted(SIGNS), "hospital_zh.jpg", "hospital_bilingual.jpg"])
def test_no_floor_is_stated_that_the_sign_does_not_show(name: str) -> None:
    labels = {floor.text for floor in sign(name).floors}
    asked = [q["question"] for path in SETS for image in (name, *PHOTOS)
             for q in questions(path, [image])]  # fmt: skip
    stated = {ask(question, name).facts.get("floor") for question in asked}
    assert stated <= labels | {None}


def test_a_known_miss_states_no_wrong_floor() -> None:
    if not (REAL / "hospital_floor_guide.jpg").exists():
        pytest.skip(f"the photo isn't in {REAL}")
    missed = [q for path in SETS for q in questions(path, PHOTOS) if q.get("known_miss")]
    assert missed
    assert [ask(q["question"], q["image"]).found for q in missed] == [False] * len(missed)
