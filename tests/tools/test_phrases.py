from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.agents import VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import PhraseBook, Translator, draw_card, phrase_card_tool, pinyin
from deixis.tools._phrases import phrases, things
from deixis.vision import CachedReader, RapidReader, TranslationError, load_image
from deixis.vision.embedded import default_lexicon


@pytest.fixture(scope="module")
def book() -> PhraseBook:
    return PhraseBook(default_lexicon())


@pytest.mark.parametrize(
    ("need", "text"),
    [
        ("Where is ENT?", "请问耳鼻喉科怎么走？"),
        ("how do I get to the eye clinic", "请问眼科怎么走？"),
        ("the pharmacy", "请问药房怎么走？"),
        ("耳鼻喉科", "请问耳鼻喉科怎么走？"),
        ("I’m allergic to Penicillin!", "我对青霉素过敏。"),
        ("My ear hurts", "我耳朵疼。"),
        ("how much is the CT scan?", "请问CT检查多少钱？"),
        ("Please call an ambulance", "请帮我叫救护车！"),
        ("Please call a doctor", "请帮我叫医生！"),
        ("I need a doctor", "我需要看医生。"),
        ("Help!", "请帮帮我！"),
        ("I feel sick", "我不舒服。"),
        ("Where does it hurt?", "请问哪里疼？"),
        ("I have no allergies.", "我没有过敏。"),
        ("No", "不是。"),
        ("Excuse me, does anyone speak English?", "请问有人会说英语吗？"),
        ("where is room b12?", "请问B12室怎么走？"),
        ("請問藥房怎麼走", "请问药房怎么走？"),
    ],
)
def test_a_need_finds_its_sentence(book: PhraseBook, need: str, text: str) -> None:
    assert book.card(need).text == text


def test_a_card_says_how_it_sounds_and_what_it_means(book: PhraseBook) -> None:
    card = book.card("Where is ENT?")
    assert card.pinyin == "Qǐngwèn ěrbíhóukē zěnme zǒu?"
    assert card.meaning == "Excuse me, how do I get to ENT?"


def test_who_asked_reads_their_own_words_again(book: PhraseBook) -> None:
    assert book.card("where's the toilet?").meaning == "Excuse me, how do I get to the toilet?"


def test_what_staff_said_is_explained(book: PhraseBook) -> None:
    card = book.card("儿科在四楼")
    assert (card.text, card.pinyin) == ("儿科在四楼", "Érkē zài sìlóu")
    assert card.meaning == "Pediatrics at 4th floor"


@pytest.mark.parametrize("need", ["Can you sing?", "where is Frobozz?", "I am allergic to frobozz"])
def test_what_the_book_lacks_says_what_would_go(book: PhraseBook, need: str) -> None:
    with pytest.raises(TranslationError, match=r"nothing like .*: say it more simply"):
        book.card(need)


def test_what_the_book_lacks_a_language_model_says(book: PhraseBook) -> None:
    translator = Translator(model=lambda prompt: "你会唱歌吗？")
    card = book.card("Can you sing?", translator=translator)
    assert (card.text, card.meaning) == ("你会唱歌吗？", "Can you sing?")


def test_a_meaning_in_another_language_comes_from_the_model(book: PhraseBook) -> None:
    translator = Translator(model=lambda prompt: "Où est l'ORL ?")
    assert book.card("Where is ENT?", language="fr", translator=translator).meaning[:2] == "Où"


def test_nothing_to_say_is_an_error(book: PhraseBook) -> None:
    with pytest.raises(TranslationError, match="nothing to say"):
        book.card(" ")


@pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.id)
def test_every_phrase_is_found_by_all_its_wordings(book: PhraseBook, phrase: object) -> None:
    filled = {
        "place": ("药房", "pharmacy"),
        "thing": ("青霉素", "penicillin"),
        "body": ("背", "back"),
    }
    assert isinstance(phrase, type(phrases()[0]))
    zh, en = filled.get(phrase.slot, ("", ""))
    for asked, thing in ((phrase.ask_en, en), (phrase.ask_zh, zh), ((phrase.en,), en)):
        for wording in asked:
            said = book.find(wording.replace("{}", thing))
            assert said is not None
            assert said.phrase.id == phrase.id


def test_things_are_one_to_a_name() -> None:
    assert things()["penicillin"] == "青霉素"
    assert all(zh.strip() and en == en.casefold() for en, zh in things().items())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("女儿在西安。", "Nǚ'ér zài Xī'ān."),
        ("重庆银行行长", "Chóngqìng yínháng hángzhǎng"),
        ("CT室在3楼，请直走！", "CT shì zài 3 lóu, qǐng zhízǒu!"),
        ("ENT", "ENT"),
    ],
)
def test_pinyin_is_written_in_words(text: str, written: str) -> None:
    assert pinyin(text).casefold() == written.casefold()


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=60)
def test_any_text_has_a_pinyin_without_chinese_words(text: str) -> None:
    assert isinstance(pinyin(text), str)


@given(st.text(max_size=80))
@settings(deadline=None, max_examples=60)
def test_any_need_is_a_card_or_an_error_in_a_line(text: str) -> None:
    assert "\n" not in _what_was_wrong_with(text)


def _what_was_wrong_with(need: str) -> str:
    try:
        PhraseBook(default_lexicon()).card(need)
    except TranslationError as error:
        return str(error)
    return ""


def test_the_picture_of_a_card_can_be_read_by_who_reads_signs(book: PhraseBook) -> None:
    picture = load_image(draw_card(book.card("Where is ENT?")))
    lines = CachedReader(RapidReader()).read(picture).lines
    assert "请问耳鼻喉科怎么走" in "".join(line.text for line in lines)


def test_the_tool_shows_the_card_to_the_user() -> None:
    script = [Call("phrase_card", {"need": "where is ENT?"}), Say("Show this.")]
    with ScriptedModel(script) as model:
        answer = VisionAgent(model, tools=[phrase_card_tool()]).ask("How do I ask for ENT?")
    assert answer.pictures[0].alt.startswith("请问耳鼻喉科怎么走？")


def test_the_tool_tells_the_model_what_it_lacks() -> None:
    script = [Call("phrase_card", {"need": "sing"}), Say("I can't.")]
    with ScriptedModel(script) as model:
        answer = VisionAgent(model, tools=[phrase_card_tool()]).ask("Sing?")
    assert not answer.tool_calls[0].ok
