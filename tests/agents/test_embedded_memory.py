"""The embedded model with a memory: old pictures, notes, contradictions, orders to forget."""

from __future__ import annotations

import pytest
from langchain_core.messages import HumanMessage

from deixis.agents import VisionAgent
from deixis.memory import MemoryStore
from deixis.vision import ImageStore, VisionImage
from deixis.vision._recalled import RECALLED, Recalled
from deixis.vision.embedded._model import EmbeddedModel
from tests.agents.helpers import blank


def test_the_embedded_model_points_into_the_old_picture(
    memory: MemoryStore, images: ImageStore, guide: VisionImage
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("Where should I go for ENT?", guide, user="ann")
    answer = vision.ask("Where was ENT?", user="ann")
    assert answer.found
    assert answer.facts["floor"] == "4F"
    assert answer.answer == "From an earlier picture (hospital_zh.jpg): ENT (耳鼻喉科) is on 4F."
    box = answer.detections[0].box
    assert box is not None
    assert box.xyxy == pytest.approx((438, 304, 566, 347), abs=4)
    assert [call.name for call in answer.tool_calls] == ["look_again"]


def test_the_embedded_model_answers_in_the_language_of_the_later_question(
    memory: MemoryStore, images: ImageStore, guide: VisionImage
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("Where is the pharmacy?", guide, user="ann")
    answer = vision.ask("药房在几楼来着？", user="ann")
    assert answer.answer == "之前的照片（hospital_zh.jpg）：药房在1F。"


def test_the_embedded_model_says_what_is_not_in_old_pictures_either(
    memory: MemoryStore, images: ImageStore, guide: VisionImage
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("Where is the pharmacy?", guide, user="ann")
    assert not vision.ask("Where was the zoo?", user="ann").found


def test_the_embedded_model_keeps_a_note_and_quotes_it(
    memory: MemoryStore, images: ImageStore
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    said = vision.ask("Please remember that my appointment is at 3pm", user="ann")
    assert said.answer == "I'll remember: “My appointment is at 3pm”"
    answer = vision.ask("When is my appointment?", user="ann")
    assert answer.answer.endswith(": “My appointment is at 3pm”")
    assert answer.found


def test_the_embedded_model_shows_what_was_said_before(
    memory: MemoryStore, images: ImageStore
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("记住我的预约在三点", user="ann")
    vision.ask("记住我的预约在四点", user="ann")
    answer = vision.ask("我的预约在几点？", user="ann").answer
    assert answer.index("我的预约在四点") < answer.index("我的预约在三点")


def test_a_question_with_its_own_picture_is_about_that(
    memory: MemoryStore, images: ImageStore, guide: VisionImage
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("Where is the pharmacy?", guide, user="ann")
    answer = vision.ask("Where is the pharmacy?", blank(), user="ann")
    assert not answer.found
    assert not answer.detections


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Pediatrics", "3F", "2F"),
        ("Radiology", "1F", "B1"),
        ("Dental Clinic", "4F", "2F"),
        ("Ophthalmology", "4F", "2F"),
    ],
)
def test_the_newer_of_two_signs_answers_and_the_older_is_said_before(
    memory: MemoryStore, images: ImageStore, name: str, before: str, after: str
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    for sign in ("hospital_zh", "hospital_bilingual"):
        vision.ask(f"Where is {name}?", f"examples/images/{sign}.jpg", user="ann")
    answer = vision.ask(f"Where was {name}?", user="ann")
    assert answer.facts["floor"] == after
    now, said_before = answer.answer.split(" Before that, ")
    assert now.endswith(f"is on {after}.")
    assert f"is on {before}.”" in said_before


@pytest.mark.parametrize("name", ["the pharmacy", "the toilet"])
def test_two_signs_that_agree_do_not_contradict(
    memory: MemoryStore, images: ImageStore, name: str
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    for sign in ("hospital_zh", "hospital_bilingual"):
        vision.ask(f"Where is {name}?", f"examples/images/{sign}.jpg", user="ann")
    assert "Before that" not in vision.ask(f"Where was {name}?", user="ann").answer


def test_what_was_not_on_a_sign_is_not_quoted_as_an_answer(
    memory: MemoryStore, images: ImageStore, guide: VisionImage
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("Where is the zoo?", guide, user="ann")
    answer = vision.ask("Where was the zoo?", user="ann")
    assert not answer.found
    assert "Remembered on" not in answer.answer


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "Where was the zoo?",
            "Zoo is not in the earlier pictures that I looked at (hospital_zh.jpg). "
            "A picture of the sign would help.",
        ),
        (
            "动物园在几楼？",
            "看过的之前的照片（hospital_zh.jpg）里没有动物园。请给我一张牌子的照片，会更有帮助。",
        ),
    ],
)
def test_what_is_not_in_old_pictures_is_not_on_a_sign_that_nobody_showed(
    memory: MemoryStore, images: ImageStore, guide: VisionImage, question: str, said: str
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("Where is the pharmacy?", guide, user="ann")
    answer = vision.ask(question, user="ann")
    assert not answer.found
    assert answer.answer == said


def test_the_words_about_where_an_answer_is_from_are_not_remembered(
    memory: MemoryStore, images: ImageStore, guide: VisionImage
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    vision.ask("Where is the pharmacy?", guide, user="ann")
    said = vision.ask("Where was ENT?", user="ann").answer
    assert said.startswith("From an earlier picture")
    assert [item.text for item in memory.items(user="ann")] == [
        "Pharmacy (药房) is on 1F.", "ENT (耳鼻喉科) is on 4F.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("note", "order", "said"),
    [
        (
            "My locker number is 12",
            "Forget my locker number",
            "Forgotten: “My locker number is 12”",
        ),
        ("我的柜子号码是12", "忘掉我的柜子号码", "已忘掉：“我的柜子号码是12”"),
    ],
)
def test_the_embedded_model_forgets_a_note_and_says_which(
    memory: MemoryStore, images: ImageStore, note: str, order: str, said: str
) -> None:
    memory.remember(note, user="ann")
    vision = VisionAgent(memory=memory, images=images)
    waiting = vision.ask(order, user="ann", thread="t")
    assert [call.name for call in waiting.pending] == ["forget"]
    answer = vision.resume("t", [True], user="ann")
    assert (answer.answer, answer.found) == (said, True)
    assert not [item for item in memory.items(user="ann") if note in item.text]


def test_what_a_note_contradicts_is_forgotten_with_it(
    memory: MemoryStore, images: ImageStore
) -> None:
    memory.remember("My locker number is 12", user="ann")
    memory.remember("My locker number is 14", user="ann")
    vision = VisionAgent(memory=memory, images=images, approve=lambda _: True)
    vision.ask("Forget my locker number", user="ann")
    assert not [item for item in memory.items(user="ann") if item.kind == "note"]


def test_what_may_not_be_forgotten_is_left(memory: MemoryStore, images: ImageStore) -> None:
    memory.remember("My locker number is 12", user="ann")
    vision = VisionAgent(memory=memory, images=images, approve=lambda _: False)
    answer = vision.ask("Forget my locker number", user="ann")
    assert answer.answer == "Not forgotten, left as it was: “My locker number is 12”"
    assert not answer.found
    assert memory.items(user="ann")[0].text == "My locker number is 12"


def test_nothing_is_forgotten_where_nothing_of_that_is_remembered(
    memory: MemoryStore, images: ImageStore
) -> None:
    memory.remember("I park on B2", user="ann")
    answer = VisionAgent(memory=memory, images=images).ask("Forget my locker number", user="ann")
    assert answer.answer == "Nothing of “my locker number” is remembered."
    assert not answer.pending


@pytest.mark.parametrize(
    "order", ["Remember that I park on B2", "Forget where I park", "记住我叫王明"]
)
def test_with_no_memory_an_order_is_not_pretended_to_be_kept(
    images: ImageStore, order: str
) -> None:
    answer = VisionAgent(images=images).ask(order)
    assert not answer.found
    assert answer.answer.startswith(("Nothing can be kept", "这里没有您的记忆"))


def test_a_question_put_as_an_order_is_answered(
    memory: MemoryStore, images: ImageStore, guide: VisionImage
) -> None:
    vision = VisionAgent(memory=memory, images=images)
    answer = vision.ask("Note the floor of ENT", guide, user="ann")
    assert answer.answer == "ENT (耳鼻喉科) is on 4F."


def test_the_statement_comes_with_the_message_whole_and_streamed(
    memory: MemoryStore, images: ImageStore
) -> None:
    note = Recalled(id="n", kind="note", when="Monday", text="My appointment is at 3pm")
    kept = {RECALLED: [note.model_dump(mode="json")]}
    question = HumanMessage("When is my appointment?", additional_kwargs=kept)
    whole = EmbeddedModel().invoke([question])
    *first, last = EmbeddedModel().stream([question])
    assert whole.response_metadata["statement"] == "My appointment is at 3pm"
    assert last.response_metadata["statement"] == "My appointment is at 3pm"
    assert not any("statement" in chunk.response_metadata for chunk in first)
