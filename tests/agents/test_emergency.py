"""What sounds like an emergency, whom to call, and the line before the answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from deixis.agents import VisionAgent
from deixis.agents._emergency import (
    EmergencyLine,
    EmergencyMiddleware,
    emergency_number,
    urgent_language,
)
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.tools.maps import PlaceInfo
from tests.agents.helpers import Whole

EMERGENCY = PlaceInfo(
    id="er", name="Emergency", names={"en": "Emergency", "zh": "急诊"}, floor="1F",
    kind="department",
)  # fmt: skip


def department(language: str) -> PlaceInfo:
    name = "急诊" if language.startswith("zh") else "Emergency"
    return EMERGENCY.model_copy(update={"name": name})


LINE = EmergencyLine(department, "120")
TOLD = "This may be an emergency: go to Emergency (急诊), 1F, now, or call 120."


@pytest.mark.parametrize(
    "said",
    [
        "I have chest pain", "my chest hurts, where do I go?", "I can't breathe",
        "he stopped breathing", "She has slurred speech and a drooping face",
        "my father had a stroke", "I am bleeding heavily", "the cut won't stop bleeding",
        "my wife fainted", "he is unconscious", "My baby swallowed a battery",
        "I took too many pills", "I want to kill myself", "I want to die",
        "This is an emergency!", "please call an ambulance", "He can’t move his left arm",
        "I was hit by a car", "there was an accident, my friend is bleeding",
        "I had a heart attack last year and now my chest hurts",
        "My wife is in labour", "she is going into labor", "the baby is coming!",
        "I burned my hand badly", "he is badly burnt", "I have a severe burn",
    ],
)  # fmt: skip
def test_an_emergency_in_english_is_heard(said: str) -> None:
    assert urgent_language(said) == "en"


@pytest.mark.parametrize(
    "said",
    ["胸口很痛", "我胸痛，挂什么科", "喘不上气", "孩子抽搐了", "爸爸昏倒了", "流了很多血",
     "我不想活了", "他中风了", "吃错药了", "呼吸困难", "食物中毒", "要生了", "我老婆要生孩子了",
     "手烫伤很严重"],
)  # fmt: skip
def test_an_emergency_in_chinese_is_heard(said: str) -> None:
    assert urgent_language(said) == "zh"


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("我喘不過氣", "zh-Hant"),
        ("胸が痛いです", "ja"), ("息ができない", "ja"),
        ("가슴이 아파요", "ko"),
        ("Me duele el pecho", "es"), ("No puedo respirar", "es"),
        ("J'ai mal à la poitrine", "fr"), ("je n’arrive pas à respirer", "fr"),
        ("Ich habe Brustschmerzen", "de"), ("Ich bekomme keine Luft", "de"),
        ("ho un dolore al petto", "it"), ("dor no peito", "pt"),
        ("у меня боль в груди", "ru"), ("я не могу дышать", "ru"),
        ("ألم في الصدر", "ar"),
    ],
)  # fmt: skip
def test_an_emergency_in_other_languages_is_answered_in_them(said: str, language: str) -> None:
    assert urgent_language(said) == language
    told = LINE.of(said)
    assert told is not None
    assert "120" in told
    assert "1F" in told


@pytest.mark.parametrize(
    "said",
    [
        "Where is ENT?", "Where is the emergency department?", "Where is the stroke center?",
        "Where is the Chest Pain Center?", "My ear hurts", "I have a stomach ache",
        "I had a stroke last year, where is rehabilitation?", "Where can I get a chest X-ray?",
        "How do I get to the blood test?", "Is there an emergency exit?",
        "Is Emergency open at night?", "Is emergency on 1F?", "Where is the labour ward?",
        "I burned my finger a bit", "急诊晚上开吗", "要生气了", "孩子发烧很厉害", "烧伤科在几楼",
        "胸痛中心在哪里", "急诊在几楼", "卒中门诊在几楼", "胸部CT在哪里做？", "献血在哪里",
        "肚子疼", "病院はどこですか", "¿Dónde está la farmacia?",
    ],
)  # fmt: skip
def test_a_question_for_a_department_is_no_emergency(said: str) -> None:
    assert urgent_language(said) is None
    assert LINE.of(said) is None


@given(st.text(max_size=300))
def test_any_text_can_be_listened_to(said: str) -> None:
    urgent_language(said)


@pytest.mark.parametrize(
    ("country", "number"),
    [("CN", "120"), ("US", "911"), ("GB", "999"), ("JP", "119"), ("AU", "000"), ("de", "112"),
     ("XX", "112"), (None, "112")],
)  # fmt: skip
def test_the_number_is_that_of_the_country(country: str | None, number: str) -> None:
    assert emergency_number(country) == number


def test_without_a_department_the_number_is_enough() -> None:
    line = EmergencyLine(lambda _: None, "112")
    assert line.of("I can't breathe") == "This may be an emergency: call 112 now."
    assert line.of("喘不上气") == "这可能是急症：请立即拨打112。"


def test_the_line_stands_before_the_last_word_of_any_model() -> None:
    with ScriptedModel([Say("Cardiology is on 2F.", facts={"floor": "2F"})]) as model:
        agent = VisionAgent(model, middleware=[EmergencyMiddleware(LINE)])
        answer = agent.ask("I have chest pain")
    assert answer.answer == f"{TOLD}\n\nCardiology is on 2F."
    assert answer.facts == {"floor": "2F"}


def test_a_model_that_says_the_line_itself_says_it_once() -> None:
    with ScriptedModel([Say(f"{TOLD} Ask for help.")]) as model:
        agent = VisionAgent(model, middleware=[EmergencyMiddleware(LINE)])
        assert agent.ask("I have chest pain").answer == f"{TOLD} Ask for help."


def test_a_tool_call_on_the_way_is_left_alone() -> None:
    @tool
    def where(name: str) -> str:
        """Finds a place."""
        return f"{name}: 1F"

    with ScriptedModel([Call("where", {"name": "er"}), Say("1F.")]) as model:
        agent = VisionAgent(model, tools=[where], middleware=[EmergencyMiddleware(LINE)])
        answer = agent.ask("he is unconscious")
    assert answer.answer == f"{TOLD}\n\n1F."
    assert len(answer.tool_calls) == 1


def test_an_answer_in_blocks_gets_the_line_too() -> None:
    model = Whole(responses=[AIMessage([{"type": "text", "text": "Go to 1F."}])])
    agent = VisionAgent(model, middleware=[EmergencyMiddleware(LINE)])
    assert agent.ask("I can't breathe").answer.startswith(TOLD)


def test_the_next_question_of_a_thread_is_judged_by_itself() -> None:
    with ScriptedModel([Say("2F."), Say("It is on 1F.")]) as model:
        agent = VisionAgent(model, middleware=[EmergencyMiddleware(LINE)])
        first = agent.ask("I have chest pain")
        assert agent.ask("Where is the cafe?", thread=first.thread).answer == "It is on 1F."
