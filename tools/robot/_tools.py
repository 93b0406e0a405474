"""Tools that point a robot: what a model may do with an arm, and what it is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from deixis.tools._tool import NewImage, Tool, ToolContext, ToolResult, tool
from deixis.tools.robot import _grasp
from deixis.tools.robot._session import Held, RobotSession, Step
from deixis.tools.robot._spots import Spot, Target, spot_at, surface_at, target_at
from deixis.tools.robot._view import TALLEST, View, shown
from deixis.vision import XYZ, Point, ToolError

if TYPE_CHECKING:
    pass

_HOVER: Final = 0.04
_NEAR: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What a command came to."""

    ok: bool
    said: str
    measured: dict[str, JsonValue]
    view: View | None = None


def robot_tools(session: RobotSession) -> tuple[Tool[..., Any], ...]:
    """The tools of one arm: look, point_at, pick, place, move_to, home and stop.

    Each measures what it did, and says it in a sentence that begins with `Done:` or `Not done:`
    with a line of JSON after it. What moves is asked for first where the session wants approval;
    calls that can't be done are refused before anybody is asked. `stop` is never asked for.

    Args:
        session: Of the arm; all its tools wait for each other.
    """
    return (
        _look_tool(session),
        _point_at_tool(session),
        _pick_tool(session),
        _place_tool(session),
        _move_to_tool(session),
        _home_tool(session),
        _stop_tool(session),
    )


def _look_tool(session: RobotSession) -> Tool[..., Any]:
    @tool(approval=session.approval, effect=True, asks="move the arm aside and take a picture")
    def look() -> ToolResult:
        """Moves the arm out of the way and takes a picture with its camera.

        Places for the other tools must be on the newest picture.
        """

        def act() -> _Outcome:
            taken = session.look()
            holding = _still_held(session) is not None
            said = "this is what the camera sees now"
            return _Outcome(ok=True, said=said, measured={"holding": holding}, view=View(taken))

        return _run(session, "look", None, act)

    return look


def _point_at_tool(session: RobotSession) -> Tool[..., Any]:
    def may(at: Point, context: ToolContext) -> None:
        surface_at(session.pointed(at, context), at, limits=session.arm.limits)

    @tool(
        approval=session.approval,
        effect=True,
        check=may,
        asks="point with the gripper at what is at {at}, without touching it",
    )
    def point_at(at: Point, context: ToolContext) -> ToolResult:
        """Points with the gripper at something, without touching it, and says what is there.

        Args:
            at: A point on it, in the newest picture.
            context: Filled by the agent.
        """

        def act() -> _Outcome:
            view = session.pointed(at, context)
            return _pointed(session, surface_at(view, at, limits=session.arm.limits), at)

        return _run(session, "point_at", at, act)

    return point_at


def _pick_tool(session: RobotSession) -> Tool[..., Any]:
    def target(at: Point, context: ToolContext) -> tuple[View, Target]:
        view = session.pointed(at, context)
        if _still_held(session) is not None:
            raise ToolError("the gripper holds something already: place it first")
        found = target_at(view, at, limits=session.arm.limits, height_prior=session.height_prior)
        return view, found

    def may(at: Point, context: ToolContext) -> None:
        target(at, context)

    @tool(approval=session.approval, effect=True, check=may, asks="pick up what stands at {at}")
    def pick(at: Point, context: ToolContext) -> ToolResult:
        """Picks up a thing with the gripper, and looks whether that worked.

        Args:
            at: A point on the thing, near its middle, in the newest picture.
            context: Filled by the agent.
        """

        def act() -> _Outcome:
            view, found = target(at, context)
            return _picked(session, _grasp.pick(session.arm, found, view), found)

        return _run(session, "pick", at, act)

    return pick


def _place_tool(session: RobotSession) -> Tool[..., Any]:
    def spot(at: Point, context: ToolContext) -> tuple[View, Spot]:
        view = session.pointed(at, context)
        held = _still_held(session)
        if held is None:
            raise ToolError("the gripper holds nothing: pick something up first")
        return view, spot_at(view, at, held, limits=session.arm.limits)

    def may(at: Point, context: ToolContext) -> None:
        spot(at, context)

    @tool(
        approval=session.approval, effect=True, check=may, asks="put what the gripper holds at {at}"
    )
    def place(at: Point, context: ToolContext) -> ToolResult:
        """Puts down what the gripper holds, and looks where it lies.

        Args:
            at: Where it is to lie: a free place on the table, or a bowl, a tray or a thing to put
                it on, in the newest picture.
            context: Filled by the agent.
        """

        def act() -> _Outcome:
            view, found = spot(at, context)
            return _placed(session, _grasp.place(session.arm, found, view))

        return _run(session, "place", at, act)

    return place


def _move_to_tool(session: RobotSession) -> Tool[..., Any]:
    def may(x: float, y: float, z: float) -> None:
        session.check_released()
        session.arm.limits.check((x, y, z))

    @tool(
        approval=session.approval,
        effect=True,
        check=may,
        asks="move the gripper to x {x} m, y {y} m, z {z} m",
    )
    def move_to(x: float, y: float, z: float) -> ToolResult:
        """Moves the gripper's tip to a place in the arm's own coordinates, in metres.

        To reach what is seen, use the tools that point. Look again before pointing.

        Args:
            x: Forward from the arm's base.
            y: To the arm's left.
            z: Up from the table.
        """

        def act() -> _Outcome:
            session.check_released()
            motion = session.arm.move_to((x, y, z))
            return _Outcome(
                ok=motion.error <= _NEAR,
                said=f"the gripper is at {_metres(motion.reached)}",
                measured={"at_m": _rounded(motion.reached), "off_m": round(motion.error, 4)},
            )

        return _run(session, "move_to", None, act)

    return move_to


def _home_tool(session: RobotSession) -> Tool[..., Any]:
    def may() -> None:
        session.check_released()

    @tool(
        approval=session.approval,
        effect=True,
        check=may,
        asks="move the arm back to where it rests",
    )
    def home() -> ToolResult:
        """Moves the arm back to where it rests, out of the camera's way."""

        def act() -> _Outcome:
            session.check_released()
            motion = session.arm.home()
            return _Outcome(
                ok=True,
                said="the arm is back where it rests",
                measured={"at_m": _rounded(motion.reached)},
            )

        return _run(session, "home", None, act)

    return home


def _stop_tool(session: RobotSession) -> Tool[..., Any]:
    @tool
    def stop() -> ToolResult:
        """Stops the arm at once. It moves no more until a person releases it."""
        # Without waiting for the command at work: that is what it stops.
        session.arm.stop()
        session.note(Step(tool="stop", ok=True, said="the arm is stopped"))
        return _result(
            _Outcome(
                ok=True,
                said="the arm is stopped, and moves no more until a person releases it",
                measured={"stopped": True},
            )
        )

    return stop


def _run(
    session: RobotSession, name: str, at: Point | None, act: Callable[[], _Outcome]
) -> ToolResult:
    """One command, alone, and kept as a step whatever comes of it."""
    point = None if at is None else (at.x, at.y)
    with session.command():
        session.marked = at
        try:
            outcome = act()
        except Exception as error:
            session.note(Step(tool=name, point=point, ok=False, said=str(error)))
            raise
        session.note(
            Step(
                tool=name,
                point=point,
                ok=outcome.ok,
                said=outcome.said,
                measured=outcome.measured,
            )
        )
        return _result(outcome)


def _result(outcome: _Outcome) -> ToolResult:
    """A command's outcome in words: its handle is added after them, on a line of its own."""
    begun = "Done" if outcome.ok else "Not done"
    images = () if outcome.view is None else (NewImage(image=outcome.view.look.image),)
    text = f"{begun}: {outcome.said}.\n{json.dumps(outcome.measured)}"
    return ToolResult(text=f"{text}\n" if images else text, images=images)


def _pointed(session: RobotSession, place: XYZ, at: Point) -> _Outcome:
    arm, held = session.arm, session.held
    x, y, z = place
    # A held thing hangs below the tip, and is carried over everything.
    over = TALLEST if held is not None else z + _HOVER
    arm.move_to((x, y, TALLEST + _HOVER))
    if held is None:
        arm.grip(0.0)
    motion = arm.move_to((x, y, over))
    return _Outcome(
        ok=motion.error <= _NEAR,
        said=f"the gripper points at {shown(at)}, which is {_metres(place)}",
        measured={
            "at_m": _rounded(place),
            "height_m": round(z, 4),
            "tip_m": _rounded(motion.reached),
        },
    )


def _picked(session: RobotSession, picked: _grasp.Picked, target: Target) -> _Outcome:
    session.held = picked.held
    if picked.view is not None:
        session.saw(picked.view)
    measured: dict[str, JsonValue] = {
        "held": picked.held is not None,
        "rise_m": round(picked.rise, 4),
        "gap_m": round(picked.gap, 4),
        "at_m": _rounded(picked.at),
    }
    if target.segment is None:
        measured["depth"] = "assumed"
    return _Outcome(
        ok=picked.held is not None,
        said=picked.said,
        measured=measured,
        view=picked.view,
    )


def _placed(session: RobotSession, placed: _grasp.Placed) -> _Outcome:
    if not placed.still_held:
        session.held = None
    if placed.view is not None:
        session.saw(placed.view)
    measured: dict[str, JsonValue] = {
        "released": placed.released,
        "at_m": None if placed.at is None else _rounded(placed.at),
        "off_m": None if placed.off is None else round(placed.off, 4),
    }
    if placed.view is not None and not placed.view.has_depth:
        measured["depth"] = "assumed"
    ok = placed.released and (placed.off is None or placed.off <= _grasp.NEAR_ENOUGH)
    return _Outcome(ok=ok, said=placed.said, measured=measured, view=placed.view)


def _still_held(session: RobotSession) -> Held | None:
    """What is held, by the gap between the fingers; what was lost on the way is noted."""
    if session.held is not None and session.arm.tool.opening <= _grasp.LEAST_GAP:
        session.held = None
    return session.held


def _metres(place: XYZ) -> str:
    x, y, z = place
    return f"({x:.3f}, {y:.3f}, {z:.3f}) m from the arm's base"


def _rounded(place: XYZ) -> list[JsonValue]:
    return [round(value, 4) for value in place]
