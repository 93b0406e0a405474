"""The pieces of a plan: carry something somewhere, hold it, show it, drive the arm."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deixis.vision._camera import XYZ
from deixis.vision._dialect import JsonObject
from deixis.vision.embedded.operating._carrying import Act, Arm, Done, Spot
from deixis.vision.embedded.operating._free_places import XY
from deixis.vision.embedded.operating._goals import Goal
from deixis.vision.embedded.operating._tracking import Tracked

_TRIES: Final = 3
_FAILED: Final = frozenset({"failed", "lies", "held", "put"})

Doing = Generator[Act, Done, None]


@dataclass(kw_only=True)
class Carry:
    """Takes something somewhere.

    Attributes:
        one: What; None for what the gripper holds, whatever it is.
        goal: Where to.
        came: How that went: it was there `already`; it is `there`; it `failed` to be picked up;
            it was `full`, with no room; it `lies` elsewhere; it is `held` still; or it was `put`
            down beside.
        reason: Why it went wrong, as a tool said it.
    """

    one: Tracked | None
    goal: Goal
    came: Literal["", "already", "there", "failed", "full", "lies", "held", "put"] = ""
    reason: str = ""

    def do(self, arm: Arm) -> Doing:
        """Picks it up and puts it down, again where it went wrong."""
        if self.one is None:
            yield from self._put_unseen(arm)
            return
        one = self.one
        if not one.held and self.goal.reached(one, arm.table):
            self.came = "already"
            return
        if not one.held and self.goal.spot(one, arm) is None:
            self.came = "full"
            return
        yield from self._carry(one, arm)
        self.goal.left -= 1
        self.reason = arm.reason

    def _carry(self, one: Tracked, arm: Arm) -> Doing:
        avoid: list[XY] = []
        for _ in range(_TRIES):
            if not one.held and not (yield from arm.picked(one)):
                self.came = self.came or "failed"
                return
            last: Spot | None = None

            def find() -> Spot | None:
                nonlocal last
                last = self.goal.spot(one, arm, avoid)
                return last

            came = yield from arm.placed(one, find)
            if came == "there":
                self.came = "there"
                return
            self.came = "lies" if came == "elsewhere" else "held" if one.held else "failed"
            if came == "refused":
                break
            if came == "full" and last is None:
                self.came = "full"
                break
            if came == "full" and last is not None:
                avoid.append(last.place)
        if one.held:
            yield from self._put_anywhere(one, arm)

    def _put_anywhere(self, one: Tracked, arm: Arm) -> Doing:
        """What couldn't be put where it should be isn't carried about."""
        free = Goal(relation="free")
        kept = arm.reason
        yield from arm.placed(one, lambda: free.spot(one, arm))
        arm.reason = kept
        if one.held:
            self.came = "held"
        elif self.came != "full":
            self.came = "put"

    def _put_unseen(self, arm: Arm) -> Doing:
        """What was held when the instruction came."""
        avoid: list[XY] = []
        for _ in range(_TRIES):
            last: Spot | None = None

            def find() -> Spot | None:
                nonlocal last
                last = self.goal.spot(None, arm, avoid)
                return last

            came = yield from arm.placed(None, find)
            self.came = "there" if came == "there" else "lies" if came == "elsewhere" else "held"
            if last is not None and not arm.holding:
                self.one = arm.table.nearest(last.place)
            if came == "full" and last is not None:
                avoid.append(last.place)
            elif came != "held":
                break
        self.reason = arm.reason

    def came_to(self, arm: Arm) -> str:
        """How it went and where."""
        return f"{self.came} {self._where(arm)} {self.reason if self.came in _FAILED else ''}"

    def involved(self) -> Sequence[Tracked]:
        """What was carried, and where to."""
        return [*([self.one] if self.one else []), *self._anchors()]

    def told(self, arm: Arm, together: Sequence[str]) -> tuple[str, bool]:
        """How it went."""
        say, where = arm.say, self._where(arm)
        these, upper, verb = say.these(together)
        if self.came == "there":
            return say.say(f"Done: {these} {verb} {where}.", f"完成：{these}{where}。"), True
        if self.came == "already":
            return say.say(f"{upper} {verb} {where} already.", f"{these}已经{where}了。"), True
        if self.came == "full":
            text = say.say(
                f"There is no room for {these} to be {where}.", f"放不下{these}：本来要{where}。"
            )
            return text, False
        failed = {
            "lies": say.say(
                f"{upper} should be {where}, and I couldn't check that after {_TRIES} tries.",
                f"{these}应该{where}，试了{_TRIES}次也没能确认。",
            ),
            "held": say.say(
                f"I couldn't put {these} down: the gripper holds it still.",
                f"没能放下{these}，还夹在夹爪里。",
            ),
            "put": say.say(
                f"I couldn't put {these} {where}, and laid it down beside.",
                f"没能把{these}放好，先放在了旁边。",
            ),
        }
        text = failed.get(self.came, say.say(f"I couldn't pick up {these}.", f"没能拿起{these}。"))
        return say.joined([text, say.reported(self.reason)]), False

    def _anchors(self) -> Sequence[Tracked]:
        chosen = self.goal.chosen.get(id(self.one))
        if chosen is not None:
            return [chosen]
        return self.goal.containers if self.goal.containers else self.goal.anchors

    def _where(self, arm: Arm) -> str:
        relation = self.goal.relation
        anchors = [arm.name(one) for one in self._anchors()]
        if self.goal.containers:
            hollow = self._anchors()[0].first.kind == "bowl"
            inside = (
                arm.table.container_of(self.one) if self.one and self.came == "already" else None
            )
            anchors = [arm.name(inside)] if inside else anchors[:1]
            return arm.say.place("in" if hollow else "on", anchors)
        if relation == "strip":
            return arm.say.say("sorted with their kind", "按类放好")
        return arm.say.place(relation, anchors, self.goal.side)


@dataclass(kw_only=True)
class Hold:
    """Takes something up and holds it."""

    one: Tracked
    held: bool = False
    reason: str = ""

    def do(self, arm: Arm) -> Doing:
        """Picks it up."""
        self.held = self.one.held or (yield from arm.picked(self.one))
        self.reason = arm.reason

    def came_to(self, arm: Arm) -> str:
        """How it went."""
        return f"held {self.held} {arm.name(self.one)}"

    def involved(self) -> Sequence[Tracked]:
        """What was picked up."""
        return [self.one]

    def told(self, arm: Arm, together: Sequence[str]) -> tuple[str, bool]:
        """How it went."""
        say, (these, _, _) = arm.say, arm.say.these(together)
        if self.held:
            return say.say(f"Done: the gripper holds {these}.", f"完成：夹爪拿着{these}。"), True
        text = say.say(f"I couldn't pick up {these}.", f"没能拿起{these}。")
        return say.joined([text, say.reported(self.reason)]), False


@dataclass(kw_only=True)
class Show:
    """Points at something."""

    one: Tracked
    shown: bool = False
    reason: str = ""

    def do(self, arm: Arm) -> Doing:
        """Points at it."""
        result = yield from arm.point("point_at", lambda: arm.point_of(self.one))
        self.shown = result is not None and result.ok
        self.reason = arm.reason

    def came_to(self, arm: Arm) -> str:  # noqa: ARG002
        """How it went."""
        return f"shown {self.shown}"

    def involved(self) -> Sequence[Tracked]:
        """What was pointed at."""
        return [self.one]

    def told(self, arm: Arm, together: Sequence[str]) -> tuple[str, bool]:
        """How it went."""
        say, (these, _, _) = arm.say, arm.say.these(together)
        if self.shown:
            return say.say(f"Done: I pointed at {these}.", f"完成：已指向{these}。"), True
        text = say.say(f"I couldn't point at {these}.", f"没能指向{these}。")
        return say.joined([text, say.reported(self.reason)]), False


@dataclass(kw_only=True)
class Drive:
    """Drives the arm home, or to a place."""

    tool: Literal["home", "move_to"]
    to: XYZ = (0.0, 0.0, 0.0)
    came: bool = False
    reason: str = ""

    def do(self, arm: Arm) -> Doing:
        """Drives it."""
        args: JsonObject = {}
        if self.tool == "move_to":
            args = dict(zip("xyz", self.to, strict=True))
        result = yield from arm.call(self.tool, args)
        self.came = result.ok and not result.error
        self.reason = arm.reason

    @property
    def one(self) -> Tracked | None:
        """Nothing on the table."""
        return None

    def came_to(self, arm: Arm) -> str:  # noqa: ARG002
        """How it went, each on its own."""
        return f"{id(self)}"

    def involved(self) -> Sequence[Tracked]:
        """Nothing."""
        return []

    def told(self, arm: Arm, together: Sequence[str]) -> tuple[str, bool]:  # noqa: ARG002
        """How it went."""
        say = arm.say
        if self.came and self.tool == "home":
            return say.say("The arm is home.", "机械臂已回到原位。"), True
        if self.came:
            x, y, z = self.to
            where = f"({x:g}, {y:g}, {z:g})"
            return say.say(f"The gripper is at {where} m.", f"夹爪在{where}米处。"), True
        text = say.say("The arm didn't get there.", "机械臂没能到达。")
        return say.joined([text, say.reported(self.reason)]), False
