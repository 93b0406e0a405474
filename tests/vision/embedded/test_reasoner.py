from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.vision._reader import Reading
from deixis.vision.embedded._sign import Sign
from tests.vision.embedded.exams import ask, reasoner
from tests.vision.embedded.invented import SIGNS, sign_of

WORDS = (
    "where is the what floor 在几楼 哪里 how much 多少钱 exit B A口 2F 三楼 and 和 cheapest "
    "最便宜的 "
    "drink 眼科 pharmacy heart surgery X光室 CT 2 两碗 ¥5 五块 吗 change from 100 arrow 箭头 mean "
    "什么意思 ? 。 dónde está はどこ 어디예요"
).split()
SIGN_WORDS = (
    "1F 2F B1 A口 Exit 眼科 Eye ¥5 12 元 药房 Pharmacy X光室 饮料 Total 3,000 - / 128-256".split()
)


def test_a_thing_has_the_floor_of_its_row() -> None:
    outcome = ask("Which floor is dialysis on?", "bilingual_hospital")
    assert (outcome.found, outcome.facts["floor"]) == (True, "F4")
    assert outcome.detections[0].text == "血液透析中心 Hemodialysis"


def test_a_thing_that_is_not_there_has_no_floor() -> None:
    outcome = ask("Where is the chapel?", "bilingual_hospital")
    assert (outcome.found, outcome.facts["floor"]) == (False, None)
    assert "not on this sign" in outcome.text


def test_what_is_cited_is_written_as_it_was_said() -> None:
    sign = sign_of("1F | 眼科 Ophthalmology")
    assert "“asdfgh qwerty”" in reasoner().answer("asdfgh qwerty", [sign]).text


TOILETS = "3F | 卫生间 Toilet\n2F | 卫生间 Toilet\n1F | 卫生间 Toilet"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Where is the toilet on 2F?", "卫生间 Toilet is on 2F."),
        ("Is there a toilet on 2F?", "Yes: 卫生间 Toilet is on 2F."),
        ("二楼的卫生间在哪里", "卫生间 Toilet在2F。"),
    ],
)
def test_of_several_only_the_one_on_the_floor_asked_for_is_told(question: str, said: str) -> None:
    outcome = reasoner().answer(question, [sign_of(TOILETS)])
    assert (outcome.text, outcome.floors) == (said, ("2F",))


def test_an_absent_name_is_not_answered_by_a_complaint() -> None:
    """Who asks for the dentist isn't sent where headaches are treated."""
    sign = sign_of("1F | 神经内科 Neurology\n2F | 眼科 Ophthalmology")
    outcome = reasoner().answer("I have a headache. Where is the dentist?", [sign])
    assert not outcome.found


def test_an_x_ray_of_a_knee_is_not_given_where_knees_are_treated() -> None:
    sign = sign_of("1F | 骨科 Orthopedics\n2F | 眼科 Ophthalmology")
    assert not reasoner().answer("Where can I get an x-ray of my knee?", [sign]).found


def test_a_wider_place_serves_second_best_and_says_so() -> None:
    sign = sign_of("1F | 普通外科 General Surgery\n2F | 眼科 Ophthalmology")
    outcome = reasoner().answer("Where do they treat hemorrhoids?", [sign])
    assert outcome.facts["floor"] == "1F"
    assert outcome.text.startswith("Closest on this sign")


def test_a_name_of_the_narrower_place_is_absent_all_the_same() -> None:
    sign = sign_of("1F | 普通外科 General Surgery\n2F | 眼科 Ophthalmology")
    assert not reasoner().answer("Where is the proctology department?", [sign]).found


@pytest.mark.parametrize(("floor", "answer"), [("F2", "Yes"), ("F5", "No")])
def test_is_it_on_that_floor(floor: str, answer: str) -> None:
    outcome = ask(f"Is ophthalmology on {floor}?", "bilingual_hospital")
    assert outcome.text.startswith(answer)
    assert outcome.facts["floor"] == "F2"


def test_a_floor_lists_what_it_holds() -> None:
    outcome = ask("What is on the second floor?", "bilingual_hospital")
    assert [d.text for d in outcome.detections] == [
        "儿科 Paediatrics", "预防接种室 Vaccination", "眼科 Ophthalmology", "皮肤科 Dermatology",
    ]  # fmt: skip


def test_an_exit_lists_what_it_leads_to() -> None:
    outcome = ask("What is near exit C?", "railway_station")
    assert outcome.facts["exit"] == "C口 Exit C"
    assert [d.text for d in outcome.detections] == ["火车站 Railway Station", "邮局 Post Office"]


def test_a_heading_lists_its_items_with_prices() -> None:
    outcome = ask("有什么饮料", "noodle_shop")
    assert outcome.text == "豆浆：3元。 可乐：4元。 啤酒：6元。"


def test_the_cheapest_of_a_kind_is_sought_under_its_heading() -> None:
    assert ask("最便宜的饮料是什么", "noodle_shop").facts["price"] == "3元"
    assert ask("What is the cheapest dish?", "noodle_shop").facts["price"] == "2元"


def test_a_dish_whose_name_holds_and_stays_one() -> None:
    sign = sign_of("Tomato and Egg Noodles | ¥18\nBlack Fungus Salad | ¥16\nSoy Milk | ¥6")
    asked = "What's the total for one tomato and egg noodles, one fungus salad and two soy milk?"
    outcome = reasoner().answer(asked, [sign])
    assert outcome.sum is not None
    assert outcome.sum.expression == "18 + 16 + 2*6"


@pytest.mark.parametrize(("claim", "answer"), [("十八", "是的"), ("十六", "不是")])
def test_a_claimed_price_is_agreed_to_or_not(claim: str, answer: str) -> None:
    outcome = ask(f"牛肉面是{claim}块吗？", "noodle_shop")
    assert outcome.text.startswith(answer)
    assert outcome.facts["price"] == "18元"


def test_what_was_bought_is_what_stands_above_the_totals() -> None:
    outcome = ask("What did they order?", "cafe_receipt")
    assert [d.text for d in outcome.detections][::2] == [
        "2 x Flat White", "1 x Almond Croissant", "1 x Iced Tea",
    ]  # fmt: skip


def test_the_currency_is_read_off_the_amounts() -> None:
    assert "pounds sterling" in ask("What currency is this in?", "cafe_receipt").text


def test_where_an_arrow_points_is_not_guessed() -> None:
    outcome = ask("Does the arrow for exit A point left or right?", "railway_station")
    assert not outcome.found
    assert "vision-language model" in outcome.text


def test_what_the_sign_says_keeps_its_characters() -> None:
    assert ask("皮膚科在幾樓", "bilingual_hospital").text == "皮肤科 Dermatology在F2。"
    assert ask("哪裡可以問路", "taiwan_hospital").text == "服務台在1樓。"


def test_a_sign_without_text_says_so() -> None:
    outcome = reasoner().answer("Where is ENT?", [Sign.of(Reading(lines=(), size=(10, 10)))])
    assert "can't read any text" in outcome.text


def test_no_picture_is_asked_for_one() -> None:
    assert "picture" in reasoner().answer("Where is ENT?", []).text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=9), st.sampled_from(sorted(SIGNS)))
def test_no_question_raises(words: list[str], name: str) -> None:
    assert ask(" ".join(words), name).text


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.sampled_from(sorted(SIGNS)))
def test_no_text_raises(text: str, name: str) -> None:
    assert ask(text, name).text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(SIGN_WORDS), min_size=1, max_size=3), max_size=6),
    st.sampled_from(["Where is ENT?", "How much is the tea?", "药房在几楼", "What did they buy?"]),
)
def test_no_reading_raises_and_no_floor_is_made_up(rows: list[list[str]], question: str) -> None:
    sign = sign_of("\n".join(" | ".join(row) for row in rows))
    floor = reasoner().answer(question, [sign]).facts.get("floor")
    assert floor is None or floor in {label.text for label in sign.floors}
