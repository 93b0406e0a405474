from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import Tool, ToolContext, ToolResult, tool
from deixis.tools._langchain import PlaceTool
from deixis.vision import (
    PLACE_MARK,
    Box,
    Detection,
    Dialect,
    ImageBook,
    ImageStore,
    PixelDialect,
    Point,
    ToolError,
)
from tests.dialects import RelativeDialect


class Leg(BaseModel):
    """One part of a way."""

    to: Point = Field(description="Where it ends.")
    speed: Literal["slow", "fast"] = "slow"


@tool
def pick_up(at: Point) -> str:
    """Pick up the object at a point of the image."""
    return f"{at.x:g},{at.y:g} on {at.image}"


@tool
def place_all(
    way: list[Point],
    into: Box | None = None,
    legs: list[Leg] | None = None,
    named: dict[str, Point] | None = None,
    pair: tuple[Point, Box] | None = None,
    speed: Literal["slow", "fast"] = "slow",
    count: int = 1,
) -> str:
    """Put things down along a way.

    The arm stops after each.

    Args:
        way: The stops, in order.
        into: Where nothing may be put.
        speed: How fast the arm goes.
    """
    return json.dumps([str(way), str(into), str(legs), str(named), str(pair), speed, count])


def worded(made: Tool[..., Any], dialect: Dialect) -> dict[str, Any]:
    """What a model is shown of a tool's arguments."""
    model = ScriptedModel([Say("")], dialect=dialect)
    model.bind_tools([PlaceTool.of(made)]).invoke("?")
    return model.offered[0][0]["function"]["parameters"]


def test_the_docstring_tells_the_model_what_a_tool_does() -> None:
    assert place_all.description == "Put things down along a way.\n\nThe arm stops after each."


def test_the_arguments_of_the_docstring_describe_the_fields() -> None:
    fields = place_all.schema["properties"]
    assert fields["speed"]["description"] == "How fast the arm goes."
    assert fields["speed"]["enum"] == ["slow", "fast"]


def test_only_what_has_no_default_is_required() -> None:
    assert place_all.schema["required"] == ["way"]


def test_a_tool_is_still_the_function() -> None:
    assert pick_up(Point(x=1, y=2, image="img_1")) == "1,2 on img_1"


def test_a_point_is_worded_in_the_pixels_of_a_pixel_dialect() -> None:
    shown = worded(pick_up, PixelDialect())["properties"]["at"]
    assert shown["description"] == "A point in pixels of the image, origin top left."
    assert shown["required"] == ["x", "y"]


def test_a_point_is_worded_in_the_thousand_of_a_relative_dialect() -> None:
    shown = worded(pick_up, RelativeDialect())["properties"]["at"]
    assert shown["description"] == "A point in 0 to 1000 on both axes, origin top left."


def test_no_mark_of_ours_is_left_in_a_nested_schema() -> None:
    assert PLACE_MARK not in json.dumps(worded(place_all, RelativeDialect()))


def test_a_field_keeps_its_own_description_beside_the_frame() -> None:
    leg = worded(place_all, RelativeDialect())["properties"]["legs"]["anyOf"][0]["items"]
    assert leg["properties"]["to"]["description"].startswith("Where it ends. A point in 0 to 1000")


def test_a_tool_without_a_docstring_is_refused() -> None:
    def silent(at: Point) -> str:
        return str(at)

    with pytest.raises(TypeError, match="silent needs a docstring"):
        tool(silent)


def test_a_parameter_without_a_type_is_refused() -> None:
    namespace: dict[str, Any] = {}
    exec('def loose(at) -> str:\n    """Do it."""\n    return at', namespace)
    with pytest.raises(TypeError, match="annotate at"):
        tool(namespace["loose"])


def test_a_parameter_that_has_no_name_for_the_model_is_refused() -> None:
    def many(*points: Point) -> str:
        """Do it."""
        return str(points)

    with pytest.raises(TypeError, match="filled by name"):
        tool(many)


def test_a_type_that_cannot_be_found_is_said_so() -> None:
    namespace: dict[str, Any] = {}
    exec('def lost(at: "Nowhere") -> str:\n    """Do it."""\n    return ""', namespace)
    with pytest.raises(TypeError, match="annotations must be importable"):
        tool(namespace["lost"])


def test_a_name_and_approval_may_be_given() -> None:
    @tool(name="grip", approval=True)
    def close_gripper() -> str:
        """Close the gripper."""
        return "closed"

    assert (close_gripper.name, close_gripper.approval) == ("grip", True)


def test_a_parameter_may_have_a_name_that_pydantic_uses_itself() -> None:
    @tool
    def ask(model_name: str) -> str:
        """Ask another model."""
        return model_name

    assert run(ask, {"model_name": "qwen"}).text == "qwen"


def test_the_context_is_filled_and_hidden() -> None:
    @tool
    def who(context: ToolContext, greeting: str = "Hi") -> str:
        """Say who asks."""
        return f"{greeting} {context.user}"

    assert set(who.schema["properties"]) == {"greeting"}
    assert run(who, {}).text == "Hi ann"


def context(dialect: Dialect | None = None, size: tuple[int, int] = (1600, 1200)) -> ToolContext:
    """A conversation with two images of a size, in a model's frame."""
    chosen = dialect or PixelDialect()
    first, second = (chosen.frame(size, image=handle) for handle in ("img_1", "img_2"))
    return ToolContext(
        book=ImageBook(ImageStore()),
        reader=None,  # pyright: ignore[reportArgumentType]
        dialect=chosen,
        frames={"img_1": first, "img_2": second, None: second},
        user="ann",
    )


def run(
    made: Tool[..., Any], said: Mapping[str, object], dialect: Dialect | None = None
) -> ToolResult:
    return made.run(said, context(dialect))


@pytest.mark.parametrize(
    "at",
    [
        {"x": 12, "y": 30},
        {"point_2d": [12, 30]},
        [12, 30],
        "[12, 30]",
        '{"x": 12, "y": 30}',
        {"x": "12", "y": "30"},
        {"x": 12, "y": 30, "image": "img_2"},
    ],
)
def test_a_point_is_taken_in_any_form_that_models_write(at: object) -> None:
    assert run(pick_up, {"at": at}).text == "12,30 on img_2"


def test_a_place_in_thousandths_reaches_the_tool_in_pixels_of_its_image() -> None:
    said = {"at": {"x": 500, "y": 250, "image": "img_1"}}
    assert run(pick_up, said, RelativeDialect()).text == "800,300 on img_1"


def test_places_are_converted_wherever_they_stand() -> None:
    said = {
        "way": "[[0, 0], [1000, 1000]]",
        "into": [0, 0, 500, 500],
        "legs": [{"to": [500, 500], "speed": "fast"}],
        "named": {"cup": [100, 100]},
        "pair": [[100, 100], [0, 0, 100, 100]],
    }
    way, into, legs, named, pair, *_ = json.loads(run(place_all, said, RelativeDialect()).text)
    assert "x=1600.0, y=1200.0" in way
    assert "x2=800.0 y2=600.0" in into
    assert "x=800.0, y=600.0" in legs
    assert "x=160.0, y=120.0" in named
    assert "x=160.0, y=120.0" in pair
    assert "x2=160.0, y2=120.0" in pair


def test_an_optional_place_may_be_left_out_or_null() -> None:
    assert json.loads(run(place_all, {"way": [], "into": None}).text)[1] == "None"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ({"x": 1001, "y": 5}, None),
        ({"x": 1600, "y": 1200}, "x goes from 0 to 1000, y from 0 to 1000"),
        ({"x": -3, "y": 5}, "x goes from 0 to 1000"),
        ({"x": 1, "y": 2, "image": "img_9"}, "no image 'img_9' here: name one of img_1, img_2"),
        ({"x": 1}, "the point lacks y: give x, y"),
        ([1, 2, 3], "a point has 2 numbers"),
        ("the cup", "'the cup' is no point"),
        ([float("nan"), 2], "nan in a point is no number"),
        ([10**400, 2], "in a point is no number"),
        ([True, 2], "True in a point is no number"),
        ("[" * 5000, "is no point"),
        (None, "a point has 2 numbers, got None"),
    ],
)
def test_a_bad_point_is_an_error_that_says_how_to_mend_it(at: object, told: str | None) -> None:
    if told is None:  # a unit over the edge is rounding
        assert run(pick_up, {"at": at}, RelativeDialect()).text == "1600,6 on img_2"
        return
    with pytest.raises(ToolError) as error:
        run(pick_up, {"at": at}, RelativeDialect())
    assert told in str(error.value)
    assert len(str(error.value)) < 200


def test_a_box_with_its_corners_swapped_is_told_the_order() -> None:
    with pytest.raises(ToolError, match="top left corner first"):
        run(place_all, {"way": [], "into": [50, 50, 10, 10]})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "way: field required"),
        ({"way": [], "speed": "warp"}, "speed: input should be 'slow' or 'fast'"),
        ({"way": [], "count": "many"}, "count: input should be a valid integer"),
        ({"way": [], "force": 9}, "force: extra inputs are not permitted"),
        ({"way": "nowhere"}, "way: input should be a valid list"),
    ],
)
def test_other_wrong_arguments_are_told_without_links(said: dict[str, object], told: str) -> None:
    with pytest.raises(ToolError) as error:
        run(place_all, said)
    assert told in str(error.value)
    assert "http" not in str(error.value)


def test_a_place_that_names_no_image_is_on_the_one_the_call_names() -> None:
    @tool
    def look(image: str, at: Point) -> str:
        """Look at a point of an image."""
        return str(at.image)

    assert run(look, {"image": "img_1", "at": [1, 1]}).text == "img_1"


def test_a_detection_comes_back_with_its_place() -> None:
    @tool
    def see() -> list[Detection]:
        """See a cup."""
        return [Detection(label="cup", box=Box(x1=1, y1=2, x2=3, y2=4), image="img_1")]

    result = run(see, {})
    assert result.text == "cup"
    assert result.detections[0].image == "img_1"


def test_an_asynchronous_tool_is_run_by_arun_alone() -> None:
    @tool
    async def wait() -> str:
        """Wait."""
        await asyncio.sleep(0)
        return "waited"

    with pytest.raises(ToolError, match="run the agent with aask"):
        run(wait, {})
    assert asyncio.run(wait.arun({}, context())).text == "waited"


def test_outside_an_agent_a_place_tool_says_that_there_are_no_images() -> None:
    told = PlaceTool.of(pick_up).invoke({"at": {"x": 1, "y": 2}})
    assert told == "there is no image here: name one of none yet"


def test_a_scripted_call_goes_through_the_same_schema() -> None:
    model = ScriptedModel([Call("pick_up", {"at": [1, 2]})])
    reply = model.bind_tools([PlaceTool.of(pick_up)]).invoke("Take it")
    assert reply.tool_calls[0]["args"] == {"at": [1, 2]}
