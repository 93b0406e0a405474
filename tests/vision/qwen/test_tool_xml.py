"""Calls in tags, and values typed by the tools' schemas."""

from __future__ import annotations

import pytest

from deixis.vision._dialect import JsonObject
from tests.vision.qwen.tool_replies import XML, broken, calls, prose, taken_apart


def call(*parameters: tuple[str, str]) -> str:
    values = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in parameters)
    return f"<tool_call>\n<function=zoom>\n{values}</function>\n</tool_call>"


def arguments(*parameters: tuple[str, str]) -> JsonObject:
    [(name, given)] = calls(taken_apart("xml", call(*parameters)))
    assert name == "zoom"
    return given


def test_calls_are_told_from_prose() -> None:
    pieces = taken_apart("xml", f"Let me see.\n\n{XML}\n{XML}")
    assert prose(pieces) == "Let me see."
    assert calls(pieces) == [("zoom", {"label": "Lift", "scale": 2})] * 2


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("label", "12", "12"),
        ("label", "true", "true"),
        ("label", '{"a": 1}', '{"a": 1}'),
        ("label", "two\n\nlines\n", "two\n\nlines\n"),
        ("label", "", ""),
        ("scale", "3", 3),
        ("scale", " 3 ", 3),
        ("scale", "three", "three"),
        ("factor", "1.5", 1.5),
        ("factor", "2", 2),
        ("sharp", "true", True),
        ("sharp", "False", False),
        ("sharp", "1", "1"),
        ("box", '{"x1": 3}', {"x1": 3}),
        ("box", "null", None),
        ("box", "None", None),
        ("box", "3", "3"),
        ("tags", '["a", "b"]', ["a", "b"]),
        ("tags", "[a]", "[a]"),
        ("unit", "px", "px"),
        ("unit", "1", 1),
        ("unheard_of", "1", "1"),
    ],
)
def test_a_value_has_the_type_its_schema_wants(key: str, written: str, meant: object) -> None:
    assert arguments((key, written)) == {key: meant}
    assert type(arguments((key, written))[key]) is type(meant)


def test_without_a_schema_a_value_is_text() -> None:
    assert calls(taken_apart("xml", XML, tools=())) == [("zoom", {"label": "Lift", "scale": "2"})]


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema: JsonObject = {"$ref": "#/$defs/A"}
    tool: JsonObject = {
        "function": {
            "name": "zoom",
            "parameters": {"properties": {"scale": schema}, "$defs": {"A": schema}},
        }
    }
    pieces = taken_apart("xml", call(("scale", "2")), tools=(tool,))
    assert calls(pieces) == [("zoom", {"scale": "2"})]


@pytest.mark.parametrize(
    "value",
    [
        "</b>",
        "a </parameter> b",
        "<parameter",
        "<parameter=other>",
        "\n<parameter=other>\n",
        "</function> is a tag",
        "say </tool_call> now",
        "if (a < b && c > d) {",
        '"quoted',
    ],
)
def test_a_value_may_hold_what_looks_like_a_tag(value: str) -> None:
    assert arguments(("label", value), ("scale", "2")) == {"label": value, "scale": 2}


def test_a_call_may_be_in_one_line() -> None:
    reply = "<tool_call><function=zoom><parameter=label>Lift</parameter></function></tool_call>"
    assert calls(taken_apart("xml", reply)) == [("zoom", {"label": "Lift"})]


def test_a_call_may_have_no_parameters() -> None:
    assert arguments() == {}


def test_the_last_value_may_lack_its_closing_tag() -> None:
    reply = XML.replace("2\n</parameter>\n", "2\n")
    assert calls(taken_apart("xml", reply)) == [("zoom", {"label": "Lift", "scale": 2})]


def test_the_markers_around_the_function_may_be_missing() -> None:
    bare = XML.removeprefix("<tool_call>\n")
    for reply in (bare, bare.removesuffix("\n</tool_call>"), XML.removesuffix("\n</tool_call>")):
        assert calls(taken_apart("xml", reply)) == [("zoom", {"label": "Lift", "scale": 2})]


def test_a_value_that_may_have_swallowed_a_parameter_is_refused() -> None:
    reply = XML.replace("Lift\n</parameter>", "Lift")
    [piece] = broken(taken_apart("xml", reply))
    assert "'label'" in piece.reason
    assert piece.raw == reply


def test_a_call_left_open_does_not_swallow_the_next() -> None:
    left_open = "<tool_call>\n<function=zoom>\n<parameter=label>\nLift\n</tool_call>"
    pieces = taken_apart("xml", f"{left_open}\n{XML}")
    assert [piece.raw for piece in broken(pieces)] == [left_open]
    assert calls(pieces) == [("zoom", {"label": "Lift", "scale": 2})]


def test_a_parameter_given_twice_is_refused() -> None:
    [piece] = broken(taken_apart("xml", call(("label", "a"), ("label", "b"))))
    assert "once" in piece.reason


def test_words_between_the_tags_are_refused() -> None:
    reply = "<tool_call>\n<function=zoom>\nLift\n</function>\n</tool_call>"
    [piece] = broken(taken_apart("xml", reply))
    assert "nothing but" in piece.reason


@pytest.mark.parametrize("length", range(11, len(XML) - len("</function>\n</tool_call>") + 11))
def test_a_call_that_is_cut_off_is_never_guessed(length: int) -> None:
    [piece] = taken_apart("xml", XML[:length])
    assert broken([piece])[0].raw == XML[:length]
    assert broken([piece])[0].reason


def test_an_endless_value_is_given_up() -> None:
    reply = f"<tool_call>\n<function=zoom>\n<parameter=label>\n{'a' * 2_000_000}"
    [piece] = broken(taken_apart("xml", reply))
    assert "shorter" in piece.reason
