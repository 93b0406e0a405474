import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deixis.vision.embedded._labels import exit_label, floor_label, inline_floors, lone_letter

FLOORS = {
    "4": "4F|４Ｆ|F4|4/F|4 F|4th Fl.|4th Floor|Fourth Floor|Level 4|4楼|四楼|四层|第四层|4樓"
    "|四層|4F 四楼|四楼 4F|4F四楼|四楼 4th Floor|4楼：|(4F)|【4F】|Floor 4|F-4|4FL|L4",
    "5": "A座5楼|A座 5F|门诊楼5层|住院部五楼|3号楼5层",
    "12": "12F|十二层|12楼|L12|12/F",
    "21": "二十一楼|21F",
    "-1": "B1|B1F|B1/F|B1层|负1楼|负一楼|负一层|地下一层|地下1层|地下一楼"
    "|-1F|-1层|B l|地下一层 B1|Basement 1|Basement|负一|地下层",
    "-2": "B2|地下二层|负二楼|负2层",
    "1": "IF|lF|｜F|1F 一楼|1st Floor|First Floor",
    "G": "G/F|GF|Ground Floor",
    "LG": "LG|LG/F",
    "M": "夹层|M层|M/F|Mezzanine",
    "R": "顶楼|顶层|屋顶|Rooftop",
    "1-3": "1-3F|1~3楼|一至三层|1F-3F|F1-F3|1楼至3楼",
    "1-2": "1F/2F|L1/L2|1楼、2楼",
}
NO_FLOORS = (
    "维生素B1|F 科|L|F|G|M|1|10元|3号楼|三号楼|2号线|楼梯|12楼梯|住院楼|门诊楼|门诊大楼"
    "|4F-03|3F-12|301室|3路|8:00|楼层导览|一楼大厅|负责|负责人|地下停车场"
    "|B1停车场|层|1F/2F/3F|ZF|2.5F|共3层|3栋|Tel. 4|4G|F1赛车"
)


@pytest.mark.parametrize(
    ("text", "value"), [(text, value) for value, row in FLOORS.items() for text in row.split("|")]
)
def test_a_whole_text_that_is_a_floor(text: str, value: str) -> None:
    label = floor_label(text)
    assert label is not None
    assert (label.kind, label.value) == ("floor", value)


@pytest.mark.parametrize("text", NO_FLOORS.split("|"))
def test_a_whole_text_that_is_no_floor(text: str) -> None:
    assert floor_label(text) is None


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("耳鼻喉科（4楼）", "4楼", "4"),
        ("4F 耳鼻喉科", "4F", "4"),
        ("2楼：内科、外科", "2楼", "2"),
        ("内科……3F", "3F", "3"),
        ("内科······３Ｆ", "３Ｆ", "3"),
        ("门诊楼三层导览图", "三层", "3"),
        ("住院部2楼", "2楼", "2"),
        ("3号楼2层 药房", "2层", "2"),
        ("地下一层停车场", "地下一层", "-1"),
        ("停车场 -1层", "-1层", "-1"),
        ("B1 停车场", "B1", "-1"),
        ("1-3F 门诊", "1-3F", "1-3"),
        ("Take the lift to the 3rd floor", "3rd floor", "3"),
        ("F3 Cinema", "F3", "3"),
        ("請到三樓繳費", "三樓", "3"),
    ],
)
def test_a_floor_within_a_line(text: str, written: str, value: str) -> None:
    ((label, start, end),) = inline_floors(text)
    assert (label.text, label.value) == (written, value)
    assert text[start:end].strip() == written


@pytest.mark.parametrize(
    "text",
    "本楼共5层|4F-03 女装|维生素B1 片|Vitamin B1|停车场B1区|2号线站厅|12楼梯"
    "|3层楼高|三楼以上|2.5F|10 fl oz"
    "|3号楼|B12|电话 010-66332211|24 for 2|HF2F|3楼梯口|四层高".split("|"),
)
def test_no_floor_within_a_line(text: str) -> None:
    assert inline_floors(text) == []


def test_two_floors_within_a_line_are_both_found() -> None:
    assert [label.value for label, _, _ in inline_floors("内科 3楼，外科 4楼")] == ["3", "4"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A口", "A"),
        ("Exit A1", "A1"),
        ("C出口", "C"),
        ("A出口 Exit A", "A"),
        ("出口B", "B"),
        ("1号口", "1"),
        ("4出口", "4"),
        ("EXIT No. 3", "3"),
        ("Ｂ口", "B"),
    ],
)
def test_exits(text: str, value: str) -> None:
    label = exit_label(text)
    assert label is not None
    assert (label.kind, label.value) == ("exit", value)


@pytest.mark.parametrize(
    "text",
    "Exit|出口|人口|路口|A|东门|East Gate|Exit to the street|A口 Exit B|A口 中山公园".split("|"),
)
def test_no_exits(text: str) -> None:
    assert exit_label(text) is None


def test_lone_letters() -> None:
    assert [label and label.value for label in map(lone_letter, ("G", "m", "F", "GF"))] == [
        "G", "M", None, None,
    ]  # fmt: skip


SIGN_LIKE = st.text(
    "0123456789FfLlBbGM 楼层負负地下一二三十第号座室科-/~～…….（）(): ４Ｆ①½", max_size=14
)


@given(SIGN_LIKE)
@example("…1F")
@example("½楼")
def test_floors_are_written_in_the_text(text: str) -> None:
    for label, start, end in inline_floors(text):
        assert 0 <= start < end <= len(text)
        assert label.text == text[start:end].strip()
        assert label.value
    label = floor_label(text)
    assert label is None or label.text in text


@given(SIGN_LIKE)
def test_spaces_around_a_label_say_nothing(text: str) -> None:
    assert floor_label(f"  {text} ") == floor_label(text)
    assert exit_label(f" {text}  ") == exit_label(text)


@given(st.integers(1, 40))
def test_every_number_is_a_floor_in_every_form(number: int) -> None:
    for form in ("{}F", "{}楼", "F{}", "第{}层", "{}/F", "Level {}"):
        label = floor_label(form.format(number))
        assert label is not None
        assert label.value == str(number)
