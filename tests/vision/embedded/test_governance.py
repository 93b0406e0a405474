"""What holds for every sign, however it is set."""

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deixis.vision._geometry import XY, Quad
from deixis.vision._reader import Reading, TextLine
from deixis.vision.embedded._labels import exit_label, floor_label
from deixis.vision.embedded._sign import Sign
from tests.vision.embedded.signs import LAYOUTS, make

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
layouts = st.sampled_from(sorted(LAYOUTS))
seeds = st.integers(0, 10_000)


def moved(reading: Reading, to: Callable[[float, float], XY]) -> Reading:
    lines: list[TextLine] = []
    for line in reading.lines:
        a, b, c, d = (to(x, y) for x, y in line.quad.points)
        lines.append(line.model_copy(update={"quad": Quad(points=(a, b, c, d))}))
    # The picture's edges stay far from the text, wherever it goes.
    return Reading(lines=tuple(lines), size=(100_000, 100_000))


def away(layout: str, seed: int) -> Reading:
    """A sign with room around it."""
    return moved(make(layout, seed).reading, lambda x, y: (x + 5000, y + 5000))


def floors(reading: Reading) -> list[str | None]:
    return [line.floor.value if line.floor else None for line in Sign.of(reading).lines]


@FEW
@given(layouts, seeds, st.integers(-2000, 2000), st.integers(-2000, 2000))
def test_where_the_sign_is_in_the_picture_changes_nothing(
    layout: str, seed: int, right: int, down: int
) -> None:
    reading = away(layout, seed)
    assert floors(moved(reading, lambda x, y: (x + right, y + down))) == floors(reading)


@FEW
@given(layouts, seeds, st.sampled_from([0.5, 0.8, 1.3, 2.0]))
def test_how_large_the_picture_is_changes_nothing(layout: str, seed: int, scale: float) -> None:
    reading = away(layout, seed)
    assert floors(moved(reading, lambda x, y: (x * scale, y * scale))) == floors(reading)


@FEW
@given(layouts, seeds, st.floats(-3, 3))
def test_a_small_turn_gives_no_line_another_floor(layout: str, seed: int, degrees: float) -> None:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    reading = away(layout, seed)
    turned = floors(moved(reading, lambda x, y: (c * x - s * y, s * x + c * y)))
    pairs = list(zip(floors(reading), turned, strict=True))
    other = [pair for pair in pairs if None not in pair and pair[0] != pair[1]]
    assert len(other) <= 0.02 * len(pairs)


@FEW
@given(layouts, seeds)
def test_the_order_of_the_lines_changes_nothing(layout: str, seed: int) -> None:
    reading = away(layout, seed)
    order = list(range(len(reading.lines)))
    random.Random(seed).shuffle(order)
    shuffled = Reading(lines=tuple(reading.lines[i] for i in order), size=reading.size)
    before = floors(reading)
    assert floors(shuffled) == [before[i] for i in order]


@FEW
@given(layouts, seeds)
def test_no_floor_is_invented(layout: str, seed: int) -> None:
    sign = Sign.of(make(layout, seed).reading)
    written = [line.text for line in sign.lines]
    for line in sign.lines:
        if line.floor is not None:
            assert any(line.floor.text in text for text in written)
            assert line.floor in sign.floors or line.floor.value in {f.value for f in sign.floors}


corners = st.tuples(st.floats(0, 900), st.floats(0, 900))
texts = st.sampled_from("1F 2F B1 三楼 内科 外科 A口 内科3F 您在3楼 三楼平面图 G".split())


@st.composite
def anything(draw: st.DrawFn) -> TextLine:
    a, b, c, d = (draw(corners) for _ in range(4))
    return TextLine(text=draw(texts), quad=Quad(points=(a, b, c, d)), score=0.9)


@FEW
@given(st.lists(anything(), max_size=14))
def test_whatever_was_read_is_understood_somehow(lines: list[TextLine]) -> None:
    sign = Sign.of(Reading(lines=tuple(lines), size=(900, 900)))
    assert len(sign.lines) == len(lines)
    for line in sign.lines:
        if floor_label(line.text):
            assert line.floor == floor_label(line.text)
        if exit_label(line.text):
            assert line.exit == exit_label(line.text)


@pytest.mark.parametrize("seed", range(10))
def test_without_labels_nothing_is_governed(seed: int) -> None:
    reading = make("ragged", seed).reading
    kept = tuple(line for line in reading.lines if floor_label(line.text) is None)
    assert set(floors(Reading(lines=kept, size=reading.size))) == {None}
