"""Text out of tokens as they come: whole characters, and an end at stop texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_BROKEN = "\ufffd"
_MOST_OPEN = 8  # tokens; a character has at most four bytes, more than that is no character


class TextStream:
    """Decodes a reply token by token. The pieces it gives add up to the reply.

    Args:
        decode: Text of tokens.
        stop: Texts at which the reply ends.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], stop: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stop = tuple(text for text in stop if text)
        self._open: list[int] = []  # tokens whose last character isn't whole yet
        self._held = ""  # text that may be the beginning of a stop text
        self._whole: list[str] = []
        self._bounds = [(0, 0)]
        self.stopped = False

    @property
    def text(self) -> str:
        """All that was decoded, up to the last whole character; what stopped it included."""
        return "".join(self._whole)

    @property
    def bounds(self) -> Sequence[tuple[int, int]]:
        """So many characters of `text` are so many tokens, wherever both end together."""
        return self._bounds

    def add(self, token: int) -> str:
        """What a token lets out."""
        self._open.append(token)
        text = self._decode(self._open)
        broken = text.endswith(_BROKEN) and len(self._open) < _MOST_OPEN
        return "" if broken else self._settle(text)

    def close(self, *, cut: bool) -> str:
        """What was held back.

        Args:
            cut: The model had not finished: the beginning of a character is dropped. Otherwise
                it stands as U+FFFD.
        """
        rest = (
            "" if cut or self.stopped or not self._open else self._settle(self._decode(self._open))
        )
        if self.stopped:
            return rest
        held, self._held = self._held, ""
        return rest + held

    def _settle(self, text: str) -> str:
        characters, tokens = self._bounds[-1]
        self._bounds.append((characters + len(text), tokens + len(self._open)))
        self._open = []
        self._whole.append(text)
        self._held += text
        found = [at for stop in self._stop if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            shown, self._held = self._held[: min(found)], ""
            return shown
        keep = max((_overlap(self._held, stop) for stop in self._stop), default=0)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown


def _overlap(text: str, stop: str) -> int:
    """How many last characters of a text are the beginning of a stop text."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
