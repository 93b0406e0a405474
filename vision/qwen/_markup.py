"""Places in tags: Qwen-VL's and Qwen2-VL's boxes, HTML and XML, and tool calls in XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from deixis.vision.qwen._objects import places_in_call
from deixis.vision.qwen._places import Found, Lost, boxes_in, clean, numbers_of

# What a tag of the older families opens or closes. Hosted models showed the tokens by number.
_ROLES = {
    "ref": "ref", "/ref": "/ref", "object_ref_start": "ref", "object_ref_end": "/ref",
    "extra_0": "ref", "extra_1": "/ref",
    "box": "box", "/box": "/box", "box_start": "box", "box_end": "/box",
    "extra_2": "box", "extra_3": "/box", "bbox": "box", "/bbox": "/box",
    "quad": "quad", "/quad": "/quad", "quad_start": "quad", "quad_end": "/quad",
    "point": "point", "/point": "/point", "point_start": "point", "point_end": "/point",
}  # fmt: skip
_TOKEN = re.compile(
    r"<(?:/?(?:ref|box|bbox|quad|point)"
    r"|\| ?(?:(?:object_ref|box|quad|point)_(?:start|end)|extra_[0-3]) ?\|)>"
)
_NUMERIC = re.compile(r"[\s\d.,;:()\[\]（），、；-]{0,400}")
_BRACKETS = (")", "]", "）")
_JOINS = re.compile(r"[\s,;.、，；和与及&-]*|\s*(?:and|or)\s*")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_-]{0,30})([^<>]{0,20000})>")
_ATTRIBUTE = re.compile(
    r"([A-Za-z][\w-]{0,30})\s{0,3}=\s{0,3}\\?(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
_VOID = frozenset("img br hr input meta link area col".split())
_DEEPEST = 40  # elements within elements whose text is kept
_COMMENT = re.compile(
    r"<!--\s{0,9}([A-Za-z][A-Za-z ]{0,30}?)\s{0,9}(\([-\d.,\s]{7,80}\))\s{0,9}-->"
)
_CALL = re.compile(r"<function(?:=|\s{1,3}name\s{0,3}=\s{0,3})[\"']?([\w.-]{1,80})[\"']?\s{0,3}>")
_CALL_END = re.compile(r"</function>|</tool_call>|<function|<tool_call>")
_PARAMETER = re.compile(
    r"<parameter(?:=|\s{1,3}name\s{0,3}=\s{0,3})[\"']?([\w.-]{1,80})[\"']?\s{0,3}>"
)
_PARAMETER_END = re.compile(r"</parameter>|<parameter")


@dataclass(slots=True)
class Marked:
    """What a reader of tags found.

    Attributes:
        places: Places and losses, in no order.
        spans: What was read and needs no other reader.
        labels: The label in a `<ref>` by where it ended, for a box that follows without tags.
    """

    places: list[Found | Lost] = field(default_factory=list["Found | Lost"])
    spans: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    labels: dict[int, str] = field(default_factory=dict[int, str])


def read_boxes(text: str) -> Marked:
    """Boxes, quadrilaterals and points in the older families' tags."""
    found = Marked()
    tokens = list(_TOKEN.finditer(text))
    label, label_end = "", -1
    number = 0
    while number < len(tokens):
        token = tokens[number]
        number += 1
        role = _role(token.group())
        if role.startswith("/"):
            continue
        following = tokens[number] if number < len(tokens) else None
        end = following.start() if following else len(text)
        ends = following is not None and _role(following.group()) == f"/{role}"
        if role == "ref":
            label, label_end = clean(text[token.end() : end]), end
            if ends and following is not None:
                label_end = following.end()
                number += 1
            found.labels[label_end] = label
            continue
        between = text[label_end : min(token.start(), label_end + 40)] if label_end >= 0 else "x"
        if len(between) == 40 or not _JOINS.fullmatch(between):
            label = ""
        number += ends
        close = following.end() if ends and following is not None else end
        said = _Said(text[token.end() : end], whole=ends)
        if not ends and (head := _NUMERIC.match(text, token.end(), end)):
            close, content = head.end(), head.group().strip()
            ended = not content or content.endswith(_BRACKETS)
            said = _Said(content, whole=ended and close < len(text))
        found.places += said.places(role, label, token.start())
        if said.numbers is not None:
            found.spans.append((token.start(), close))
        label_end = close
    return found


def _role(token: str) -> str:
    return _ROLES[token.strip("<>").strip("| ")]


class _Said:
    """What stands in a box's tags, or behind one that isn't closed.

    Args:
        content: The words.
        whole: Whether anything follows, so that they weren't cut.
    """

    def __init__(self, content: str, *, whole: bool) -> None:
        self._content = content.strip()
        self._whole = whole
        self.numbers = numbers_of(content)

    def places(self, role: str, label: str, start: int) -> Iterator[Found | Lost]:
        numbers = self.numbers
        base = Found(start=start, reader="markup", label=label)
        count = len(numbers) if numbers else 0
        words = f"{label} {self._content[:200]}".strip()
        if not self._whole and (count < 4 or not self._content.endswith(_BRACKETS)):
            yield Lost(start=start, words=words, reason="it was cut")
        elif numbers is None:
            if self._content:
                yield Lost(start=start, words=words, reason="these are no numbers")
        elif count == 8 and role == "quad":
            yield _with(base, quad=numbers)
        elif count % 4 == 0 and role != "point":
            for box in boxes_in(numbers):
                yield _with(base, box=box)
        elif count == 2 or (role == "point" and count % 2 == 0):
            for at in range(0, count, 2):
                yield _with(base, point=numbers[at : at + 2])
        else:
            yield Lost(start=start, words=words, reason=f"{count} numbers are no {role}")


def _with(
    base: Found,
    *,
    box: tuple[float, ...] | None = None,
    point: tuple[float, ...] | None = None,
    quad: tuple[float, ...] | None = None,
    text: str | None = None,
) -> Found:
    return Found(
        start=base.start, reader="markup", label=base.label,
        text=text, box=box, point=point, quad=quad,
    )  # fmt: skip


def read_elements(text: str) -> Marked:
    """Elements with `data-bbox`, `<points>`, and comments with a box (QwenVL Markdown)."""
    return _Elements(text).read()


@dataclass(slots=True)
class _Open:
    """An element that hasn't been closed.

    Attributes:
        name: Of its tag.
        place: What it said of places, for its text to be added to; None where it said nothing.
        pieces: How many pieces of text there were before it.
        points: Pairs of a `<points>` element.
        alt: The name in its attributes.
    """

    name: str
    place: Found | None
    pieces: int
    points: list[tuple[float, ...]] = field(default_factory=list[tuple[float, ...]])
    alt: str = ""


class _Elements:
    def __init__(self, text: str) -> None:
        self._text = text
        self._found = Marked()
        self._stack: list[_Open] = []
        self._pieces: list[str] = []

    def read(self) -> Marked:
        at = 0
        for tag in _TAG.finditer(self._text):
            if self._stack:
                self._pieces.append(self._text[at : tag.start()])
            at = tag.end()
            if tag.group(1):
                self._close(tag.group(2).lower(), tag)
            else:
                self._open(tag)
        if self._stack:
            self._pieces.append(self._text[at:])
        while self._stack:
            self._finish(self._stack.pop(), whole=False)
        self._comments()
        return self._found

    def _open(self, tag: re.Match[str]) -> None:
        name, written = tag.group(2), tag.group(3)
        pointing = name.lower() in ("point", "points")
        if "data-bbox" not in written and not pointing:
            if self._stack and not written.endswith("/") and name.lower() not in _VOID:
                self._push(_Open(name.lower(), None, len(self._pieces)))
            return
        attributes = {
            m.group(1).lower(): next(g for g in m.groups()[1:] if g is not None)
            for m in _ATTRIBUTE.finditer(written)
        }
        alone = written.rstrip().endswith("/") or name.lower() in _VOID
        this = (
            self._pointed(name, attributes, tag) if pointing else self._boxed(name, attributes, tag)
        )
        if this is None:
            return
        self._found.spans.append(tag.span())
        if alone:
            self._finish(this, whole=False)
        else:
            if this.name == "p" and self._stack and self._stack[-1].name == "p":
                self._finish(self._stack.pop(), whole=True)
            self._push(this)

    def _push(self, this: _Open) -> None:
        if len(self._stack) >= _DEEPEST:
            self._finish(self._stack.pop(0), whole=False)
        self._stack.append(this)

    def _boxed(self, name: str, attributes: dict[str, str], tag: re.Match[str]) -> _Open | None:
        numbers = numbers_of(attributes.get("data-bbox", "").strip("\\"))
        if numbers is None or len(numbers) != 4:
            self._lose(tag, "data-bbox has 4 numbers")
            return None
        place = Found(start=tag.start(), reader="markup", box=numbers, label=name)
        return _Open(name.lower(), place, len(self._pieces))

    def _pointed(self, name: str, attributes: dict[str, str], tag: re.Match[str]) -> _Open | None:
        points: list[tuple[float, ...]] = []
        for key, written in attributes.items():
            number = key[1:]
            if key[0] != "x" or (number and not number.isdigit()):
                continue
            pair = numbers_of(f"{written} {attributes.get('y' + number, '')}".replace("\\", ""))
            if pair is None or len(pair) != 2:
                self._lose(tag, f"{key} has no partner")
            else:
                points.append(pair)
        if not points:
            return None
        alt = clean(attributes.get("alt", "").strip("\\"))
        place = Found(start=tag.start(), reader="markup", label=alt)
        return _Open(name.lower(), place, len(self._pieces), points, alt)

    def _lose(self, tag: re.Match[str], reason: str) -> None:
        self._found.places.append(Lost(start=tag.start(), words=tag.group()[:200], reason=reason))

    def _close(self, name: str, tag: re.Match[str]) -> None:
        if not any(this.name == name for this in self._stack):
            return
        while self._stack:
            this = self._stack.pop()
            self._finish(this, whole=True)
            if this.place is not None:
                # What an element says is the document's text, and holds no places of ours.
                self._found.spans.append((this.place.start, tag.end()))
            if this.name == name:
                return

    def _finish(self, this: _Open, *, whole: bool) -> None:
        if this.place is None:
            return
        words = clean(" ".join("".join(self._pieces[this.pieces :]).split())) if whole else None
        if not this.points:
            text = words or None
            self._found.places.append(_with(this.place, box=this.place.box, text=text))
            return
        named = Found(start=this.place.start, reader="markup", label=words or this.alt)
        self._found.places += [_with(named, point=point) for point in this.points]

    def _comments(self) -> None:
        for comment in _COMMENT.finditer(self._text):
            numbers = numbers_of(comment.group(2))
            if numbers is not None and len(numbers) == 4:
                base = Found(start=comment.start(), reader="markup", label=comment.group(1).strip())
                self._found.places.append(_with(base, box=numbers))
                self._found.spans.append(comment.span())


def read_calls(text: str) -> Marked:
    """Tool calls as `<function=name><parameter=key>value</parameter></function>`."""
    found = Marked()
    at = 0
    while call := _CALL.search(text, at):
        ending = _CALL_END.search(text, call.end())
        end = ending.start() if ending else len(text)
        arguments: list[tuple[str, str]] = []
        inner = call.end()
        while parameter := _PARAMETER.search(text, inner, end):
            stop = _PARAMETER_END.search(text, parameter.end(), end)
            inner = stop.start() if stop else end
            if stop is None and ending is None:
                found.places.append(
                    Lost(start=call.start(), words=text[call.start() :][:200], reason="it was cut")
                )
                arguments.clear()
                break
            arguments.append((parameter.group(1), text[parameter.end() : inner]))
        found.places += places_in_call(call.group(1), arguments, call.start())
        found.spans.append((call.start(), end))
        at = max(end, call.end())
    return found
