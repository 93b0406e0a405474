"""All places of a reply, whatever format they are in, in original pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from deixis.vision._dialect import Frames, Places
from deixis.vision._errors import ImageError
from deixis.vision._geometry import Box, Detection, Point, Quad, Size
from deixis.vision._transforms import Frame
from deixis.vision.qwen._families import FamilyFacts, facts_of
from deixis.vision.qwen._markup import Marked, read_boxes, read_calls, read_elements
from deixis.vision.qwen._objects import is_record, places_in
from deixis.vision.qwen._places import Found, Lost, Numbers, shown
from deixis.vision.qwen._plain import read_calls_of_agents, read_lists, read_pairs, read_tuples
from deixis.vision.qwen._resize import smart_resize
from deixis.vision.qwen._salvage import Group, read_groups

MOST = 2000
"""Places taken of one reply: more than that is a loop."""

_MOST_DROPPED = 200
_MOST_NAMES = 20  # of one place, that are looked at for repetition
_THOUGHT_END = "</think>"
_NEAR = 0.05  # of the extent: how far a point outside still means the edge
_HANDLE = re.compile(r"(?:img|image|picture|图)?[\s_-]{0,3}(\d{1,4})", re.IGNORECASE)
# The prompts of `mobile_use` say "resolution is 999x999", those of `computer_use` 1000x1000.
_MOBILE_EXTENT = 999.0


class _Reply:
    """A reply as the readers go over it: what one has read, the next doesn't see."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: list[Found | Lost] = []

    def take(self, spans: Sequence[tuple[int, int]]) -> None:
        """Blanks what was read, so that offsets stay."""
        if not spans:
            return
        pieces: list[str] = []
        at = 0
        for start, end in sorted(spans):
            if end <= at:
                continue
            start = max(start, at)
            pieces += (self.text[at:start], " " * (end - start))
            at = end
        self.text = "".join((*pieces, self.text[at:]))

    def took(self, marked: Marked) -> None:
        self.places += marked.places
        self.take(marked.spans)


def read_reply(text: str) -> list[Found | Lost]:
    """Every place in a reply in the model's own numbers, in order, and what was lost.

    What a thinking model said before `</think>` are drafts, and left out.
    """
    reply = _Reply(text)
    thought = text.rfind(_THOUGHT_END)
    if thought >= 0:
        reply.take([(0, thought + len(_THOUGHT_END))])
    elif text.lstrip()[:7] == "<think>":
        return []
    labels: Mapping[int, str] = {}
    if "<" in text:
        reply.took(read_calls(reply.text))
        boxes = read_boxes(reply.text)
        labels = boxes.labels
        reply.took(boxes)
        reply.took(read_elements(reply.text))
    if "=" in text:
        called = list(read_calls_of_agents(reply.text))
        reply.places += [place for place, _ in called]
        reply.take([span for _, span in called])
    groups = read_groups(reply.text)
    records: list[Group] = []
    rest: list[Group] = []
    for group in groups:
        (records if is_record(group) else rest).append(group)
    reply.places += places_in(records, reply.text)
    reply.take([(group.start, group.end) for group in records])
    reply.places += read_lists(reply.text, rest)
    if "(" in text:
        reply.places += read_pairs(reply.text, labels)
        reply.places += read_tuples(reply.text)
    return sorted(reply.places, key=lambda place: place.start)


def places_of(reply: str, frames: Frames, facts: FamilyFacts, *, named: bool = True) -> Places:
    """Every place of a reply in original pixels, bound to the image it names.

    Args:
        reply: What the model said.
        frames: Its frame on each image.
        facts: Its family's.
        named: Whether places are bound to the images they name; otherwise all are on the one
            whose frame is that of None.
    """
    return _Binding(frames, facts, named=named).places(read_reply(reply))


class _Binding:
    """Binds places to frames, and leaves out what was said before."""

    def __init__(self, frames: Frames, facts: FamilyFacts, *, named: bool) -> None:
        self._frames = frames
        self._relative = facts.relative
        self._named = named
        self._kept: list[tuple[Found, Detection]] = []
        self._at: dict[tuple[object, ...], list[int]] = {}
        self._repeats: dict[int, int] = {}
        self._dropped: list[str] = []

    def places(self, read: Sequence[Found | Lost]) -> Places:
        for place in read:
            if isinstance(place, Lost):
                self._dropped.append(str(place))
            elif len(self._kept) >= MOST:
                self._dropped.append(f"{shown(place.label)}: there are over {MOST} places")
            else:
                self._take(place)
        for number, times in self._repeats.items():
            found, _ = self._kept[number]
            self._dropped.append(f"{_written(found)}: repeated {times} times")
        if len(self._dropped) > _MOST_DROPPED:
            more = len(self._dropped) - _MOST_DROPPED
            self._dropped[_MOST_DROPPED:] = [f"and {more} more that couldn't be read"]
        return Places(
            detections=tuple(detection for _, detection in self._kept),
            dropped=tuple(self._dropped),
        )

    def _take(self, found: Found) -> None:
        frame = self._frame(found.image)
        if frame is None:
            self._dropped.append(
                f"{_written(found)}: there is no image {shown(found.image or '')!r}"
            )
            return
        where = (found.numbers, frame.image)
        if self._is_known(found, self._at.get(where, ())):
            return
        placed = self._placed(found, frame)
        if isinstance(placed, str):
            self._dropped.append(f"{_written(found)}: {placed}")
            return
        self._at.setdefault(where, []).append(len(self._kept))
        self._kept.append((found, placed))

    def _is_known(self, found: Found, others: Sequence[int]) -> bool:
        """Whether a place was found before, under this name or by a reader who saw none.

        Args:
            found: The place.
            others: Numbers of those kept with the same coordinates.
        """
        for number in others[:_MOST_NAMES]:
            earlier, detection = self._kept[number]
            if found.label == earlier.label and found.text in (None, earlier.text):
                if found.reader == earlier.reader:
                    self._repeats[number] = self._repeats.get(number, 0) + 1
                return True
            if found.reader != earlier.reader and not (found.label and earlier.label):
                label = found.label or earlier.label
                self._kept[number] = (
                    replace(earlier, label=label),
                    detection.model_copy(update={"label": label}),
                )
                return True
        return False

    def _frame(self, image: str | None) -> Frame | None:
        if not self._named or image is None:
            return self._frames.get(None)
        if image in self._frames:
            return self._frames[image]
        if image.startswith("#"):
            known = [name for name in self._frames if name]
            number = f"img_{int(image[1:]) + 1}" if image[1:].isdecimal() else ""
            return self._frames.get(number) if known else self._frames.get(None)
        numbered = _HANDLE.fullmatch(image)
        return self._frames.get(f"img_{int(numbered.group(1))}") if numbered else None

    def _placed(self, found: Found, frame: Frame) -> Detection | str:
        """The detection in original pixels, or why there is none."""
        scale = frame.extent[0] / _MOBILE_EXTENT if found.mobile and self._relative else 1.0
        if all(0 <= number <= 1 for number in found.numbers) and any(
            number % 1 for number in found.numbers
        ):
            return "fractions are no coordinates of this family"
        box = point = quad = None
        if found.box is not None:
            box = _box(_scaled(found.box, scale), frame)
            if isinstance(box, str):
                return box
        if found.point is not None:
            point = _point(_scaled(found.point, scale), frame)
            if isinstance(point, str):
                return point
        if found.quad is not None:
            quad = _quad(_scaled(found.quad, scale), frame)
            if isinstance(quad, str):
                return quad
            box = quad.box
        return Detection(
            label=found.label, text=found.text, box=box, point=point, quad=quad,
            score=found.score, image=frame.image,
        )  # fmt: skip


def _scaled(numbers: Numbers, scale: float) -> Numbers:
    return numbers if scale == 1.0 else tuple(number * scale for number in numbers)


def _box(numbers: Numbers, frame: Frame) -> Box | str:
    """Corners in either order: the smaller coordinates come first."""
    ends = frame.extent
    xs = sorted(min(max(numbers[at], 0.0), ends[0]) for at in (0, 2))
    ys = sorted(min(max(numbers[at], 0.0), ends[1]) for at in (1, 3))
    if xs[0] == xs[1] or ys[0] == ys[1]:
        flat = numbers[0] == numbers[2] or numbers[1] == numbers[3]
        return "it has no area" if flat else "it is outside the image"
    x1, y1 = frame.to_original.xy(xs[0], ys[0])
    x2, y2 = frame.to_original.xy(xs[1], ys[1])
    corners = (*_inside(x1, y1, frame), *_inside(x2, y2, frame))
    return Box(x1=corners[0], y1=corners[1], x2=corners[2], y2=corners[3], image=frame.image)


def _point(numbers: Numbers, frame: Frame) -> Point | str:
    if not _near(numbers, frame):
        return "it is outside the image"
    x, y = _inside(*frame.to_original.xy(*_clamped(numbers, frame)), frame)
    return Point(x=x, y=y, image=frame.image)


def _quad(numbers: Numbers, frame: Frame) -> Quad | str:
    corners = [numbers[at : at + 2] for at in range(0, 8, 2)]
    if not all(_near(corner, frame) for corner in corners):
        return "it is outside the image"
    a, b, c, d = (
        _inside(*frame.to_original.xy(*_clamped(corner, frame)), frame) for corner in corners
    )
    return Quad(points=(a, b, c, d), image=frame.image)


def _near(numbers: Numbers, frame: Frame) -> bool:
    return all(
        -_NEAR * end <= number <= (1 + _NEAR) * end
        for number, end in zip(numbers, frame.extent, strict=True)
    )


def _clamped(numbers: Numbers, frame: Frame) -> tuple[float, float]:
    """A corner within the frame: on a cut, what lies outside it wasn't seen."""
    ends = frame.extent
    return (min(max(numbers[0], 0.0), ends[0]), min(max(numbers[1], 0.0), ends[1]))


def _inside(x: float, y: float, frame: Frame) -> tuple[float, float]:
    """Rounding errors of the way back taken off."""
    return (
        min(max(x, 0.0), float(frame.original[0])),
        min(max(y, 0.0), float(frame.original[1])),
    )


def _written(found: Found) -> str:
    numbers = " ".join(f"{number:g}" for number in found.numbers)
    return shown(f"{found.label} [{numbers}]".strip())


def frame_on(facts: FamilyFacts, image_size: Size, *, input_size: Size | None = None) -> Frame:
    """A family's frame on one image.

    Args:
        facts: The family's.
        image_size: Of the original upright image, in pixels.
        input_size: Of the image as the model saw it, in pixels; by the checkpoints' limits if
            left out. Relative families don't need it.

    Raises:
        ImageError: A size is no size.
    """
    for size in (image_size, *(() if input_size is None else (input_size,))):
        if not _is_size(size):
            raise ImageError(f"{size!r} is no size of an image: give width and height above zero")
    if facts.relative:
        return Frame.relative(image_size)
    seen = input_size or smart_resize(
        image_size,
        factor=facts.factor,
        min_pixels=facts.min_pixels,
        max_pixels=facts.max_pixels,
    )
    return Frame.pixels(image_size, seen=seen)


def _is_size(size: object) -> bool:
    if not isinstance(size, tuple | list):
        return False
    sides: list[object] = [*size]
    return len(sides) == 2 and all(
        isinstance(side, int) and not isinstance(side, bool) and 0 < side < 10**9 for side in sides
    )


def parse_places(
    reply: str,
    family: str = "qwen2.5-vl",
    *,
    image_size: Size,
    input_size: Size | None = None,
) -> list[Detection]:
    """Every place in what a Qwen-VL model said of one image, in original pixels.

    Reads all formats of all families: tags, JSON, HTML, XML, tool calls, bare pairs; damaged
    ones as far as they are whole. Boxes are clamped to the image; corners may come in either
    order. A place that is cut, outside or unreadable is left out (`dropped_places` says which).

    Args:
        reply: What the model said, special tokens and all.
        family: `qwen-vl`, `qwen2-vl`, `qwen2.5-vl`, `qwen3-vl` or `qwen3.5-vl`.
        image_size: Width and height of the original upright image, in pixels.
        input_size: Width and height of the image as the model saw it, for families that speak in
            its pixels; by the checkpoints' limits if left out.

    Raises:
        ModelError: There is no such family.
        ImageError: A size is no size.
    """
    return list(_on_one_image(reply, family, image_size, input_size).detections)


def dropped_places(
    reply: str,
    family: str = "qwen2.5-vl",
    *,
    image_size: Size,
    input_size: Size | None = None,
) -> list[str]:
    """What `parse_places` left out: the words that meant a place, each with the reason.

    Args:
        reply: What the model said.
        family: As for `parse_places`.
        image_size: As for `parse_places`.
        input_size: As for `parse_places`.

    Raises:
        ModelError: There is no such family.
        ImageError: A size is no size.
    """
    return list(_on_one_image(reply, family, image_size, input_size).dropped)


def _on_one_image(reply: str, family: str, image_size: Size, input_size: Size | None) -> Places:
    facts = facts_of(family)
    frame = frame_on(facts, image_size, input_size=input_size)
    return places_of(reply, {None: frame}, facts, named=False)
