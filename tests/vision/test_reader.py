from __future__ import annotations

import logging
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from deixis.vision._errors import ModelError
from deixis.vision._geometry import XY, Box, Quad
from deixis.vision._images import VisionImage, load_image
from deixis.vision._rapid import hushed
from deixis.vision._reader import RapidReader, Reading
from deixis.vision._seams import joined, uncovered
from tests.conftest import missing

REAL = Path(__file__).parents[2].parent / "shared" / "real"
LATIN = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
CHINESE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
NAVY = (16, 40, 110)

# fmt: off
HOSPITAL = [
    "4F", "内分泌科", "耳鼻喉科", "眼科", "风湿免疫科", "特需门诊", "临床微生物实验室",
    "康复医学科", "专科药学门诊", "脊柱微创诊室", "医务室", "肝病门诊", "3F", "皮肤病与性病科",
    "骨科", "泌尿外科", "男科", "普通外科", "胸外科", "神经外科", "手术麻醉科", "中医外科",
    "护理治疗中心（无菌换药室/注射治疗室/静脉治疗室）", "外科换药室", "消化科",
    "妇产科/计划生育", "心脏血管功能检查区", "中医特需门诊", "超声心动图/心电图",
    "动态血压监测/动态心电监测/平板运动实验", "营养科", "2F", "心脏科", "中西医结合心内科",
    "心脏血管外科", "呼吸病门诊", "血液科", "普通内科", "神经科", "肾病科", "心理咨询",
    "门诊检验/采血", "门诊检查预约中心",
]
# fmt: on


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    if not path.exists():
        missing(f"the font {path}")
    return ImageFont.truetype(str(path), size)


def drawn(
    size: tuple[int, int], words: list[tuple[str, int, int, int]], face: Path = LATIN
) -> Image.Image:
    """White on navy: each word with the left and top of its ink and its font size."""
    page = Image.new("RGB", size, NAVY)
    pen = ImageDraw.Draw(page)
    for text, x, y, height in words:
        pen.text((x, y), text, font=font(face, height), fill="white", anchor="lt")
    return page


def real(name: str) -> VisionImage:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"the real photo {path} isn't here")
    return load_image(path)


def read(reader: RapidReader, image: Image.Image) -> Reading:
    return reader.read(load_image(image))


def texts(reading: Reading) -> list[str]:
    return [line.text for line in reading.lines]


SIGN = [
    ("Cardiology", 40, 40, 34),
    ("Room 12", 420, 40, 34),
    ("Radiology", 40, 140, 34),
    ("Room 305", 420, 140, 34),
    ("Pharmacy", 40, 240, 34),
    ("4F", 420, 240, 34),
]


def test_words_are_read_row_by_row(reader: RapidReader):
    assert texts(read(reader, drawn((640, 360), SIGN))) == [text for text, *_ in SIGN]


@pytest.mark.parametrize("size", [(640, 360), (300, 200), (90, 40)])
def test_places_are_in_original_pixels(reader: RapidReader, size: tuple[int, int]):
    page = drawn(size, [("4F", size[0] // 3, size[1] // 3, size[1] // 3)])
    ink = ImageChops.difference(page, Image.new("RGB", size, NAVY)).getbbox()
    assert ink is not None
    (line,) = read(reader, page).lines
    assert line.text == "4F"
    around = size[1] / 8 + 2
    assert line.box.xyxy == pytest.approx(ink, abs=around)
    assert line.box.inside(size)


def test_chinese_is_read(reader: RapidReader):
    page = drawn((500, 160), [("耳鼻喉科", 30, 20, 40), ("骨科", 300, 20, 40)], CHINESE)
    assert texts(read(reader, page)) == ["耳鼻喉科", "骨科"]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_photo_lying_on_its_side_is_read_along_its_text(reader: RapidReader, turn: int):
    level = read(reader, drawn((640, 360), SIGN))
    page = drawn((640, 360), SIGN).rotate(turn, expand=True)
    turned = read(reader, page)
    assert texts(turned) == texts(level)
    assert turned.size == page.size
    for line, other in zip(turned.lines, level.lines, strict=True):
        assert other.box.width == pytest.approx(line.quad.width, abs=8)
        assert math.remainder(math.degrees(line.quad.angle) + turn, 360) == pytest.approx(0, abs=5)
        assert line.box.inside(page.size)


def test_one_line_that_stands_names_its_own_top_left(reader: RapidReader):
    page = drawn((400, 80), [("Emergency exit", 30, 20, 36)]).rotate(-90, expand=True)
    (line,) = read(reader, page).lines
    assert line.text == "Emergency exit"
    assert math.degrees(line.quad.angle) == pytest.approx(90, abs=3)
    x, y = line.quad.points[0]
    assert (x, y) == (pytest.approx(line.box.x2, abs=3), pytest.approx(line.box.y1, abs=3))


@pytest.mark.parametrize(
    "size", [(1, 1), (20, 20), (31, 200), (640, 480), (4000, 30), (30, 4000), (2500, 1)]
)
def test_a_blank_image_gives_an_empty_reading(reader: RapidReader, size: tuple[int, int]):
    assert read(reader, Image.new("RGB", size, NAVY)) == Reading(lines=(), size=size)


@pytest.mark.parametrize(("size", "height"), [((60, 20), 11), ((30, 16), 9), ((24, 24), 12)])
def test_a_picture_of_a_few_pixels_is_read(reader: RapidReader, size: tuple[int, int], height: int):
    page = drawn(size, [("B1", size[0] // 3, (size[1] - height) // 2, height)])
    assert texts(read(reader, page)) == ["B1"]


def test_a_tall_banner(reader: RapidReader):
    words = [(f"Stop {n}", 12, 60 + 240 * n, 44) for n in range(16)]
    assert texts(read(reader, drawn((200, 4000), words))) == [text for text, *_ in words]


def test_a_wide_banner(reader: RapidReader):
    text = "Welcome to the annual conference on signs and finding the way"
    assert texts(read(reader, drawn((4000, 200), [(text, 60, 60, 80)]))) == [text]


@pytest.mark.slow
def test_small_print_on_a_poster_is_read_across_the_seams(reader: RapidReader):
    text = "Please keep this corridor free for beds and wheelchairs at all times of day and night"
    words = [
        ("VISITORS", 300, 60, 150),
        (f"{text}, and ask at the desk on the second floor. {text}.", 60, 400, 26),
        ("Opening hours 8 to 20", 3700, 600, 22),
    ]
    assert texts(read(reader, drawn((4400, 700), words))) == [text for text, *_ in words]


def test_lines_below_the_least_score_are_left_out(reader: RapidReader):
    page = drawn((640, 200), [("Cardiology", 40, 40, 34), ("Room 12", 420, 40, 34)])
    page.paste(page.crop((400, 0, 640, 200)).filter(ImageFilter.GaussianBlur(2)), (400, 0))
    better, worse = sorted(read(reader, page).lines, key=lambda line: -line.score)
    assert better.score > worse.score
    strict = RapidReader(min_score=(better.score + worse.score) / 2)
    assert texts(read(strict, page)) == [better.text]


def test_several_threads_read_the_same_as_one(reader: RapidReader):
    pages = [load_image(drawn((300, 100), [(f"Room {n}", 30, 30, 40)])) for n in (12, 205, 317)]
    alone = [reader.read(page) for page in pages]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(reader.read, pages)) == alone


@pytest.mark.slow
def test_a_real_floor_guide_reads_as_bare_rapidocr_reads_it(reader: RapidReader):
    image = real("hospital_floor_guide.jpg")
    reading = reader.read(image)
    assert [text for text in texts(reading) if text in HOSPITAL] == HOSPITAL
    engine: Any = import_module("rapidocr").RapidOCR(params={"Global.log_level": "critical"})
    assert sorted(texts(reading)) == sorted(engine(REAL / "hospital_floor_guide.jpg").txts)


@pytest.mark.slow
def test_a_small_copy_of_a_real_floor_guide(reader: RapidReader):
    small = real("hospital_floor_guide.jpg").pixels().resize((480, 270), Image.Resampling.BICUBIC)
    reading = read(reader, small)
    assert len(set(HOSPITAL) & set(texts(reading))) >= 40
    assert all(line.box.inside((480, 270)) for line in reading.lines)


def test_a_real_receipt_is_read_row_by_row(reader: RapidReader):
    read = " ".join(texts(reader.read(real("receipt.jpg")))).replace(" ", "")
    assert "GRANDTOTAL17,000CASHIDR20,000CHANGEDUE3,000" in read


def test_settings_name_versions_models_and_thresholds():
    settings = RapidReader(min_score=0.25).settings
    for part in ("rapidocr 3.", "onnxruntime 1.", "opencv ", "_rec_", "_det_", "min_score 0.25"):
        assert part in settings
    assert settings != RapidReader().settings


@pytest.mark.parametrize("options", [{"min_score": 1.5}, {"min_score": -0.1}, {"threads": 0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]):
    with pytest.raises(ValueError, match=next(iter(options))):
        RapidReader(**options)


def test_without_rapidocr_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        return None

    monkeypatch.setattr("importlib.util.find_spec", missing)
    with pytest.raises(ModelError, match="pip install"):
        read(RapidReader(), Image.new("RGB", (40, 40)))


def test_a_first_reading_is_silent_and_needs_no_network(tmp_path: Path):
    drawn((200, 60), [("Exit", 30, 15, 30)]).save(tmp_path / "page.png")
    program = """
import logging, socket, sys

def refuse(*_):
    raise OSError("no network")

socket.socket.connect = socket.getaddrinfo = refuse
from deixis.vision._images import load_image
from deixis.vision._reader import RapidReader

heavy = {"rapidocr", "cv2", "onnxruntime", "numpy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
reading = RapidReader().read(load_image(sys.argv[1]))
assert [line.text for line in reading.lines] == ["Exit"], reading
assert not logging.getLogger().handlers
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "page.png")],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_what_rapidocr_logs_for_us_is_dropped():
    log = logging.getLogger("RapidOCR")
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    log.addHandler(handler)
    try:
        with hushed():
            log.critical("ours")
        log.critical("somebody else's")
    finally:
        log.removeHandler(handler)
    assert heard == ["somebody else's"]


def strip(start: float, end: float, tilt: float, height: float = 20) -> Quad:
    """A piece of a tilted line that starts at (0, 300)."""
    cos, sin = math.cos(tilt), math.sin(tilt)

    def at(u: float, v: float) -> XY:
        return (u * cos - v * sin, 300 + u * sin + v * cos)

    return Quad(points=(at(start, 0), at(end, 0), at(end, height), at(start, height)))


@given(st.floats(-0.4, 0.4), st.floats(900, 2900))
def test_a_line_cut_at_a_seam_is_whole_again(tilt: float, end: float):
    whole = strip(50, end, tilt)
    pieces = [[strip(50, min(end, 1000), tilt)], [strip(800, end, tilt)]]
    (line,) = joined(pieces, 200)
    for corner, expected in zip(line.points, whole.points, strict=True):
        assert corner == pytest.approx(expected, abs=1e-6)


def test_neighbours_in_a_row_and_in_a_column_stay_apart():
    left, right, below = (
        Quad.of_box(Box(x1=x, y1=y, x2=x + 100, y2=y + 20)) for x, y in ((0, 0), (96, 0), (0, 17))
    )
    assert len(joined([[left], [right], [below]], 200)) == 3


def test_a_sliver_of_a_line_at_a_tiles_edge_is_dropped():
    line = Quad.of_box(Box(x1=0, y1=0, x2=300, y2=40))
    sliver = Quad.of_box(Box(x1=0, y1=0, x2=300, y2=12))
    assert joined([[sliver], [line]], 200) == [line]


def test_a_tilted_line_does_not_cover_what_its_upright_box_does():
    tilted = strip(0, 3000, 0.3)
    beside = Quad.of_box(Box(x1=2000, y1=350, x2=2100, y2=370))
    assert uncovered([beside], [tilted]) == [beside]
