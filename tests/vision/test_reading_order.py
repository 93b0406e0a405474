from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.vision._geometry import XY, Quad
from deixis.vision._reader import TextLine
from deixis.vision._reading_order import order_lines


def line(text: str, x: float, y: float, width: float, height: float = 20, tilt: float = 0):
    """A line by its top left corner on a level page, the whole page then tilted, in degrees."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return TextLine(text=text, quad=turned(corners, tilt), score=1)


def turned(corners: list[XY], degrees: float) -> Quad:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    a, b, c, d = ((x * cos - y * sin, x * sin + y * cos) for x, y in corners)
    return Quad(points=(a, b, c, d))


def texts(lines: list[TextLine]) -> list[str]:
    return [one.text for one in order_lines(lines)]


def grid(rows: int, columns: int, tilt: float = 0) -> list[TextLine]:
    return [
        line(f"{row}.{column}", column * 160, row * 40, 90 + 7 * ((row + column) % 5), tilt=tilt)
        for row in range(rows)
        for column in range(columns)
    ]


PROSE = "The hospital is open to all who need it"


def column(name: str, x: float, lines: int, y: float = 0) -> list[TextLine]:
    return [
        line(f"{name}{number} {PROSE}", x, y + number * 28, 400 - 9 * (number % 3))
        for number in range(lines)
    ]


@st.composite
def scattered(draw: st.DrawFn) -> list[TextLine]:
    number = st.floats(0, 1000, allow_nan=False)
    places = draw(st.lists(st.tuples(number, number, st.floats(5, 400)), max_size=12))
    tilt = draw(st.floats(-180, 180))
    return [line(f"t{i}", x, y, w, tilt=tilt) for i, (x, y, w) in enumerate(places)]


def test_nothing_stays_nothing():
    assert order_lines([]) == []


@given(scattered(), st.randoms(use_true_random=False))
def test_the_order_in_which_lines_come_does_not_matter(
    lines: list[TextLine], shuffler: random.Random
):
    mixed = list(lines)
    shuffler.shuffle(mixed)
    assert order_lines(mixed) == order_lines(lines)


@given(scattered())
def test_no_line_is_lost_or_added(lines: list[TextLine]):
    assert sorted(texts(lines)) == sorted(one.text for one in lines)


@given(st.integers(1, 8), st.integers(1, 5), st.floats(-8, 8))
def test_a_tilted_grid_is_read_row_by_row(rows: int, columns: int, tilt: float):
    cells = grid(rows, columns, tilt)
    assert texts(cells) == [one.text for one in cells]


@pytest.mark.parametrize("tilt", [90, 180, -90])
def test_a_grid_on_its_side_is_read_along_its_text(tilt: float):
    cells = grid(4, 3, tilt)
    assert texts(cells) == [one.text for one in cells]


@given(st.floats(-3, 3))
def test_two_columns_of_prose_are_read_one_after_the_other(tilt: float):
    left, right = column("L", 0, 6), column("R", 450, 5)
    page = [*left, *right]
    page = [one.model_copy(update={"quad": turned(list(one.quad.points), tilt)}) for one in page]
    assert [text.split()[0] for text in texts(page)] == [
        *(f"L{n}" for n in range(6)),
        *(f"R{n}" for n in range(5)),
    ]


def test_columns_of_prose_need_not_share_their_baselines():
    page = [*column("L", 0, 5), *column("R", 450, 5, y=13)]
    assert [text[0] for text in texts(page)] == ["L"] * 5 + ["R"] * 5


def test_a_heading_and_a_footer_across_two_columns_stay_outside():
    page = [
        line("Footer across the whole page", 100, 240, 600),
        *column("L", 0, 5, y=60),
        *column("R", 450, 5, y=60),
        line("Heading across the whole page", 100, 0, 600, 40),
    ]
    read = texts(page)
    assert read[0].startswith("Heading")
    assert read[-1].startswith("Footer")
    assert [text[0] for text in read[1:-1]] == ["L"] * 5 + ["R"] * 5


def test_three_columns_of_prose():
    page = [*column("A", 0, 4), *column("B", 450, 4), *column("C", 900, 4)]
    assert [text[0] for text in texts(page)] == ["A"] * 4 + ["B"] * 4 + ["C"] * 4


def test_a_receipt_is_read_row_by_row():
    rows = [("Cinnamon sugar", "17,000"), ("Subtotal", "17,000"), ("Cash", "20,000")]
    receipt = [
        one
        for number, (name, price) in enumerate(rows)
        for one in (
            line(name, 20, number * 45, 12 * len(name)),
            line(price, 420, number * 45 + 5, 80, 24),
        )
    ]
    assert texts(receipt) == ["Cinnamon sugar", "17,000", "Subtotal", "17,000", "Cash", "20,000"]


def test_a_floor_label_comes_before_the_rows_beside_it():
    sign = [
        line("4F", 0, 35, 90, 60),
        *(line(f"4{n}", 150 + 160 * (n % 2), n // 2 * 30, 90) for n in range(8)),
        line("3F", 0, 215, 90, 60),
        *(line(f"3{n}", 150 + 160 * (n % 2), 180 + n // 2 * 30, 90) for n in range(8)),
    ]
    assert texts(sign) == ["4F", *(f"4{n}" for n in range(8)), "3F", *(f"3{n}" for n in range(8))]


def test_floor_labels_share_out_rows_that_no_gap_parts():
    sign = [
        line("2F", 0, 10, 90, 60),
        line("1F", 0, 125, 90, 60),
        *(line(f"row {n}", 150, n * 30, 200) for n in range(7)),
    ]
    assert texts(sign) == [
        *("2F", "row 0", "row 1", "row 2"),
        *("1F", "row 3", "row 4", "row 5", "row 6"),
    ]


def test_a_large_title_above_is_read_first():
    sign = [line("Ward 7", 0, 120, 90), line("Ward 8", 160, 120, 90), line("GUIDE", 0, 0, 300, 80)]
    assert texts(sign) == ["GUIDE", "Ward 7", "Ward 8"]


def test_rows_that_fan_out_under_perspective_stay_rows():
    """Like a sign seen from the side: the top row falls by 5 degrees, the bottom one is level."""
    sign: list[TextLine] = []
    for row in range(8):
        slope = math.radians(5 - 5 * row / 7)
        for cell in range(3):
            x = 200 + cell * 320.0
            y = 60 + row * 52 + math.tan(slope) * x
            sign.append(
                TextLine(
                    text=f"{row}{cell}",
                    quad=turned([(0, -20), (150, -20), (150, 20), (0, 20)], math.degrees(slope)),
                    score=1,
                )
            )
            moved = [(px + x, py + y) for px, py in sign[-1].quad.points]
            sign[-1] = sign[-1].model_copy(update={"quad": turned(moved, 0)})
    assert texts(sign) == [one.text for one in sign]


def test_columns_of_standing_chinese_are_read_from_the_right():
    def standing(text: str, x: float) -> TextLine:
        return TextLine(
            text=text, quad=Quad(points=((x + 40, 0), (x + 40, 300), (x, 300), (x, 0))), score=1
        )

    assert texts([standing("左", 0), standing("中", 60), standing("右", 120)]) == ["右", "中", "左"]
