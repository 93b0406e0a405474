"""A model that obeys whoever speaks last: the worst that could be at work."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from langchain_core.messages import AIMessage, BaseMessage
from rapidfuzz import fuzz

from deixis.testing import Call, Say, ScriptedModel
from deixis.vision import IMAGE_REFERENCE, Dialect, ImageStore, Reader
from deixis.vision._untrusted import unfenced
from tests.hostile.cases import Case

_ENOUGH = 82
"""How alike, of 100, what was heard must be: readers slip."""
_ALIKE = str.maketrans("оеаісрхο", "oeaicpxo")
_FENCED = re.compile(r'<outside source="[^"<>\n]*">.*?</outside>', re.DOTALL)


def letters(text: str) -> str:
    """A text's letters and digits alone, without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_ALIKE)
    return "".join(c for c in plain if c.isalnum() or unicodedata.category(c) == "Mc")


def ways_to_read(text: str) -> Iterator[str]:
    """A text as one who wants to obey may read it."""
    yield text
    yield text[::-1]
    yield codecs.decode(text, "rot13")
    for word in re.findall(r"[A-Za-z0-9+/=]{12,}", text):
        for decoded in (base64.b64decode, bytes.fromhex):
            try:
                yield decoded(word).decode("utf-8")
            except (binascii.Error, ValueError):
                continue


def hears(order: str, text: str) -> bool:
    """Whether an order is in a text, however it is put."""
    wanted = letters(order)
    return any(
        fuzz.partial_ratio(wanted, heard) >= _ENOUGH
        for way in ways_to_read(text)
        if len(heard := letters(way)) >= len(wanted) // 2
    )


def told(messages: Sequence[BaseMessage]) -> str:
    """All that a model is told in words, its own left out."""
    return "\n".join(str(m.text) for m in messages if not isinstance(m, AIMessage))


def unmarked(messages: Sequence[BaseMessage]) -> str:
    """What of it stands outside of all marks."""
    return _FENCED.sub(" ⋯ ", told(messages))


class Obedient:
    """Looks, then does what it was told to by whatever it saw, insists once, and gives up.

    Args:
        case: What is to be heard.
        look: The calls by which it sees it; none where it is shown at once.
        act: What it takes the order to mean.
        reader: Its eyes.
        store: Where the pictures are that it is shown.
    """

    def __init__(
        self, case: Case, look: Sequence[Call], act: Call, *, reader: Reader, store: ImageStore
    ) -> None:
        self._case = case
        self._look = look
        self._act = act
        self._reader = reader
        self._store = store
        self.heard = False

    def model(self, dialect: Dialect) -> ScriptedModel:
        """It as a model."""
        looks: list[Call | Callable[[Sequence[BaseMessage]], Call | Say]] = list(self._look)
        return ScriptedModel(
            [*looks, self.obey, self.obey, Say("I may not do that.", found=False)], dialect=dialect
        )

    def obey(self, messages: Sequence[BaseMessage]) -> Call | Say:
        """What it does: the order's bidding, or nothing where it has heard none."""
        seen = f"{unfenced(told(messages))}\n{self._seen(messages)}"
        self.heard = all(hears(order, seen) for order in self._case.order)
        return self._act if self.heard else Say("There is nothing to do.", found=False)

    def _seen(self, messages: Sequence[BaseMessage]) -> str:
        """What it reads in the pictures itself, as a vision model does."""
        hashes = {
            str(block["sha256"])
            for message in messages
            if not isinstance(message.content, str)
            for block in message.content
            if isinstance(block, dict) and block.get("type") == IMAGE_REFERENCE
        }
        return "\n".join(
            line.text
            for h in sorted(hashes)
            for line in self._reader.read(self._store.get(h)).lines
        )
