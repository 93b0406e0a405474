"""The hospital guide over the example hospital: its sign, its map, its tools, whatever model."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, SystemMessage

from deixis.agents import Answer, Finished, TextDelta
from deixis.agents._guide import HospitalGuide, route_of
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools.maps import IndoorMap, MapError, load_map
from deixis.vision import VisionImage
from tests.agents.helpers import Whole, told

ROOT = Path(__file__).parents[2]
HOSPITAL = ROOT / "examples" / "maps" / "hospital"
REAL = ROOT.parent / "shared" / "real"


@pytest.fixture(scope="module")
def hospital() -> IndoorMap:
    return load_map(HOSPITAL)


@pytest.fixture(scope="module")
def embedded(hospital: IndoorMap) -> HospitalGuide:
    return HospitalGuide(hospital)


def called(answer: Answer) -> list[str]:
    return [call.name for call in answer.tool_calls]


def test_a_photo_and_the_map_give_floor_box_and_way(
    embedded: HospitalGuide, guide: VisionImage
) -> None:
    answer = embedded.ask("Where should I go for ENT?", guide)
    assert answer.found
    assert answer.facts["floor"] == "4F"
    assert answer.answer.startswith("ENT (耳鼻喉科) is on 4F.\n\nFrom the main entrance, ")
    assert called(answer) == ["find_place", "route"]
    box = answer.detections[0].box
    assert box is not None
    assert abs(box.x1 - 438) < 12
    assert abs(box.y1 - 304) < 12


@pytest.mark.parametrize(
    ("question", "goal", "said"),
    [
        ("How do I get to ENT? I'm at the pharmacy.", "ENT", "ENT (耳鼻喉科) is on 4F."),
        ("耳鼻喉科怎么走？我在药房。", "耳鼻喉科", "耳鼻喉科在4F。"),
    ],
)
def test_a_real_photo_and_the_example_s_map_give_floor_box_and_way(
    embedded: HospitalGuide, question: str, goal: str, said: str
) -> None:
    photo = REAL / "hospital_floor_guide.jpg"
    if not photo.exists():
        pytest.skip(f"the photo {photo.name} isn't in {REAL}")
    answer = embedded.ask(question, photo)
    assert answer.answer.startswith(said)
    assert answer.facts["floor"] == "4F"
    assert answer.detections[0].text == "耳鼻喉科"
    assert answer.detections[0].box is not None
    route = route_of(answer)
    assert route is not None
    assert (route.places[0].floor, route.places[-1].name) == ("1F", goal)
    assert len(answer.pictures) == 1


def test_the_way_is_told_as_the_map_words_it_and_drawn(embedded: HospitalGuide) -> None:
    answer = embedded.ask("How do I get to ENT?")
    route = route_of(answer)
    assert route is not None
    steps = [f"{n}. {step.instruction}" for n, step in enumerate(route.steps, start=1)]
    assert "\n".join(steps) in answer.answer
    assert f"{route.distance_m:.0f} m" in answer.answer
    assert route.places[-1].floor == "4F"
    assert len(answer.pictures) == 1
    assert answer.pictures[0].alt.startswith("1. ")


def test_chinese_is_guided_in_chinese(embedded: HospitalGuide, guide: VisionImage) -> None:
    answer = embedded.ask("耳鼻喉科怎么走？", guide)
    route = route_of(answer)
    assert route is not None
    assert (answer.language, route.language) == ("zh", "zh")
    assert answer.answer.startswith("耳鼻喉科在4F。")
    assert answer.detections


def test_a_conversation_goes_on_with_what_was_said(embedded: HospitalGuide) -> None:
    first = embedded.ask("I'm in a wheelchair at the pharmacy. How do I get to ENT?")
    route = route_of(first)
    assert route is not None
    assert route.step_free
    assert not any("Stairs" in step.instruction for step in route.steps)
    second = embedded.ask("Lift B is broken", thread=first.thread)
    assert any("Lift B" in place.name for place in route.places)
    other = route_of(second)
    assert other is not None
    assert not any("Lift B" in place.name for place in other.places)
    assert other.step_free
    third = embedded.ask("and the cashier?", thread=first.thread)
    last = route_of(third)
    assert last is not None
    assert last.places[-1].name == "Cashier"
    assert last.places[0].name == "Pharmacy"


def test_the_picture_of_a_way_is_no_sign_to_read(embedded: HospitalGuide) -> None:
    first = embedded.ask("How do I get to ENT?")
    second = embedded.ask("Which floor is the pharmacy on?", thread=first.thread)
    assert second.answer == "Pharmacy (药房) is on 1F."
    assert not second.detections


def test_departments_that_fit_alike_are_asked_about(embedded: HospitalGuide) -> None:
    first = embedded.ask("I'm pregnant and my stomach hurts. Where should I go?")
    assert not first.found
    assert "Gastroenterology (消化内科), 2F" in first.answer
    assert "Obstetrics and Gynecology (妇产科), 3F" in first.answer
    assert first.answer.endswith("go to Emergency (急诊) on 1F now, or call 120.")
    second = embedded.ask("the one on 2F", thread=first.thread)
    route = route_of(second)
    assert route is not None
    assert route.places[-1].name == "Gastroenterology"


def test_who_was_hurt_is_sent_to_the_emergency_department_and_not_to_its_door(
    embedded: HospitalGuide,
) -> None:
    answer = embedded.ask("I was hit by a car, where do I go?")
    assert answer.answer.startswith("This may be an emergency: go to Emergency (急诊), 1F, now")
    route = route_of(answer)
    assert route is not None
    assert route.places[-1].name == "Emergency"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Should I take ibuprofen for my headache?", "About treatment and medicine, please ask"),
        ("我头疼，该吃什么药？", "治疗和用药请咨询医护人员"),
    ],
)
def test_what_to_take_is_left_to_those_who_treat(
    embedded: HospitalGuide, question: str, said: str
) -> None:
    answer = embedded.ask(question).answer
    assert said in answer
    assert ("Neurology" in answer) or ("神经内科" in answer)


def test_a_wheelchair_takes_no_escalator(embedded: HospitalGuide) -> None:
    answer = embedded.ask("How do I get to cardiology from the main entrance? wheelchair")
    route = route_of(answer)
    assert route is not None
    assert route.step_free
    assert "scalator" not in answer.answer


@pytest.mark.parametrize(
    ("there", "back", "ends"),
    [
        ("How do I get to ENT? I'm at the pharmacy.", "How do I get back to the pharmacy?",
         ["ENT", "Pharmacy"]),
        ("我在药房，耳鼻喉科怎么走？", "怎么回药房？", ["耳鼻喉科", "药房"]),
    ],
)  # fmt: skip
def test_back_to_where_one_came_from_begins_where_one_went(
    embedded: HospitalGuide, there: str, back: str, ends: list[str]
) -> None:
    first = embedded.ask(there)
    route = route_of(embedded.ask(back, thread=first.thread))
    assert route is not None
    assert [route.places[0].name, route.places[-1].name] == ends


def test_the_nearest_toilet_is_the_nearest(embedded: HospitalGuide) -> None:
    answer = embedded.ask("I'm at ENT. Where is the nearest toilet?")
    route = route_of(answer)
    assert route is not None
    assert {step.floor for step in route.steps} == {"4F"}
    assert answer.facts["floor"] == "4F"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Which lift goes to 4F?", "Lift A (A号电梯) and Lift B (B号电梯) go to 4F."),
        ("哪部电梯到4楼？", "A号电梯、B号电梯可以到4F。"),
        ("Which lift goes to 9F?", "By the map none goes to that floor."),
        ("急诊晚上开吗", "急诊在1F。开放时间：24/7。"),
        ("Where are pediatrics and ophthalmology?",
         "Pediatrics (儿科) is on 3F. Ophthalmology (眼科) is on 4F."),
    ],
)  # fmt: skip
def test_what_the_map_alone_knows_is_told_in_a_line(
    embedded: HospitalGuide, question: str, said: str
) -> None:
    assert embedded.ask(question).answer == said


def test_of_two_kinds_of_places_the_nearest_is_told_first(embedded: HospitalGuide) -> None:
    answer = embedded.ask("I'm at the pharmacy. toilet or cafe, which is closer?")
    assert answer.answer.endswith("From Pharmacy it is 12 m to Cafe and 57 m to Toilets.")


def test_several_lifts_that_are_broken_are_all_avoided(embedded: HospitalGuide) -> None:
    route = route_of(embedded.ask("Lift A and lift B are broken, how do I get to ENT?"))
    assert route is not None
    assert not any("Lift" in place.name for place in route.places)


@pytest.mark.parametrize("question", ["where is the exit?", "怎么出去", "How do I get out?"])
def test_the_way_out_is_not_where_the_asker_was_taken_to_be(
    embedded: HospitalGuide, question: str
) -> None:
    answer = embedded.ask(question)
    assert "1F" in answer.answer
    assert "0 m" not in answer.answer
    assert "0米" not in answer.answer


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("CT和B超在几楼", "放射科（CT室/磁共振）在1F。超声科在2F。"),
        ("Where is the toilet on 3F?", "Toilet (卫生间) is on 3F."),
        ("Where are pediatrics and ophthalmology?",
         "Pediatrics (儿科) is on 3F. Ophthalmology (眼科) is on 4F."),
    ],
)  # fmt: skip
def test_a_photo_that_the_map_agrees_with_is_told_alone(
    embedded: HospitalGuide, guide: VisionImage, question: str, said: str
) -> None:
    assert embedded.ask(question, guide).answer == said


def test_leaving_a_hotel_is_nothing_that_a_hospital_has(
    embedded: HospitalGuide, guide: VisionImage
) -> None:
    answer = embedded.ask("我想退房", guide)
    assert not answer.found
    assert "挂号" not in answer.answer


def test_no_way_is_told_with_its_reason(embedded: HospitalGuide) -> None:
    answer = embedded.ask("How do I get from the moon base to ENT?")
    assert answer.facts["floor"] == "4F"
    assert "I can't give the way" in answer.answer
    assert route_of(answer) is None


def test_what_the_sign_has_and_the_map_lacks_is_told(
    embedded: HospitalGuide, guide: VisionImage
) -> None:
    answer = embedded.ask("How do I get to acupuncture?", guide)
    assert answer.facts["floor"] == "5F"
    assert "The map doesn't have it" in answer.answer


def test_sign_and_map_are_compared(embedded: HospitalGuide, guide: VisionImage) -> None:
    answer = embedded.ask("What differs between the sign and the map?", guide)
    assert called(answer) == ["compare_sign_with_map"]
    assert "5F" in answer.answer


def test_a_card_is_made_for_staff(embedded: HospitalGuide) -> None:
    first = embedded.ask("Which floor is ENT on?")
    answer = embedded.ask("Can you show this to the staff?", thread=first.thread)
    assert called(answer) == ["phrase_card"]
    assert "请问耳鼻喉科怎么走" in answer.answer
    assert len(answer.pictures) == 1


def test_an_emergency_is_told_first_whatever_the_model_says(hospital: IndoorMap) -> None:
    line = "This may be an emergency: go to Emergency (急诊), 1F, now, or call 120."
    with ScriptedModel([Say("Please ask at the desk.")]) as model:
        guide = HospitalGuide(hospital, model)
        events = list(guide.stream("My husband can't breathe"))
    assert isinstance(events[-1], Finished)
    assert events[-1].answer.answer == f"{line}\n\nPlease ask at the desk."
    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert deltas[0] == f"{line}\n\n"
    assert "".join(deltas) == events[-1].answer.answer


def test_a_model_that_does_not_stream_says_the_line_once(hospital: IndoorMap) -> None:
    guide = HospitalGuide(hospital, Whole(responses=[AIMessage("Ask at the desk.")]))

    async def asked() -> list[object]:
        return [event async for event in guide.astream("我喘不上气")]

    events = asyncio.run(asked())
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text == "这可能是急症：请立即前往1F急诊，或拨打120。\n\nAsk at the desk."


def test_another_number_can_be_given(hospital: IndoorMap) -> None:
    guide = HospitalGuide(hospital, emergency_number="999")
    assert "call 999" in guide.ask("I have chest pain").answer


def test_a_language_model_is_told_what_a_guide_does(hospital: IndoorMap) -> None:
    script = [
        Call("find_place", {"query": "ENT"}),
        Call("route", {"to": "ENT", "step_free": True}),
        Say("Take Lift B to 4F.", facts={"floor": "4F"}, found=True),
    ]
    with ScriptedModel(script) as model:
        guide = HospitalGuide(hospital, model, instructions="Be brief.")
        answer = guide.ask("How do I get to ENT in a wheelchair?")
    route = route_of(answer)
    assert route is not None
    assert route.step_free
    assert '"floor":"4F"' in told(model).replace(" ", "")
    system = next(str(m.text) for m in model.asked[0] if isinstance(m, SystemMessage))
    where = '<outside source="the map">Emergency, on 1F</outside>'
    assert f"emergency number is 120. The emergency department is {where}." in system
    assert system.endswith("Be brief.")


def test_a_card_that_the_book_lacks_is_translated_by_the_model(hospital: IndoorMap) -> None:
    script = [
        Call("phrase_card", {"need": "Who sings this lovely song"}),
        Say("这首好听的歌是谁唱的？"),
        Say("Show them the card."),
    ]
    with ScriptedModel(script) as model:
        answer = HospitalGuide(hospital, model).ask("How do I ask them who sings?")
    assert answer.tool_calls[0].ok
    assert "这首好听的歌是谁唱的" in told(model)


def test_a_map_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(MapError):
        HospitalGuide(tmp_path)


def test_an_answer_without_a_way_has_none(embedded: HospitalGuide) -> None:
    assert route_of(embedded.ask("Which floor is ENT on?")) is None
