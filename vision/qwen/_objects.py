"""Places in JSON-like groups, under all the keys that models have been seen to use."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

from deixis.vision.qwen._places import Found, Lost, Numbers, clean, numbers_of
from deixis.vision.qwen._salvage import Cut, Group, Value, read_groups

Kind = Literal["box", "point", "either", "quad", "3-D"]

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        "bbox2d bbox box box2d boundingbox boundingbox2d bboxes boxes bboxes2d bbox2ds "
        "boundingboxes databbox rect rectangle 边界框 检测框 坐标框".split(),
        "box",
    ),
    **dict.fromkeys(
        "point2d point points points2d point2ds startpoint endpoint clickpoint keypoint".split(),
        "point",
    ),
    **dict.fromkeys(
        "coordinate coordinates coordinate2 coords position location startbox endbox "
        "startcoordinate endcoordinate bbox2dorpoint2d 坐标 位置".split(),
        "either",
    ),
    **dict.fromkeys("quad quad2d poly poly2d polygon quadrilateral vertices".split(), "quad"),
    **dict.fromkeys("bbox3d box3d point3d".split(), "3-D"),
}
_TEXTS = frozenset(
    "textcontent text content ocr ocrtext transcription words 文本 文字 内容 文本内容".split()
)
_LABELS = frozenset(
    "object category class desc caption phrase ref title element item tag "
    "类别 物体 对象 标签".split()
)
_LAST_LABELS = frozenset("type role description action".split())
_SCORES = frozenset("score confidence conf probability prob 置信度".split())
_HANDLES = frozenset("image img imageid imgid".split())
_INDICES = frozenset("imgidx imageidx imgindex imageindex".split())
_ARGUMENTS = frozenset("arguments parameters args input".split())
# Keys that say nothing of the object within.
_GENERAL = frozenset(
    "arguments parameters args input result results place places location locations data output "
    "answer object objects item items element elements target position detection detections "
    "response function tool".split()
)
_CORNERS = (
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("left", "top", "right", "bottom"),
)
_PUNCTUATION = re.compile(r"[\W_]+")
_MOBILE = "mobile_use"
_DEEPEST_TEXT = 2  # JSON within strings of JSON


class UnreadError(ValueError):
    """Numbers that can't be read, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What stands around a group.

    Attributes:
        key: Its key in the group around it, as written.
        tool: Name of the tool whose arguments it holds.
        text_depth: How many strings it stands in.
    """

    key: str = ""
    tool: str | None = None
    text_depth: int = 0


Sub = dict[str, Value]
"""Values of one thing, by plain key."""


def places_in(groups: Sequence[Group], reply: str) -> Iterator[Found | Lost]:
    """Every place in the groups of a reply, in order."""
    yield from _Walk(reply).walk([(group, _Context()) for group in groups])


def places_in_call(
    tool: str, arguments: Sequence[tuple[str, str]], start: int
) -> Iterator[Found | Lost]:
    """Places among the arguments of a tool call that isn't JSON as a whole."""
    group = Group(start, "{", closed=True)
    group.items = [(key, _argument(value)) for key, value in arguments]
    yield from _Walk("").walk([(group, _Context(tool=tool))], start=start)


def _argument(value: str) -> Value:
    value = value.strip()
    inner = read_groups(value) if value.startswith(("[", "{")) else []
    return inner[0] if inner else value


def is_record(group: Group) -> bool:
    """Whether a group holds an object with keys, so that it is JSON and not prose."""
    left = [group]
    while left:
        this = left.pop()
        if this.bracket == "{" and any(key is not None for key, _ in this.items):
            return True
        left += [value for _, value in this.items if isinstance(value, Group)]
    return False


def numbers_in(value: Value) -> list[Numbers]:
    """The places that a value's numbers are, each flat.

    Raises:
        UnreadError: It holds something else.
    """
    if isinstance(value, str):
        numbers = numbers_of(value)
        if numbers is None:
            raise UnreadError("these are no numbers")
        return [numbers]
    if not isinstance(value, Group):
        raise UnreadError("it was cut" if isinstance(value, Cut) else "one number is no place")
    if value.bracket == "{":
        return [_named(value)]
    if not value.closed:
        raise UnreadError("it was cut")
    inner = [item for _, item in value.items if isinstance(item, Group)]
    if not inner:
        return [_flat(value)]
    if len(inner) != len(value.items):
        raise UnreadError("numbers and lists are mixed")
    return [place for item in inner for place in numbers_in(item)]


def _flat(group: Group) -> Numbers:
    numbers: list[float] = []
    for _, item in group.items:
        if isinstance(item, float):
            numbers.append(item)
            continue
        if isinstance(item, Cut):
            raise UnreadError("it was cut")
        more = numbers_of(item) if isinstance(item, str) else None
        if more is None:
            raise UnreadError("these are no numbers")
        numbers += more
    if not all(math.isfinite(number) for number in numbers):
        raise UnreadError("a number is too large")
    return tuple(numbers)


def _named(group: Group) -> Numbers:
    """The numbers of `{"x1": …, "y1": …}` and the like."""
    by_name = {_plain(key): value for key, value in group.items if key}
    found = _named_numbers(by_name)
    if found is None:
        raise UnreadError("there are no coordinates by name")
    return found


def _named_numbers(by_name: Sub) -> Numbers | None:
    for names in (*_CORNERS, ("x", "y", "width", "height"), ("x", "y", "w", "h"), ("x", "y")):
        values = [_number(by_name.get(name)) for name in names]
        if any(value is None for value in values):
            continue
        known = cast("list[float]", values)
        if names[:2] == ("x", "y") and len(known) == 4:
            return (known[0], known[1], known[0] + known[2], known[1] + known[3])
        return tuple(known)
    return None


def _number(value: Value | None) -> float | None:
    if isinstance(value, str):
        numbers = numbers_of(value)
        value = numbers[0] if numbers and len(numbers) == 1 else None
    return value if isinstance(value, float) and math.isfinite(value) else None


@lru_cache(maxsize=1024)
def _plain_short(key: str) -> str:
    return _PUNCTUATION.sub("", key.lower())


def _plain(key: str) -> str:
    """A key without case and punctuation."""
    return _plain_short(key) if len(key) <= 40 else ""


class _Walk:
    """Goes through groups in the order of the text."""

    def __init__(self, reply: str) -> None:
        self._reply = reply
        self._start: int | None = None

    def walk(
        self, groups: Sequence[tuple[Group, _Context]], *, start: int | None = None
    ) -> Iterator[Found | Lost]:
        self._start = start
        left = [*reversed(groups)]
        while left:
            group, context = left.pop()
            if group.bracket == "{":
                yield from self._object(group, context)
            left += reversed(list(self._inner(group, context)))

    def _inner(self, group: Group, context: _Context) -> Iterator[tuple[Group, _Context]]:
        """Groups within a group that may hold places of their own."""
        tool = _tool_name(group)
        for key, value in group.items:
            plain = _plain(key) if key else ""
            inside = context
            if tool is not None and plain in _ARGUMENTS:
                inside = replace(context, tool=tool)
            inside = replace(inside, key=key or "") if group.bracket == "{" else inside
            if isinstance(value, Group):
                if not (plain in _KINDS and _is_taken(value)):
                    yield value, inside
            elif isinstance(value, str) and plain in _ARGUMENTS:
                yield from self._written(value, inside)

    def _written(self, text: str, context: _Context) -> Iterator[tuple[Group, _Context]]:
        """Groups in a string of JSON."""
        if context.text_depth < _DEEPEST_TEXT and "{" in text:
            deeper = replace(context, text_depth=context.text_depth + 1)
            for group in read_groups(text):
                yield group, deeper

    def _object(self, group: Group, context: _Context) -> Iterator[Found | Lost]:
        subs = list(_things(group))
        for number, sub in enumerate(subs):
            last = number == len(subs) - 1
            yield from self._thing(sub, group, context, cut=last and not group.closed)

    def _thing(
        self, sub: Sub, group: Group, context: _Context, *, cut: bool
    ) -> Iterator[Found | Lost]:
        found: list[tuple[Kind, Numbers]] = []
        words = self._words(group)
        for key, value in sub.items():
            if key not in _KINDS:
                continue
            try:
                found += list(_typed(key, value))
            except UnreadError as error:
                yield Lost(start=group.start, words=words, reason=str(error))
        if not found and (loose := _loose(sub, context)) is not None:
            found.append(loose)
        if not found:
            return
        has_cut = any(isinstance(value, Cut) for value in sub.values())
        if cut and (has_cut or not _label_of(sub, context)):
            yield Lost(start=group.start, words=words, reason="it was cut")
            return
        base = self._described(sub, group, context)
        if sorted(kind for kind, _ in found) == ["box", "point"]:
            both = dict(found)
            yield replace(base, box=both["box"], point=both["point"])
            return
        labels = _labels(sub, len(found)) or [base.label] * len(found)
        for (kind, numbers), label in zip(found, labels, strict=True):
            placed = replace(base, label=label)
            if kind == "box":
                yield replace(placed, box=numbers)
            elif kind == "point":
                yield replace(placed, point=numbers)
            else:
                yield replace(placed, quad=numbers)

    def _described(self, sub: Sub, group: Group, context: _Context) -> Found:
        texts = [] if context.tool is not None else [sub[key] for key in sub if key in _TEXTS]
        text = next((said for value in texts if (said := _said(value)) is not None), None)
        return Found(
            start=group.start if self._start is None else self._start,
            reader="json",
            label=_label_of(sub, context),
            text=text,
            score=_score(sub),
            image=_handle(sub),
            mobile=context.tool == _MOBILE,
        )

    def _words(self, group: Group) -> str:
        if not self._reply:
            return " ".join(str(value) for _, value in group.items if isinstance(value, str))[:200]
        return self._reply[group.start : min(group.end, group.start + 200)]


def _things(group: Group) -> Iterator[Sub]:
    """What an object describes: several things where it repeats its keys."""
    sub: Sub = {}
    for key, value in group.items:
        plain = _plain(key) if key else ""
        if not plain:
            continue
        if plain in sub:
            yield sub
            sub = {}
        sub[plain] = value
    if sub:
        yield sub


def _typed(key: str, value: Value) -> Iterator[tuple[Kind, Numbers]]:
    """A value's places by the kind that its key and their count tell.

    Raises:
        UnreadError: It meant a place and isn't one.
    """
    kind = _KINDS[key]
    if kind == "3-D":
        raise UnreadError("it is 3-D, which no picture shows")
    if not _means_a_place(key, kind, value):
        return
    found = numbers_in(value)
    pairs = len(found) > 1 and all(len(numbers) == 2 for numbers in found)
    if pairs and kind != "point":
        if len(found) in (2, 4):
            found = [tuple(number for pair in found for number in pair)]
        elif kind != "either":
            raise UnreadError(f"{len(found)} corners are neither a box nor a quadrilateral")
    for numbers in found:
        yield _kind_of(kind, numbers, pairs=pairs), numbers


def _means_a_place(key: str, kind: Kind, value: Value) -> bool:
    """Whether a value under a place's key is meant as one: a place can also be called a point."""
    if isinstance(value, Group):
        if kind in ("box", "quad") or key == "point2d":
            return bool(value.items) or not value.closed
        return _is_taken(value) or (not value.closed and kind == "point")
    if isinstance(value, Cut):
        return kind == "box" or "2d" in key
    if isinstance(value, float | int):
        return "2d" in key
    return numbers_of(value) is not None or ("2d" in key and _said(value) is not None)


def _is_taken(value: Group) -> bool:
    """Whether a group under a place's key is its numbers."""
    try:
        return bool(numbers_in(value))
    except UnreadError:
        return False


def _kind_of(kind: Kind, numbers: Numbers, *, pairs: bool) -> Kind:
    count = len(numbers)
    if count == 9:
        raise UnreadError("it is 3-D, which no picture shows")
    if kind == "point" and count == 2:
        return "point"
    if kind == "either" and count in (2, 4, 8):
        return "point" if count == 2 else "box" if count == 4 else "quad"
    if kind in ("box", "quad") and count == 4:
        return "box"
    if count == 8 and (kind == "quad" or (kind == "box" and pairs)):
        return "quad"
    wanted = {"point": "2", "box": "4", "quad": "8"}.get(kind, "2 or 4")
    raise UnreadError(f"a {'place' if kind == 'either' else kind} has {wanted} numbers: {count}")


def _loose(sub: Sub, context: _Context) -> tuple[Kind, Numbers] | None:
    """A place whose numbers stand in the object itself, by name.

    `x` and `y` alone may be a chart's values: only with a label, or for a tool, are they a point.
    """
    numbers = _named_numbers(sub)
    if numbers is None:
        return None
    if len(numbers) == 2 and "label" not in sub and context.tool is None:
        return None
    return ("box" if len(numbers) == 4 else "point"), numbers


def _tool_name(group: Group) -> str | None:
    """The tool that an object calls."""
    items = {_plain(key): value for key, value in group.items if key}
    name = items.get("name")
    called = isinstance(name, str) and any(key in items for key in _ARGUMENTS)
    return name if called and isinstance(name, str) else None


def _said(value: Value | None) -> str | None:
    """A value in words."""
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e15 else None
    if isinstance(value, Group):
        return next((said for _, item in value.items if (said := _said_plainly(item))), None)
    return _said_plainly(value)


def _said_plainly(value: Value | None) -> str | None:
    if not isinstance(value, str) or value in ("null", "None"):
        return None
    return clean(value)


def _label_of(sub: Sub, context: _Context) -> str:
    """What a thing is called.

    For a tool's arguments: the action, the label, or the tool. Otherwise the most telling key.
    """
    label = _said(sub.get("label")) or ""
    if context.tool is not None:
        return _said(sub.get("action")) or label or clean(context.tool)
    if label:
        return label
    telling = [key for key in sub if key in _LABELS or "name" in key or "label" in key]
    last = [key for key in sub if key in _LAST_LABELS]
    texts = [key for key in sub if key in _TEXTS]
    for key in (*telling, *last, *texts):
        if said := _said(sub[key]):
            return said
    around = _plain(context.key)
    return "" if not around or around in _GENERAL or around in _KINDS else clean(context.key)


def _labels(sub: Sub, count: int) -> list[str] | None:
    """One label each, where a list of as many as there are places is given."""
    given = sub.get("label") or sub.get("labels")
    if count < 2 or not isinstance(given, Group) or len(given.items) != count:
        return None
    return [_said_plainly(value) or "" for _, value in given.items]


def _score(sub: Sub) -> float | None:
    found = next((_number(sub[key]) for key in sub if key in _SCORES), None)
    return found if found is not None and 0 <= found <= 1 else None


def _handle(sub: Sub) -> str | None:
    for key, value in sub.items():
        if key in _HANDLES and (said := _said(value)):
            return said
        if key in _INDICES and (number := _number(value)) is not None:
            return f"#{number:g}"
    return None
