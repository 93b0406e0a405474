"""The embedded model's parts as they come along, and its search for use by tools."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from deixis.vision._geometry import Detection
from deixis.vision._images import VisionImage
from deixis.vision._reader import Reader
from deixis.vision.embedded._dictionary import Dictionary
from deixis.vision.embedded._glossary import Glossary
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._reasoner import Reasoner
from deixis.vision.embedded._semantics import EmbeddingSemantics
from deixis.vision.embedded._sign import Sign
from deixis.vision.embedded._translation import Lexicon


@cache
def default_reasoner() -> Reasoner:
    """Answers by glossary, dictionary and embeddings; one for the process, it keeps no state."""
    glossary = Glossary.default()
    return Reasoner(glossary, _dictionary(), EmbeddingSemantics(glossary))


@cache
def default_lexicon() -> Lexicon:
    """Translates by glossary and dictionary."""
    return Lexicon(Glossary.default(), _dictionary())


@cache
def _dictionary() -> Dictionary:
    return Dictionary()


@dataclass(frozen=True, kw_only=True)
class SignEntry:
    """A line of a sign that was searched for, and the floor it is on, as the sign writes it."""

    detection: Detection
    floor: str | None


class SignSearcher:
    """Finds names on signs, without a model.

    Args:
        reader: Reads text.
        reasoner: Understands it.
    """

    def __init__(self, reader: Reader, reasoner: Reasoner | None = None) -> None:
        self._reader = reader
        self._reasoner = reasoner or default_reasoner()

    def find(self, name: str, image: VisionImage, *, handle: str) -> list[SignEntry]:
        """Where an image names something, best first; empty where it doesn't.

        Args:
            name: The thing, in words of the sign or of the asker.
            image: The sign.
            handle: The image's handle.
        """
        sign = Sign.of(self._reader.read(image), image=handle, pixels=image.pixels)
        found = self._reasoner.search.find(Question(text=name), [sign]).matches
        return [
            SignEntry(
                detection=match.line.detection(name, handle),
                floor=match.line.floor.text if match.line.floor else None,
            )
            for match in found
        ]
