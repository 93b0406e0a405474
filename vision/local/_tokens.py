"""A conversation as the model takes it: token ids, where the images stand, and positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from deixis.vision._errors import ModelError
from deixis.vision._geometry import Size
from deixis.vision.local._prompt import Prompt, PromptImage
from deixis.vision.qwen._families import FamilyFacts

IMAGE_PAD = "<|image_pad|>"


@dataclass(frozen=True, kw_only=True)
class ImageSpan:
    """Where an image stands among the tokens.

    Attributes:
        start: Its first token.
        sha256: Which image it is.
        size: Its width and height, in pixels.
        rows: Tokens down.
        columns: Tokens across.
    """

    start: int
    sha256: str
    size: Size
    rows: int
    columns: int

    @property
    def end(self) -> int:
        """The token after its last."""
        return self.start + self.rows * self.columns

    @property
    def advance(self) -> int:
        """By how much positions go on over it; one token after the other would be more."""
        return max(self.rows, self.columns)


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Token ids, with the images that stand as runs of `<|image_pad|>` among them."""

    ids: list[int] = field(default_factory=list[int])
    spans: tuple[ImageSpan, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def prefix(self, length: int) -> Tokens:
        """The first tokens. The cut must not go through an image."""
        spans = tuple(span for span in self.spans if span.end <= length)
        return Tokens(ids=self.ids[:length], spans=spans)

    def shift(self, length: int) -> int:
        """Position of a text token there, less its index: an image's tokens share positions."""
        return sum(
            span.advance - (span.end - span.start) for span in self.spans if span.end <= length
        )

    def outside_images(self, cut: int) -> int:
        """The last place at or before a cut that is not within an image."""
        return next((span.start for span in self.spans if span.start < cut < span.end), cut)

    def common(self, other: Tokens, known: int = 0) -> int:
        """How many first tokens are the same as another's, images and all.

        Args:
            other: The tokens to compare with.
            known: How many are known to be the same.
        """
        same = known + _common(self.ids[known:], other.ids[known:])
        for mine, theirs in zip(self.spans, other.spans, strict=False):
            if mine != theirs:
                same = min(same, mine.start, theirs.start)
                break
        return same

    def positions(self, start: int, end: int | None = None) -> torch.Tensor:
        """Positions of the tokens from one to another, as `get_rope_index` of the models has them.

        Returns:
            Integers of shape [4, 1, tokens]: the place in the text, then time, height and width.
        """
        end = len(self) if end is None else end
        at, place = start, start + self.shift(start)
        parts: list[torch.Tensor] = []
        for span in self.spans:
            if not start <= span.start < end:
                continue
            parts.append(_text_positions(place, span.start - at))
            place += span.start - at
            parts.append(_image_positions(place, span))
            place += span.advance
            at = span.end
        parts.append(_text_positions(place, end - at))
        return torch.cat([torch.arange(start, end)[None], torch.cat(parts, dim=1)])[:, None]


def _common(ours: list[int], theirs: list[int]) -> int:
    shorter = min(len(ours), len(theirs))
    if ours[:shorter] == theirs[:shorter]:
        return shorter
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next(number for number, (mine, other) in pairs if mine != other)


def _text_positions(place: int, count: int) -> torch.Tensor:
    return torch.arange(place, place + count).expand(3, count)


def _image_positions(place: int, span: ImageSpan) -> torch.Tensor:
    rows, columns = torch.arange(span.rows), torch.arange(span.columns)
    height = rows.repeat_interleave(span.columns)
    return place + torch.stack([torch.zeros_like(height), height, columns.repeat(span.rows)])


class Tokeniser:
    """Turns a conversation's text into tokens, each image into as many as the model sees.

    Args:
        tokenizer: The checkpoint's, as transformers loads it.
        facts: What the family needs.
    """

    def __init__(self, tokenizer: Any, facts: FamilyFacts) -> None:
        self._tokenizer = tokenizer
        self._facts = facts
        self._added: tuple[str, ...] = tuple(tokenizer.get_added_vocab())
        self._longest = max(map(len, self._added), default=0)
        self.turn = self.id_of("<|im_start|>")
        self.pad = self.id_of(IMAGE_PAD)

    def id_of(self, token: str) -> int:
        """The id of an added token.

        Raises:
            ModelError: The checkpoint has no such token.
        """
        found: int | None = self._tokenizer.get_added_vocab().get(token)
        if found is None:
            raise ModelError(
                f"the checkpoint's tokenizer has no {token}: it is not one of {self._facts.family}"
            )
        return found

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens, special ones included."""
        return self._tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )

    def breaks(self, before: str, after: str, at: int) -> bool:
        """Whether no token goes over a border between two texts: an added token ends or begins.

        Args:
            before: A text that goes up to the border, or further.
            after: A text that is the same up to the border.
            at: The border, in characters.
        """
        ends = before[max(0, at - self._longest) : at].endswith(self._added)
        return ends or at == len(after) or after.startswith(self._added, at)

    def last_turn(self, tokens: Tokens) -> int:
        """Where the last turn opens, a token; 0 if none does."""
        back = tokens.ids[::-1]
        return len(back) - 1 - back.index(self.turn) if self.turn in back else 0

    def extend(self, known: Tokens, text: str, images: Sequence[PromptImage]) -> Tokens:
        """Tokens, with those of the text that follows.

        Args:
            known: The tokens so far.
            text: What follows.
            images: Those in it.

        Raises:
            ModelError: Images and places for them are not equally many, or an image has a size
                that the model can't see.
        """
        found: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False)[
            "input_ids"
        ]
        if found.count(self.pad) != len(images):
            raise ModelError(
                f"the prompt has {found.count(self.pad)} places for images and {len(images)}"
                f" images: write {IMAGE_PAD} once for each"
            )
        ids, spans, rest = list(known.ids), list(known.spans), 0
        for image in images:
            at = found.index(self.pad, rest)
            ids += found[rest:at]
            span = self._span(image, len(ids))
            ids += [self.pad] * (span.end - span.start)
            spans.append(span)
            rest = at + 1
        return Tokens(ids=ids + found[rest:], spans=tuple(spans))

    def tokens(self, prompt: Prompt) -> Tokens:
        """A whole prompt's tokens."""
        return self.extend(Tokens(), prompt.text, prompt.images)

    def _span(self, image: PromptImage, start: int) -> ImageSpan:
        width, height = image.size
        side = self._facts.factor
        if width < side or height < side or width % side or height % side:
            raise ModelError(
                f"an image of {width} × {height} pixels can't be shown to {self._facts.family}:"
                f" its sides must be multiples of {side}"
            )
        return ImageSpan(
            start=start,
            sha256=image.sha256,
            size=image.size,
            rows=height // side,
            columns=width // side,
        )
