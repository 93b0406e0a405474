import os
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from deixis.vision._errors import FontError
from deixis.vision._fonts import cleaned, font_folders, runs, text_block

NO_FONT_HAS = "\U000f1234"
NOWHERE = (Path("/no/fonts/here"),)


def inked(font: ImageFont.FreeTypeFont, char: str) -> bytes:
    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).text((8, 8), char, font=font, fill=255)
    return image.tobytes()


@pytest.fixture(autouse=True)
def no_font_of_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEIXIS_FONT", raising=False)


@pytest.fixture
def noto_cjk() -> Path:
    """The Noto Sans CJK collection; absent, the test skips here and fails in CI."""
    for folder in font_folders():
        for path in sorted(folder.rglob("NotoSansCJK-Regular.ttc")):
            return path
    reason = "needs Noto Sans CJK: on Debian, apt-get install fonts-noto-cjk"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


cells = st.lists(st.sampled_from(range(12)), unique=True, min_size=1, max_size=8)


def test_a_missing_font_is_one_line_that_says_what_to_install() -> None:
    with pytest.raises(FontError) as caught:
        runs("ENT 耳鼻喉科", folders=NOWHERE)
    message = str(caught.value)
    assert "\n" not in message
    for part in ("耳", "U+8033", "apt-get install fonts-noto-cjk", "DEIXIS_FONT="):
        assert part in message


def test_a_long_list_of_missing_characters_is_cut() -> None:
    with pytest.raises(FontError, match="and 2 more"):
        runs("一二三四五六七八九十", folders=NOWHERE)


def test_ascii_needs_no_installed_font() -> None:
    assert [run.text for run in runs("Lift 4F", folders=NOWHERE)] == ["Lift 4F"]


def test_deixis_font_that_is_no_font_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"not a font")
    monkeypatch.setenv("DEIXIS_FONT", str(broken))
    with pytest.raises(FontError, match=r"DEIXIS_FONT is .*broken\.ttf"):
        runs("lift")


@pytest.mark.parametrize("junk", [b"", b"ttcf", b"ttcf\0\2\0\0\xff\xff\xff\xff", b"\0\1\0\0\0\xff"])
def test_damaged_fonts_in_a_folder_are_passed_over(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "damaged.ttc").write_bytes(junk)
    assert [run.text for run in runs("Lift", folders=(tmp_path,))] == ["Lift"]


def test_deixis_font_comes_first(monkeypatch: pytest.MonkeyPatch, noto_cjk: Path) -> None:
    monkeypatch.setenv("DEIXIS_FONT", str(noto_cjk))
    assert {run.face.path for run in runs("耳鼻喉科 ENT", folders=NOWHERE)} == {str(noto_cjk)}


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("耳鼻喉科", "Noto Sans CJK SC"),
        ("エレベーター", "Noto Sans CJK JP"),
        ("병원", "Noto Sans CJK KR"),
    ],
)
def test_a_collection_gives_the_face_of_the_language(
    noto_cjk: Path, text: str, family: str
) -> None:
    (run,) = runs(text, folders=(noto_cjk.parent,))
    assert ImageFont.truetype(run.face.path, 12, index=run.face.index).getname()[0] == family


def test_a_text_falls_back_run_by_run(
    monkeypatch: pytest.MonkeyPatch, noto_cjk: Path, tmp_path: Path
) -> None:
    latin = tmp_path / "latin.ttf"
    source = ImageFont.load_default(12)
    assert isinstance(source, ImageFont.FreeTypeFont)
    assert isinstance(source.path, BytesIO)
    latin.write_bytes(source.path.getvalue())
    monkeypatch.setenv("DEIXIS_FONT", str(latin))
    split = runs("Lift 电梯 4F", folders=(noto_cjk.parent,))
    assert [run.text for run in split] == ["Lift ", "电梯", " 4F"]
    assert [run.face.path == str(latin) for run in split] == [True, False, True]


def test_chinese_is_drawn_with_ink_of_its_own(noto_cjk: Path) -> None:
    (run,) = runs("耳眼", folders=(noto_cjk.parent,))
    font = ImageFont.truetype(run.face.path, 40, index=run.face.index)
    assert inked(font, "耳") != inked(font, "眼")


def test_what_a_face_is_said_to_have_is_not_its_notdef(noto_cjk: Path) -> None:
    for char in "耳鼻喉科骨门诊楼层AZaz09①℃":
        (run,) = runs(char, folders=(noto_cjk.parent,))
        font = ImageFont.truetype(run.face.path, 24, index=run.face.index)
        assert inked(font, char) != inked(font, "\U0010ffff")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\n\tb", "a b"),
        ("\u202eevil\u2066", "evil"),
        ("e\u0301", "é"),
        ("a\u200bb\ufe0f", "ab"),
        ("\ud800x\x00", "x"),
        ("\u3164", ""),
    ],
)
def test_characters_without_a_shape_are_taken_out(raw: str, clean: str) -> None:
    assert cleaned(raw) == clean


@given(st.text(st.characters(max_codepoint=126), max_size=300), st.integers(5, 400))
def test_a_block_is_no_wider_and_higher_than_asked(text: str, width: int) -> None:
    block = text_block(text, size=14, max_width=width, max_lines=3)
    assert block is None or (block.width <= width + 1 and len(block.lines) <= 3)


def test_chinese_is_wrapped_between_characters(noto_cjk: Path) -> None:
    block = text_block("动态血压监测平板运动实验", size=20, max_width=130, max_lines=2)
    assert block
    assert block.text == "动态血压监测\n平板运动实验"


def test_an_empty_text_is_no_block() -> None:
    assert text_block(" \n", size=14, max_width=100) is None


@pytest.mark.parametrize("width", range(30, 200, 10))
def test_a_cut_text_is_the_beginning_of_the_text(width: int) -> None:
    source = "one two three four five six seven eight nine ten"
    block = text_block(source, size=14, max_width=width)
    assert block
    assert source.startswith(block.text.removesuffix("…"))
