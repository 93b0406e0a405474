import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.vision._geometry import Quad
from deixis.vision._reader import TextLine
from deixis.vision.embedded._layout import Slope, place_lines, rows_of, slope_of
from tests.vision.embedded.photos import H, Sheet, photograph


def grid(seed: int, *, strength: float = 1.0, noise: float = 0.0) -> list[TextLine]:
    """Three columns of ten rows, row by row, seen at a slant."""
    sheet = Sheet()
    for row in range(10):
        for column in range(3):
            sheet.add("心血管内科", column * 8 * H, row * 1.6 * H, None)
    photo = photograph(sheet, random.Random(seed), strength=strength, noise=noise)
    return list(photo.reading.lines)


@pytest.mark.parametrize("seed", range(12))
def test_rows_and_columns_are_level_whatever_the_slant(seed: int) -> None:
    lines = grid(seed)
    placed = place_lines(lines, slope_of([line.quad for line in lines]))
    for row in range(10):
        vs = [at.v for at in placed[3 * row : 3 * row + 3]]
        assert max(vs) - min(vs) < 0.1 * placed[3 * row].height
    for column in range(3):
        starts = [at.u1 for at in placed[column::3]]
        assert max(starts) - min(starts) < 0.5 * placed[0].height


@pytest.mark.parametrize("seed", range(12))
def test_lines_are_grouped_to_rows_though_read_roughly(seed: int) -> None:
    lines = grid(seed, noise=0.1)
    rows = rows_of(place_lines(lines, slope_of([line.quad for line in lines])))
    assert [[at.index for at in row] for row in rows] == [
        [3 * row, 3 * row + 1, 3 * row + 2] for row in range(10)
    ]


@given(st.floats(-500, 2000), st.floats(-500, 2000), st.integers(0, 50))
def test_image_y_is_the_way_back(x: float, y: float, seed: int) -> None:
    slope = slope_of([line.quad for line in grid(seed, strength=0.6)])
    assert slope.image_y(x, slope.level(x, y)) == pytest.approx(y, abs=0.5)


def test_level_text_stays_where_it_is() -> None:
    quad = Quad(points=((100, 50), (300, 50), (300, 90), (100, 90)))
    (at,) = place_lines([TextLine(text="内科", quad=quad, score=1)], slope_of([quad]))
    assert (at.u1, at.u2, at.v, at.height) == (100, 300, 70, 40)
    assert (at.top, at.bottom, at.u) == (50, 90, 200)


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_text_lying_on_its_side_bends_nothing(turn: float) -> None:
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    a, b, d, e = ((c * x - s * y, s * x + c * y) for x, y in ((0, 0), (200, 0), (200, 40), (0, 40)))
    assert slope_of([Quad(points=(a, b, d, e))]) == Slope()


def test_no_text_has_no_slope() -> None:
    assert slope_of([]) == Slope()
    assert rows_of([]) == []
