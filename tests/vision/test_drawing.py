from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from deixis.vision._drawing import (
    OKABE_ITO,
    DrawingStyle,
    Plate,
    annotate,
    lay_out,
)
from deixis.vision._errors import FontError
from deixis.vision._geometry import Box, Detection, Point, Quad

NO_FONT_HAS = "\U000f1234"
NOWHERE = (Path("/no/fonts/here"),)


def blank(width: int = 400, height: int = 300, colour: str = "gray") -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def boxed(x1: float, y1: float, x2: float, y2: float, label: str = "lift") -> Detection:
    return Detection(label=label, box=Box(x1=x1, y1=y1, x2=x2, y2=y2))


def at(x: float, y: float, label: str = "") -> Detection:
    return Detection(label=label, point=Point(x=x, y=y))


def changed(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(before, after).getbbox()


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    found = image.getcolors(image.width * image.height) or []
    return {colour for _, colour in found if isinstance(colour, tuple)}


def plate_boxes(plates: Sequence[Plate]) -> list[Box]:
    return [Box(x1=x1, y1=y1, x2=x2, y2=y2) for x1, y1, x2, y2 in (plate.box for plate in plates)]


@pytest.fixture(autouse=True)
def no_font_of_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEIXIS_FONT", raising=False)


cells = st.lists(st.sampled_from(range(12)), unique=True, min_size=1, max_size=8)


@st.composite
def roomy_detections(draw: st.DrawFn) -> list[Detection]:
    """Small boxes, quads and points scattered over a picture of 1200 x 900."""
    found: list[Detection] = []
    for cell in draw(cells):
        x, y = (
            300 * (cell % 4) + draw(st.integers(0, 120)),
            300 * (cell // 4) + draw(st.integers(0, 200)),
        )
        w, h = draw(st.integers(10, 150)), draw(st.integers(10, 70))
        label = draw(st.sampled_from(["lift", "ENT clinic", "Information desk", "4F"]))
        kind = draw(st.sampled_from(["box", "quad", "point"]))
        if kind == "box":
            found.append(boxed(x, y, x + w, y + h, label))
        elif kind == "point":
            found.append(at(x, y, label))
        else:
            tilted = ((x, y + 8), (x + w, y), (x + w + 3, y + h), (x + 3, y + h + 8))
            found.append(Detection(label=label, quad=Quad(points=tilted)))
    return found


def samples(detection: Detection) -> list[tuple[float, float]]:
    """Points all over what a detection marks."""
    if detection.point:
        return [(detection.point.x, detection.point.y)]
    quad = detection.quad or Quad.of_box(detection.box or Box(x1=0, y1=0, x2=0, y2=0))
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.points
    grid = [(u / 10, v / 10) for u in range(11) for v in range(11)]
    return [
        (
            (ax * (1 - u) + bx * u) * (1 - v) + (dx * (1 - u) + cx * u) * v,
            (ay * (1 - u) + by * u) * (1 - v) + (dy * (1 - u) + cy * u) * v,
        )
        for u, v in grid
    ]


@settings(deadline=None, max_examples=25)
@given(roomy_detections())
def test_labels_cover_no_mark_while_there_is_room(detections: list[Detection]) -> None:
    for x1, y1, x2, y2 in (plate.box for plate in lay_out(blank(1200, 900), detections).plates):
        for detection in detections:
            assert not any(x1 < x < x2 and y1 < y < y2 for x, y in samples(detection))


@settings(deadline=None, max_examples=25)
@given(roomy_detections())
def test_labels_do_not_cover_each_other(detections: list[Detection]) -> None:
    boxes = plate_boxes(lay_out(blank(1200, 900), detections).plates)
    for i, one in enumerate(boxes):
        assert all(one.intersection(other) == 0 for other in boxes[:i])


wild = st.floats(-2000, 2000)


@st.composite
def any_detection(draw: st.DrawFn) -> Detection:
    xs, ys = sorted((draw(wild), draw(wild))), sorted((draw(wild), draw(wild)))
    corner = st.tuples(wild, wild)
    return Detection(
        label=draw(st.sampled_from(["", "a", "a long label of several words", "W" * 60])),
        box=draw(st.none() | st.just(Box(x1=xs[0], y1=ys[0], x2=xs[1], y2=ys[1]))),
        point=draw(st.none() | st.builds(Point, x=wild, y=wild)),
        quad=draw(st.none() | st.builds(Quad, points=st.tuples(corner, corner, corner, corner))),
    )


@settings(deadline=None, max_examples=25)
@given(st.lists(any_detection(), max_size=4), st.integers(1, 300), st.integers(1, 300))
def test_plates_lie_within_the_image(detections: list[Detection], width: int, height: int) -> None:
    scene = lay_out(blank(width, height), detections, numbers=True)
    assert all(box.inside((width, height)) for box in plate_boxes(scene.plates))


@settings(deadline=None, max_examples=25)
@given(st.lists(any_detection(), max_size=4), st.integers(1, 300), st.integers(1, 300))
def test_whatever_is_detected_is_drawn_in_the_images_size(
    detections: list[Detection], width: int, height: int
) -> None:
    assert annotate(blank(width, height), detections).size == (width, height)


def test_the_input_is_left_as_it_was() -> None:
    image = blank()
    annotate(image, [boxed(100, 100, 200, 150)])
    assert changed(image, blank()) is None


def test_without_detections_the_copy_looks_the_same() -> None:
    assert changed(annotate(blank(), []), blank()) is None


def test_a_box_is_outlined_outside_what_it_marks() -> None:
    drawn = annotate(blank(), [boxed(100, 100, 200, 150)], style=DrawingStyle(labels=False))
    assert colours(drawn.crop((100, 100, 200, 150))) == {(128, 128, 128)}
    left, top, right, bottom = changed(blank(), drawn) or (0, 0, 0, 0)
    assert 95 <= left < 100 < 200 < right <= 205
    assert 95 <= top < 100 < 150 < bottom <= 155


@pytest.mark.parametrize("background", ["black", "white", "#F0E442", "#005AAA"])
def test_an_outline_has_a_bright_and_a_dark_line_on_any_background(background: str) -> None:
    style = DrawingStyle(labels=False, line_width=4)
    drawn = annotate(blank(colour=background), [boxed(100, 100, 200, 150)], style=style)
    assert {(0xF0, 0xE4, 0x42), (0x10, 0x10, 0x10)} <= colours(drawn)


def test_tilted_text_is_outlined_as_it_is_tilted() -> None:
    quad = Quad(points=((100, 200), (280, 60), (300, 90), (120, 230)))
    seen = Detection(label="", quad=quad, box=quad.box)
    drawn = annotate(blank(), [seen])
    assert drawn.getpixel((102, 62)) == (128, 128, 128)  # the corner of the upright box
    assert changed(blank().crop((180, 120, 200, 140)), drawn.crop((180, 120, 200, 140)))


def test_a_point_gets_a_ring_that_leaves_the_very_point_open() -> None:
    drawn = annotate(blank(), [at(200, 150)])
    assert changed(blank(), drawn)
    assert drawn.getpixel((200, 150)) == (128, 128, 128)


def test_a_point_and_a_box_are_both_drawn() -> None:
    both = Detection(label="", box=Box(x1=10, y1=10, x2=60, y2=60), point=Point(x=300, y=200))
    mark = lay_out(blank(), [both]).marks[0]
    assert mark.outline
    assert mark.ring


def test_a_label_stands_next_to_its_mark() -> None:
    scene = lay_out(blank(), [boxed(100, 100, 200, 150)])
    x1, y1, x2, y2 = scene.plates[0].box
    assert max(100 - x2, x1 - 200, 100 - y2, y1 - 150) < 10
    assert scene.plates[0].leader is None


def test_a_label_with_no_room_beside_its_mark_gets_a_leader() -> None:
    spots = [(x, y) for x in range(60, 340, 70) for y in range(60, 240, 40)]
    crowd = [boxed(x, y, x + 66, y + 36, "Desk" if (x, y) == (130, 140) else "") for x, y in spots]
    (plate,) = lay_out(blank(), crowd).plates
    assert plate.leader


def test_a_label_stays_clear_of_unmarked_detail() -> None:
    image = blank(colour="white")
    for x in range(0, 400, 4):  # a pattern everywhere but on the right
        image.paste("black", (x, 0, x + 2, 300) if x < 220 else (0, 0, 0, 0))
    x1, _, _, _ = lay_out(image, [boxed(120, 130, 210, 160)]).plates[0].box
    assert x1 >= 205


def test_a_mark_over_the_whole_picture_still_gets_its_label() -> None:
    scene = lay_out(blank(), [boxed(0, 0, 400, 300)])
    assert len(scene.plates) == 1


def test_a_box_partly_outside_is_cut() -> None:
    drawn = annotate(blank(), [boxed(-50, 100, 60, 9000)])
    assert changed(blank(), drawn)


@pytest.mark.parametrize(
    "outside",
    [boxed(500, 10, 600, 60), boxed(-90, -90, -10, -10), boxed(400, 0, 450, 50), at(401, 5)],
)
def test_what_lies_wholly_outside_is_left_out(outside: Detection) -> None:
    assert changed(blank(), annotate(blank(), [outside])) is None


def test_what_is_left_out_keeps_its_number() -> None:
    scene = lay_out(blank(), [at(999, 999), boxed(100, 100, 200, 150)], numbers=True)
    assert [plate.badge.text for plate in scene.plates if plate.badge] == ["2"]


def test_a_detection_without_a_place_is_left_out() -> None:
    assert lay_out(blank(), [Detection(label="somewhere")]).marks == ()


def test_coordinates_beyond_all_reason_are_drawn_to_the_edge() -> None:
    assert annotate(blank(), [boxed(-1e300, -1e300, 1e300, 1e300)]).size == (400, 300)


def test_a_box_without_area_is_still_seen() -> None:
    assert changed(blank(), annotate(blank(), [boxed(100, 100, 100, 100, "")]))


def test_a_crossed_quad_is_drawn() -> None:
    crossed = Quad(points=((100, 100), (200, 200), (200, 100), (100, 200)))
    assert changed(blank(), annotate(blank(), [Detection(label="", quad=crossed)]))


def test_numbers_count_in_the_order_given() -> None:
    seen = [boxed(10 + 90 * i, 100, 60 + 90 * i, 150) for i in range(4)]
    plates = lay_out(blank(), seen, numbers=True).plates
    assert [plate.badge.text for plate in plates if plate.badge] == ["1", "2", "3", "4"]


def test_text_joins_the_label_when_the_style_says_so_and_they_differ() -> None:
    one = Detection(label="floor", text="4F", box=Box(x1=10, y1=10, x2=60, y2=60))
    same = Detection(label="4F", text="4F", box=Box(x1=10, y1=200, x2=60, y2=250))
    plates = lay_out(blank(), [one, same], style=DrawingStyle(show_text=True)).plates
    assert [plate.text.text for plate in plates if plate.text] == ["floor: 4F", "4F"]


def test_a_detection_without_a_label_shows_its_text() -> None:
    one = Detection(label="", text="4F", box=Box(x1=10, y1=10, x2=60, y2=60))
    assert [p.text.text for p in lay_out(blank(), [one]).plates if p.text] == ["4F"]


def test_the_first_seven_colours_are_distinct() -> None:
    seen = [boxed(50 * i, 100, 50 * i + 20, 120, "") for i in range(7)]
    assert {mark.colour for mark in lay_out(blank(), seen).marks} == set(OKABE_ITO)


def test_neighbours_differ_in_colour_beyond_seven() -> None:
    marks = lay_out(blank(800), [boxed(50 * i, 9, 50 * i + 20, 29, "") for i in range(16)]).marks
    assert all(one.colour != other.colour for one, other in pairwise(marks))


def test_a_long_label_is_wrapped_and_cut_with_an_ellipsis() -> None:
    seen = [boxed(100, 100, 200, 150, "very long words " * 40)]
    text = lay_out(blank(), seen).plates[0].text
    assert text
    assert len(text.lines) == 2
    assert text.text.endswith("…")


def test_line_and_font_grow_with_the_picture() -> None:
    small = lay_out(blank(400, 300), [boxed(100, 100, 200, 150)])
    large = lay_out(blank(4000, 3000), [boxed(1000, 1000, 2000, 1500)])
    assert large.marks[0].line > small.marks[0].line
    assert (large.plates[0].box[3] - large.plates[0].box[1]) > 3 * (
        small.plates[0].box[3] - small.plates[0].box[1]
    )


@pytest.mark.parametrize("size", [(1, 1), (20, 20), (1, 500), (500, 1)])
def test_tiny_pictures_are_drawn_on(size: tuple[int, int]) -> None:
    drawn = annotate(blank(*size), [boxed(0, 0, *size), at(0, 0, "here")], numbers=True)
    assert drawn.size == size


def test_a_huge_picture_is_drawn_on() -> None:
    drawn = annotate(blank(9000, 7000), [boxed(100, 100, 8000, 6000), at(8500, 6500, "lift")])
    assert drawn.size == (9000, 7000)


def test_sixty_detections_are_all_drawn() -> None:
    seen = [
        boxed(20 + 190 * (i % 10), 20 + 170 * (i // 10), 130 + 190 * (i % 10), 60 + 170 * (i // 10))
        for i in range(60)
    ]
    picture = blank(1920, 1080)
    assert len(lay_out(picture, seen).plates) == 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"])
def test_any_mode_becomes_rgb(mode: str) -> None:
    drawn = annotate(Image.new(mode, (60, 40)), [boxed(10, 10, 30, 30)])
    assert (drawn.mode, drawn.size) == ("RGB", (60, 40))


def test_sixteen_bits_are_scaled_not_cut_off() -> None:
    deep = Image.new("I;16", (60, 40), 0)
    deep.paste(60000, (0, 0, 30, 40))
    deep.paste(30000, (10, 0, 20, 40))
    assert annotate(deep, []).getpixel((15, 5)) == pytest.approx((127, 127, 127), abs=1)


def test_transparent_parts_become_white() -> None:
    assert annotate(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), []).getpixel((4, 4)) == (255,) * 3


def test_an_exif_orientation_is_applied_first() -> None:
    stored = blank(60, 40)
    stored.getexif()[274] = 6
    assert annotate(stored, []).size == (40, 60)


@pytest.mark.parametrize(
    "wrong", [{"palette": ()}, {"line_width": 0.0}, {"font_size": -1.0}, {"max_lines": 0}]
)
def test_a_style_without_colour_or_size_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="sizes above zero"):
        DrawingStyle(**wrong)  # type: ignore[arg-type]


def test_a_label_no_font_can_draw_is_an_error() -> None:
    with pytest.raises(FontError, match=r"U\+F1234"):
        annotate(blank(), [boxed(100, 100, 200, 150, NO_FONT_HAS)])


@pytest.mark.parametrize(
    ("label", "drawn"),
    [(f"ENT {NO_FONT_HAS}", "ENT"), (NO_FONT_HAS, "2"), (f"/{NO_FONT_HAS}", "2")],
)
def test_without_a_font_the_ascii_part_or_the_number_is_drawn(label: str, drawn: str) -> None:
    style = DrawingStyle(missing_font="number")
    seen = [boxed(10, 10, 20, 20, ""), boxed(100, 100, 200, 150, label)]
    texts = [plate.text.text for plate in lay_out(blank(), seen, style=style).plates if plate.text]
    assert texts == [drawn]
