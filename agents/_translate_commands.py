"""`deixis translate`: a text in another language, or as a card to show to staff."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deixis.agents._commands import check_drawable, save_picture
from deixis.agents._console import emit, plain, say, status
from deixis.agents._failures import CommandUsageError

if TYPE_CHECKING:
    from deixis.tools import PhraseCard, Translation, Translator


def translate(text: str, *, to: str, model: str, card: Path | None, as_json: bool) -> None:
    """Translates by the model named, or word by word, and says which.

    Raises:
        TranslationError: Nothing that is there translates so.
        CommandUsageError: The card can't be written, or isn't to be in Chinese.
    """
    check_drawable(card)
    spoken, *script = to.lower().split("-")
    if card is not None and spoken != "zh":
        raise CommandUsageError(f"cards are in Chinese, not in {to}: give --to zh")
    from deixis.agents._translating import translator_of
    from deixis.vision import load_model

    translator = translator_of(load_model(model))
    with status("Translating …"):
        shown = _card_of(text, translator, script) if card is not None else None
        done = translator.translate(text, to)
    if as_json:
        written = done.model_dump(mode="json")
        emit(written | ({"card": shown.model_dump(mode="json")} if shown else {}))
    elif shown is not None:
        say(plain("\n".join((shown.text, shown.pinyin, shown.meaning))))
    else:
        _show(done)
    if card is not None and shown is not None:
        from deixis.tools import draw_card

        save_picture(draw_card(shown), card)


def _card_of(text: str, translator: Translator, script: Sequence[str]) -> PhraseCard:
    from deixis.tools import PhraseBook
    from deixis.vision.embedded import default_lexicon, traditional

    card = PhraseBook(default_lexicon()).card(text, translator=translator)
    if {"hant", "tw", "hk", "mo"} & set(script):
        return card.model_copy(update={"text": traditional(card.text)})
    return card


def _show(done: Translation) -> None:
    say(plain(done.translation))
    if done.method == "word by word":
        say("  (word by word, by glossary and dictionary: no sentence)", dim=True, to_stderr=True)
    for term in done.glossary:
        if term.source != "none":
            lost = "" if term.kept else ", not kept by the model"
            say(f"  {plain(term.text)} → {plain(term.translation)} ({term.source}{lost})", dim=True)
