"""The phrase card as a picture to hold out to staff, and the tool that makes it."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from deixis.tools._phrases import PhraseBook, PhraseCard
from deixis.tools._tool import NewImage, Tool, ToolResult, tool
from deixis.tools._translate import Translator
from deixis.vision import FontError, ToolError, TranslationError, load_image
from deixis.vision._fonts import TextBlock, text_block
from deixis.vision.embedded import Lexicon, default_lexicon

_WIDTH: Final = 1080
_MARGIN: Final = 72
_PAPER, _INK, _FAINT, _RULE = "#FFFFFF", "#101418", "#4A5560", "#C9D1D8"
# Chinese is read at arm's length; the rest by who holds the phone.
_SIZES: Final = ((112, 84), (52, 44), (44, 44))


def draw_card(card: PhraseCard) -> Image.Image:
    """A card as a picture, 1080 pixels wide: the sentence large, how it is said, what it means.

    Raises:
        FontError: No installed font can draw Chinese.
    """
    width = _WIDTH - 2 * _MARGIN
    texts = (card.text, card.pinyin, card.meaning)
    blocks = [
        block
        for text, size in zip(texts, _SIZES, strict=True)
        if (block := _set(text, size, width))
    ]
    height = 2 * _MARGIN + sum(block.height for block in blocks) + 48 * (len(blocks) - 1)
    picture = Image.new("RGB", (_WIDTH, height), _PAPER)
    _paint(ImageDraw.Draw(picture), blocks)
    return picture


def _set(text: str, sizes: tuple[int, int], width: int) -> TextBlock | None:
    """A text on one line, a little smaller where that does it; else large, on several."""
    for size in range(sizes[0], sizes[1] - 1, -4):
        block = text_block(text, size=size, max_width=width, max_lines=8)
        if block is None or len(block.lines) == 1:
            return block
    return text_block(text, size=sizes[0], max_width=width, max_lines=8)


def _paint(draw: ImageDraw.ImageDraw, blocks: list[TextBlock]) -> None:
    y = float(_MARGIN)
    for number, block in enumerate(blocks):
        if number == len(blocks) - 1 and number:
            draw.line((_MARGIN, y - 24, _WIDTH - _MARGIN, y - 24), fill=_RULE, width=3)
        block.draw(draw, _MARGIN, y, _INK if number == 0 else _FAINT)
        y += block.height + 48


def phrase_card_tool(
    translator: Translator | None = None, *, lexicon: Lexicon | None = None
) -> Tool[[str, str], ToolResult]:
    """The `phrase_card` tool: a sentence in Chinese to show to staff, and what theirs mean.

    Args:
        translator: For what the phrase book lacks; a word-by-word one by default.
        lexicon: Names of what phrases are about.
    """
    book = PhraseBook(lexicon or default_lexicon())
    translating = translator or Translator()

    @tool(origin="a translation")
    def phrase_card(need: str, language: str = "en") -> ToolResult:
        """Makes a card in Chinese to show to staff, with Pinyin; or explains what staff said.

        Args:
            need: What to say, such as "where is ENT?" or "I am allergic to aspirin"; the name of
                a place, to ask the way there; or Chinese that staff said or wrote.
            language: Language of who asks, as a BCP 47 tag.
        """
        try:
            card = book.card(need, language=language, translator=translating)
        except TranslationError as error:
            raise ToolError(str(error)) from None
        return ToolResult(text=card.model_dump_json(), images=_drawn(card), data=card)

    return phrase_card


def _drawn(card: PhraseCard) -> tuple[NewImage, ...]:
    """The picture, where a font can draw it: the words stand in the answer as well."""
    try:
        picture = draw_card(card)
    except FontError:
        return ()
    alt = f"{card.text} {card.pinyin} {card.meaning}"
    return (NewImage(image=load_image(picture), shown=True, alt=alt),)
