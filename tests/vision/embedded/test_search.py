"""Everything that is on a sign is found; nothing that isn't is said to be there."""

from __future__ import annotations

import pytest

from deixis.vision.embedded._glossary import Glossary
from tests.vision.embedded.exams import ask, reasoner, sign

PLACES = ["hospital_zh.jpg", "hospital_bilingual.jpg", "bilingual_hospital", "taiwan_hospital"]


@pytest.mark.parametrize("name", PLACES)
def test_each_line_is_found_on_its_floor_by_what_it_says(name: str) -> None:
    lines = [line for line in sign(name).lines if line.floor and not line.is_label]
    missed = [
        line.text
        for line in lines
        if line.floor and ask(f"{line.text}?", name).facts.get("floor") != line.floor.text
        and sum(other.text == line.text for other in lines) == 1
    ]  # fmt: skip
    assert missed == []


@pytest.mark.parametrize("name", ["hospital_zh.jpg", "bilingual_hospital"])
def test_hardly_a_name_that_is_not_there_is_found(name: str) -> None:
    """What is found all the same is a wider place (obstetrics, in obstetrics and gynaecology)."""
    search = reasoner().search
    absent = [
        entry
        for entry in Glossary.default().entries.values()
        if entry.domain == "hospital" and not search.lines_of(entry.id, [sign(name)])
    ]
    stated = [
        entry.id
        for entry in absent
        for text in (f"Where is the {entry.en[0]}?", f"{entry.zh[0]}在几楼？")
        if (outcome := ask(text, name)).found
        and not outcome.text.startswith(("Closest on this sign", "牌子上最接近的是"))
    ]
    assert len(absent) > 250
    assert len(stated) < 0.06 * 2 * len(absent)
