"""What an agent came to, and the names in it that may be passed on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from deixis.vision._dialect import Frames, PixelDialect
from deixis.vision._geometry import Detection
from deixis.vision._reply import fenced_json, parse_reply
from deixis.vision.embedded._medicines import may_be_name, mentions
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._text import compact, fold, has_han
from deixis.vision.embedded.operating._carrying import Done
from deixis.vision.embedded.things._reference_words import lexicon

_MEDICINE: Final = "medicine"
# An agent may add what not to mistake it for.
_DENIED: Final = re.compile(
    r"\b(?:not|don't|isn't|never|avoid|without|instead|unlike|no)\b|勿|不|禁|避免|过敏|没有"
)
_STRENGTH: Final = re.compile(
    r"[\s,]*\d[\d.,]*\s?(?:mg|mcg|g|ml|iu|毫克|克|毫升).*$", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer, an agent's or this model's own.

    Attributes:
        text: Its prose.
        found: Whether it is answered, or done.
        failed: Whether nobody answered: the call came to an error.
        facts: What it states, by kind.
        detections: Its places, in original pixels.
    """

    text: str
    found: bool
    failed: bool = False
    facts: Mapping[str, str | None]
    detections: tuple[Detection, ...] = ()

    @classmethod
    def of(cls, done: Done, frames: Frames) -> Told:
        """The result of a call."""
        if done.error:
            text = re.sub(r"^Error:\s*", "", done.text).strip()
            return cls(text=text, found=False, failed=True, facts={})
        # After its JSON stand the handles of pictures that came with it.
        said = done.text[: end + 3] if (end := done.text.rfind("```")) >= 0 else done.text
        reply = parse_reply(said, PixelDialect(), frames)
        given = (fenced_json(said) or {}).get("found")
        if not reply.text.strip():
            return cls(text="", found=False, failed=True, facts={})
        return cls(
            text=reply.text.strip(),
            found=given if isinstance(given, bool) else True,
            facts=reply.facts,
            detections=reply.detections,
        )

    @classmethod
    def by_itself(cls, outcome: Outcome) -> Told:
        """What this model answered."""
        return cls(
            text=outcome.text,
            found=outcome.found,
            facts=outcome.facts,
            detections=outcome.detections,
        )

    @property
    def asks(self) -> bool:
        """Whether it is a question back."""
        return not self.found and not self.failed and self.text.endswith(("?", "？"))

    def names(self, language: str) -> list[str]:
        """The things it names, as they may stand in a task.

        What was read is somebody else's words: only the known name of a medicine, a shape with
        its colour, or words that can be nothing but a name come out of it.

        Args:
            language: In which a known medicine is called, as far as that is known.
        """
        stated = self.facts.get(_MEDICINE)
        if stated:
            given = [_stated(part, language) for part in re.split(r"[;；]", stated)]
            return _distinct(name for name in given if name)
        known = _distinct(_known_in(self.text, language))
        return known or _distinct(_things_in(self.text))


def _stated(part: str, language: str) -> str:
    found = mentions(part)
    if found:
        best = max(found, key=lambda mention: len(mention.text))
        return best.text if _same_script(best.text, language) else best.name(language)
    bare = _STRENGTH.sub("", part.strip())
    return bare if may_be_name(bare) else ""


def _known_in(text: str, language: str) -> list[str]:
    """Known names in prose: of medicines if there are any, else of kinds of them."""
    found = [
        mention
        for sentence in re.split(r"(?<=[.!?;。！？；\n])\s*", text)
        for mention in mentions(sentence)
        if not _DENIED.search(fold(sentence[: mention.start]))
    ]
    sure = [mention for mention in found if not mention.vague] or found
    return [m.text if _same_script(m.text, language) else m.name(language) for m in sure]


def _same_script(text: str, language: str) -> bool:
    return has_han(text) == language.startswith("zh")


def _distinct(names: Collection[str] | Iterator[str]) -> list[str]:
    """Each thing once, whatever it is called."""
    once: dict[object, str] = {}
    for name in names:
        known = mentions(name)
        once.setdefault(known[0].forms if known else compact(name), name)
    return list(once.values())


def _things_in(text: str) -> list[str]:
    return [found[0] for found in _things().finditer(fold(text))]


@cache
def _things() -> re.Pattern[str]:
    """A colour and a shape, and nothing else: «red cube», «红色方块»."""
    sorts: dict[tuple[str, bool], list[str]] = {}
    for text, word in lexicon().items():
        if word.sort == "colour" or (
            word.sort == "kind" and word.value in ("cube", "ball", "cylinder", "box")
        ):
            sorts.setdefault((word.sort, has_han(text)), []).append(re.escape(text))
    longest = {key: "|".join(sorted(some, key=len, reverse=True)) for key, some in sorts.items()}
    english = rf"\b(?:{longest['colour', False]}) (?:{longest['kind', False]})\b"
    chinese = rf"(?:{longest['colour', True]})的?(?:{longest['kind', True]})"
    return re.compile(f"{english}|{chinese}")
