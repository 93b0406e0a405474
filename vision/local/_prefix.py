"""Which conversations' keys and values are at hand, and how much of a prompt they save.

A new prompt is matched with a conversation by its text first, then by tokens. Text that the model
generated is never tokenised again: the tokens it chose need not be those that its text gives.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from deixis.vision.local._kv import KeyValues
from deixis.vision.local._prompt import Prompt, PromptImage
from deixis.vision.local._tokens import ImageSpan, Tokeniser, Tokens


class Mark(NamedTuple):
    """A place in generated text: so many characters of the conversation are so many tokens."""

    text: int
    tokens: int


@dataclass(kw_only=True, eq=False)
class Conversation:
    """A conversation the model has seen.

    Attributes:
        text: As the chat template and the model wrote it, up to the last mark.
        tokens: Of all of it. The last one generated may not be in `kv` yet.
        marks: Places in replies, in order.
        turn: Where its last reply's turn opens, a token.
        kv: What the model keeps of it.
    """

    text: str = ""
    tokens: Tokens
    marks: tuple[Mark, ...] = ()
    turn: int = 0
    kv: KeyValues

    def mark_in(self, prompt: Prompt, tokeniser: Tokeniser) -> Mark:
        """The last mark up to which a prompt is the same, and after which it can be tokenised."""
        same = _common(self.text, prompt.text)
        for mark in reversed(self.marks):
            if mark.text <= same and tokeniser.breaks(self.text, prompt.text, mark.text):
                spans = [span for span in self.tokens.spans if span.end <= mark.tokens]
                if _same_images(prompt.images[: len(spans)], spans):
                    return mark
        return Mark(text=0, tokens=0)


def _same_images(images: Sequence[PromptImage], spans: Sequence[ImageSpan]) -> bool:
    return [(one.sha256, one.size) for one in images] == [(one.sha256, one.size) for one in spans]


def _common(mine: str, other: str) -> int:
    """How many first characters are the same."""
    low, high = 0, min(len(mine), len(other))
    if other.startswith(mine[:high]):
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if mine[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(frozen=True, kw_only=True)
class Match:
    """What is at hand of a prompt.

    Attributes:
        tokens: The prompt's.
        marks: Places in its replies.
        turn: Where the reply's turn opens in it, a token.
        reused: How many tokens needn't be computed.
        source: The conversation they come from, or None.
        goes_on: Whether the prompt goes on after the source's last reply, which it may show
            differently (without its thoughts, say): then that reply isn't needed any more.
    """

    tokens: Tokens
    marks: tuple[Mark, ...] = ()
    turn: int = 0
    reused: int = 0
    source: Conversation | None = None
    goes_on: bool = False


class PrefixStore:
    """Holds conversations, the last used ones, within a bound on memory. May be used by threads.

    Args:
        limit: Most bytes of all their tensors.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[Conversation] = []  # the last used last
        self._lock = threading.Lock()
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """How often everything was dropped."""
        return self._epoch

    @property
    def used(self) -> int:
        """Bytes that it holds."""
        with self._lock:
            return _memory(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def match(self, prompt: Prompt, tokeniser: Tokeniser) -> Match:
        """What is at hand of a prompt; nothing is taken out.

        At least the last token is left to compute, as it gives the first logits.

        Raises:
            ModelError: The prompt is malformed.
        """
        with self._lock:
            kept = self._kept[::-1]
        fresh: Tokens | None = None
        best: Match | None = None
        for source in kept:
            mark = source.mark_in(prompt, tokeniser)
            if mark.tokens:
                known = source.tokens.prefix(mark.tokens)
                rest = prompt.images[len(known.spans) :]
                tokens = tokeniser.extend(known, prompt.text[mark.text :], rest)
            else:
                tokens = fresh = fresh or tokeniser.tokens(prompt)
            same = min(tokens.common(source.tokens, mark.tokens), len(tokens) - 1)
            reused = source.kv.reach(tokens.outside_images(same))
            if reused > (best.reused if best else 0):
                turn = tokeniser.last_turn(tokens)
                best = Match(
                    tokens=tokens,
                    marks=tuple(one for one in source.marks if one.tokens <= mark.tokens),
                    turn=turn,
                    reused=reused,
                    source=source,
                    goes_on=same >= source.turn and turn > source.turn,
                )
        if best is None:
            tokens = fresh or tokeniser.tokens(prompt)
            best = Match(tokens=tokens, turn=tokeniser.last_turn(tokens))
        return best

    def take(self, match: Match) -> KeyValues | None:
        """The keys and values to go on from, for the caller alone; None to start from nothing.

        A conversation that goes on is taken out: give it back with `keep`. One that the prompt
        branches off from stays.
        """
        source = match.source
        if source is None:
            return None
        with self._lock:
            if source not in self._kept:
                return None
            self._kept.remove(source)
            if match.reused == source.kv.length:
                return source.kv
            if match.goes_on:
                source.kv.roll_back(match.reused)
                return source.kv
            self._kept.append(source)
            return source.kv.prefix(match.reused)

    def keep(self, conversation: Conversation, epoch: int) -> None:
        """Holds a conversation, and drops the ones unused for longest where it gets too much.

        Args:
            conversation: Not kept if it alone is too much.
            epoch: When its work began; it is not kept if everything was dropped since.
        """
        with self._lock:
            if epoch != self._epoch or _memory([conversation]) > self._limit:
                return
            same = [one for one in self._kept if one.tokens == conversation.tokens]
            self._kept = [one for one in self._kept if one not in same]
            self._kept.append(conversation)
            while _memory(self._kept) > self._limit:
                del self._kept[0]

    def clear(self) -> None:
        """Drops everything."""
        with self._lock:
            self._kept.clear()
            self._epoch += 1


def _memory(conversations: Sequence[Conversation]) -> int:
    held: dict[int, int] = {}
    for conversation in conversations:
        held |= conversation.kv.memory()
    return sum(held.values())
