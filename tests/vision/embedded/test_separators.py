import pytest
from PIL import Image, ImageDraw

from deixis.vision._geometry import Quad
from deixis.vision._reader import TextLine
from deixis.vision.embedded._layout import Placed, Slope, place_lines, slope_of
from deixis.vision.embedded._separators import DrawnSeparators


def rows(tilt: float = 0.0) -> tuple[Placed, Placed, Slope]:
    """Two rows of text, 100 pixels apart, on a picture of 600 × 400."""
    lines: list[TextLine] = []
    for y in (100, 200):
        points = ((50, y), (550, y + 500 * tilt), (550, y + 40 + 500 * tilt), (50, y + 40))
        lines.append(TextLine(text="内科", quad=Quad(points=points), score=1))
    slope = slope_of([line.quad for line in lines])
    upper, lower = place_lines(lines, slope)
    return upper, lower, slope


def parted(image: Image.Image, tilt: float = 0.0) -> float:
    upper, lower, slope = rows(tilt)
    return DrawnSeparators(image, slope).between([upper], [lower])


def plain() -> Image.Image:
    return Image.new("RGB", (600, 400), (60, 90, 160))


def test_a_plain_background_parts_nothing() -> None:
    assert parted(plain()) == 0


def test_a_rule_parts_the_rows() -> None:
    image = plain()
    ImageDraw.Draw(image).line([(0, 170), (600, 170)], fill="white", width=4)
    assert parted(image) == 1


def test_another_background_parts_the_rows() -> None:
    image = plain()
    ImageDraw.Draw(image).rectangle([0, 172, 600, 400], fill=(90, 120, 190))
    assert parted(image) == 1


@pytest.mark.parametrize("tilt", [-0.15, 0.1])
def test_a_tilted_rule_parts_tilted_rows(tilt: float) -> None:
    image = plain()
    y = 170 - 50 * tilt
    ImageDraw.Draw(image).line([(0, y), (600, y + 600 * tilt)], fill="white", width=4)
    assert parted(image, tilt) > 0.9


def test_an_edge_across_the_rows_parts_nothing() -> None:
    image = plain()
    ImageDraw.Draw(image).rectangle([300, 0, 600, 400], fill=(90, 120, 190))
    assert parted(image) < 0.3


def test_a_short_rule_parts_little() -> None:
    image = plain()
    ImageDraw.Draw(image).line([(50, 170), (150, 170)], fill="white", width=4)
    assert 0 < parted(image) < 0.4


def test_a_fading_background_parts_nothing() -> None:
    steep = Image.linear_gradient("L").resize((600, 400)).convert("RGB")
    assert parted(Image.blend(steep, plain(), 0.5)) < 0.3


def test_large_pictures_and_grey_ones_are_looked_at_too() -> None:
    image = plain()
    ImageDraw.Draw(image).line([(0, 170), (600, 170)], fill="white", width=4)
    upper, lower, slope = rows()
    assert DrawnSeparators(image.convert("L"), slope).between([upper], [lower]) == 1
    image = Image.new("RGB", (3200, 3200))
    assert DrawnSeparators(image, slope).between([upper], [lower]) == 0
