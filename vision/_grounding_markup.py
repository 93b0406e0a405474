"""Grounding markup in a reply's prose: what a person is shown has the words, not the numbers.

Qwen-VL and Qwen2-VL write places into their sentences: `<ref>the exit</ref><box>(1,2),(3,4)</box>`.
"""

from __future__ import annotations

# Each tag with the one that ends it; the words between a pair that ends in "" are prose.
_TAGS = {
    "<ref>": "",
    "</ref>": "",
    "<|object_ref_start|>": "",
    "<|object_ref_end|>": "",
    "<box>": "</box>",
    "<quad>": "</quad>",
    "<|box_start|>": "<|box_end|>",
    "<|quad_start|>": "<|quad_end|>",
}
_BEGINNINGS = frozenset(tag[:end] for tag in _TAGS for end in range(1, len(tag)))
_COORDINATES = frozenset("0123456789(),.- \n")
_LONGEST = 400


class MarkupStream:
    """Lets text through as it comes, without grounding markup.

    A pair of tags with anything but coordinates in it is prose. The pieces let through add up to
    the same text however the reply was cut.
    """

    def __init__(self) -> None:
        self._held = ""
        self._ending = ""  # what would close the markup that is held

    def feed(self, delta: str) -> str:
        """The text that a piece adds."""
        if not self._held and "<" not in delta:
            return delta
        return "".join(map(self._step, delta))

    def close(self) -> str:
        """What was held back and turned out to be text; a place that was cut is not."""
        held, self._held = self._held, ""
        cut, self._ending = bool(self._ending), ""
        return "" if cut else held

    def _step(self, char: str) -> str:
        if not self._held and char != "<":
            return char
        self._held += char
        return self._inside() if self._ending else self._opening(char)

    def _opening(self, char: str) -> str:
        if self._held in _TAGS:
            self._ending = _TAGS[self._held]
            if not self._ending:
                self._held = ""
            return ""
        if self._held in _BEGINNINGS:
            return ""
        text, self._held = self._held[:-1], ""
        return text + self._step(char)

    def _inside(self) -> str:
        if self._held.endswith(self._ending):
            self._held = self._ending = ""
            return ""
        begun = self._held.rfind("<")
        closing = begun > 0 and self._ending.startswith(self._held[begun:])
        if (closing or self._held[-1] in _COORDINATES) and len(self._held) <= _LONGEST:
            return ""
        text, self._held, self._ending = self._held, "", ""
        return text
