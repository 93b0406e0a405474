from __future__ import annotations

from pathlib import Path

import pytest

from deixis.vision._errors import DeixisError
from deixis.vision.embedded._glossary import DATA, Glossary, says_something
from deixis.vision.embedded._text import FRAME_WORDS, stems

HEADER = "id\tdomain\tzh\ten\task_zh\task_en\tnear"


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.default()


def spoken_of(glossary: Glossary, question: str) -> list[tuple[str, str]]:
    return [(mention.entry.id, mention.kind) for mention in glossary.mentions(question)]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.tsv")), ids=lambda path: path.name)
def test_rows_have_the_seven_columns(path: Path) -> None:
    rows = path.read_text(encoding="utf-8").splitlines()
    assert rows[0] == HEADER
    counts = {len(row.split("\t")) for row in rows if row and not row.startswith("#")}
    assert counts == {7}


def test_it_has_several_hundred_entries_for_hospitals_and_for_elsewhere(glossary: Glossary) -> None:
    hospital = [e for e in glossary.entries.values() if e.domain == "hospital"]
    assert len(hospital) > 300
    assert len(glossary.entries) - len(hospital) > 500


def test_no_phrase_is_only_filler_words(glossary: Glossary) -> None:
    idle = [
        (entry.id, phrase)
        for entry in glossary.entries.values()
        for phrase in entry.ask_en
        if all(s in FRAME_WORDS for s in stems(phrase)) and says_something(stems(phrase))
    ]
    assert idle == []


def test_names_in_both_languages_are_never_empty(glossary: Glossary) -> None:
    assert [e.id for e in glossary.entries.values() if not (e.zh[0] and e.en[0])] == []


def test_two_entries_with_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f"{HEADER}\na\tx\t甲\tA\t\t\t\na\tx\t乙\tB\t\t\t\n", encoding="utf-8")
    with pytest.raises(DeixisError, match="share an id"):
        Glossary.load([path])


def test_a_near_id_that_is_no_entry_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f"{HEADER}\na\tx\t甲\tA\t\t\tnowhere\n", encoding="utf-8")
    with pytest.raises(DeixisError, match="nowhere"):
        Glossary.load([path])


def test_a_short_row_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f"{HEADER}\na\tx\t甲\n", encoding="utf-8")
    with pytest.raises(DeixisError, match=r"a\.tsv line 2"):
        Glossary.load([path])


def test_a_longer_name_hides_the_shorter_one_in_it(glossary: Glossary) -> None:
    ids = {entry for entry, _ in spoken_of(glossary, "heart surgery")}
    assert "surgery" not in ids
    assert "cardiac-surgery" in ids


def test_small_words_may_stand_within_a_phrase(glossary: Glossary) -> None:
    assert ("exam-appointment", "need") in spoken_of(glossary, "book a time for an examination")


def test_a_name_said_in_passing_is_no_name(glossary: Glossary) -> None:
    kinds = {
        kind for entry, kind in spoken_of(glossary, "体检查出肺结节") if entry == "health-checkup"
    }
    assert kinds == {"need"}


def test_an_ellipsis_stands_for_a_few_characters(glossary: Glossary) -> None:
    assert ("exam-appointment", "need") in spoken_of(glossary, "想预约做检查")


def test_a_misspelt_long_word_is_put_right(glossary: Glossary) -> None:
    assert spoken_of(glossary, "opthalmology?")[0] == ("ophthalmology", "name")


def test_traditional_characters_are_the_same(glossary: Glossary) -> None:
    assert spoken_of(glossary, "婦產科") == spoken_of(glossary, "妇产科")


def test_parking_is_no_park(glossary: Glossary) -> None:
    assert spoken_of(glossary, "where is the parking?")[0] == ("parking", "name")


def test_and_between_two_names_makes_no_third(glossary: Glossary) -> None:
    found = {m.entry.id for m in glossary.mentions("Where are pediatrics and ophthalmology?")}
    assert found == {"pediatrics", "ophthalmology"}
    assert glossary.mentions("obstetrics and gynecology")[0].entry.id == "obstetrics-gynecology"


def test_leaving_a_hotel_is_nothing_for_a_registration(glossary: Glossary) -> None:
    named = {name.casefold() for name in glossary.entries["hotel-reception"].en}
    assert "registration" not in named
