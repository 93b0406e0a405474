"""Carrying out the steps of a plan with an arm: pick, place, check, and try again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn, Protocol, cast

from deixis.vision._dialect import JsonObject
from deixis.vision._geometry import Detection, Point
from deixis.vision._model import ImageView
from deixis.vision.embedded.operating._free_places import XY, holds
from deixis.vision.embedded.operating._telling import Telling
from deixis.vision.embedded.operating._tracking import See, Table, Tracked
from deixis.vision.embedded.things._things import detection_of

_TRIES: Final = 3
_DECLINED: Final = "Error"


@dataclass(frozen=True, kw_only=True)
class Done:
    """A tool call of this turn.

    Attributes:
        tool: Its name.
        args: What it was called with.
        ok: Whether it says that it was done.
        text: What it said.
        error: Whether it was refused, and nothing moved.
        image: Handle of the picture that it came with; empty for none.
    """

    tool: str
    args: JsonObject
    ok: bool
    text: str
    error: bool
    image: str = ""

    @property
    def measured(self) -> JsonObject:
        """The JSON object after its sentence; empty where there is none."""
        _, _, after = self.text.partition("\n")
        start = after.find("{")
        if start < 0:
            return {}
        try:
            value, _ = json.JSONDecoder().raw_decode(after[start:])
        except ValueError:
            return {}
        return cast("JsonObject", value) if isinstance(value, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Act:
    """A tool call to make."""

    tool: str
    args: JsonObject


@dataclass(frozen=True, kw_only=True)
class Say:
    """What is said at the end.

    Attributes:
        text: In the user's language.
        found: Whether all that was asked is done, as measured, or answered.
        detections: The things it is about, in the newest picture.
        asks: Whether it is a question back, and waits for an answer.
    """

    text: str
    found: bool
    detections: tuple[Detection, ...] = ()
    asks: bool = False


Work = Generator[Act, Done, Say]
Moving = Generator[Act, Done, bool]


class Job(Protocol):
    """One piece of a plan.

    Attributes:
        one: The thing that it is about; None where there is none, or none is known.
    """

    @property
    def one(self) -> Tracked | None: ...

    def do(self, arm: Arm) -> Generator[Act, Done, None]:
        """Carries it out, and keeps how that went."""
        ...

    def came_to(self, arm: Arm) -> str:
        """How it went and where: jobs for which this is the same are told of together."""
        ...

    def told(self, arm: Arm, together: Sequence[str]) -> tuple[str, bool]:
        """How it went, in a sentence, and whether it was done.

        Args:
            arm: What was worked.
            together: Names of all things with which it went so.
        """
        ...

    def involved(self) -> Sequence[Tracked]:
        """The things that it was about."""
        ...


class Ended(Exception):  # noqa: N818
    """Nothing more is done: something is said instead."""

    def __init__(self, say: Say) -> None:
        super().__init__(say.text)
        self.say = say


@dataclass(kw_only=True)
class Spot:
    """Where something is to be put.

    Attributes:
        point: The pixel that shows it.
        place: On the table, in metres.
        container: What it is in, if anything.
    """

    point: Point
    place: XY
    container: Tracked | None = None


@dataclass(kw_only=True)
class Arm:
    """The arm's tools, the table, and what is known of both so far.

    Attributes:
        pictures: Those with depth of this turn, oldest first.
        offered: Names of the tools.
        see: Sees what is in a picture.
        say: How things are said.
        answers: The user's answers that haven't been used.
        first_shown: Whether the first picture was shown before any call.
        table: What stands where.
        holding: Whether the gripper holds something.
        reason: Why the last call failed, as its tool said it.
    """

    pictures: Sequence[ImageView]
    offered: Collection[str]
    see: See
    say: Telling
    answers: Sequence[str] = ()
    first_shown: bool = False
    table: Table = field(default_factory=Table)
    holding: bool = False
    reason: str = ""
    _stale: bool = False
    _fresh: ImageView | None = None

    def look_first(self) -> Generator[Act, Done, None]:
        """Sees the table before anything else."""
        if self.first_shown and self.pictures:
            self.table.see(self.see(self.pictures[0]))
            return
        yield from self.look()

    def look(self) -> Generator[Act, Done, None]:
        """Takes a picture, and sees what is in it."""
        for _ in range(2):
            result = yield from self.call("look", {})
            if not result.error and self._fresh is not None:
                self.holding = result.measured.get("holding") is True
                self.take_in()
                return
        text = self.say.say("I can't see the table.", "我看不到桌面。")
        self.end(self.say.joined([text, self.say.reported(self.reason)]))

    def take_in(self) -> None:
        """Sees what is in the picture that the last call came with."""
        if self._fresh is not None:
            self.table.see(self.see(self._fresh))
            self._stale, self._fresh = False, None

    def call(self, tool: str, args: JsonObject) -> Generator[Act, Done, Done]:
        """A call; its picture is kept for `take_in`.

        Raises:
            Ended: The arm is stopped, or a person said no.
        """
        if tool not in self.offered:
            self.end(self.say.say(f"There is no tool to {tool} with.", f"没有可用的工具：{tool}。"))
        result = yield Act(tool=tool, args=args)
        self._fresh = self._picture_of(result)
        if result.error or not result.ok:
            self.reason = _sentence(result.text)
        if "stopped" in result.text and "release" in result.text:
            self.end(self.say.stopped())
        if result.error and not result.text.startswith(_DECLINED):
            text = self.say.say(
                "That wasn't allowed, so I stop here.", "没有得到允许，我就到此为止。"
            )
            self.end(self.say.joined([text, self.say.reported(result.text)]))
        if not result.error and tool in ("point_at", "move_to", "home"):
            self._stale = True
        return result

    def point(
        self, tool: str, target: Callable[[], Point | None]
    ) -> Generator[Act, Done, Done | None]:
        """A call that points in the newest picture; None where its target is no longer there.

        A picture that is too old by then is taken again, once.
        """
        if self._stale:
            yield from self.look()
        result: Done | None = None
        for _ in range(2):
            at = target()
            if at is None:
                return None
            result = yield from self.call(tool, {"at": _written(at)})
            if not (result.error and _is_stale(result.text)):
                return result
            yield from self.look()
        return result

    def picked(self, one: Tracked) -> Moving:
        """Picks something up, trying again where it slipped; whether it is held."""
        for _ in range(_TRIES):
            result = yield from self.point("pick", lambda: self.point_of(one))
            if result is None:
                yield from self.look()
                if one.now is None:
                    self.reason = self.say.say("it is no longer to be seen", "已经看不到它了")
                    return False
                continue
            if result.error:
                return False
            one.held = self.holding = result.ok
            self.take_in()
            if result.ok:
                return True
        return False

    def placed(
        self, one: Tracked | None, find: Callable[[], Spot | None]
    ) -> Generator[Act, Done, Literal["there", "elsewhere", "held", "full", "refused"]]:
        """Puts down what is held, and checks where it has come to lie.

        Args:
            one: What is held; None for what isn't known.
            find: Where it is to go, in the newest picture; None where there is no room.
        """
        spot: Spot | None = None

        def point() -> Point | None:
            nonlocal spot
            spot = find()
            return None if spot is None else spot.point

        result = yield from self.point("place", point)
        if result is None or spot is None:
            return "full"
        if result.error:
            return "full" if "no room" in result.text else "refused"
        if not result.ok:
            yield from self.look()
            if self.holding:
                return "held"
        at = _xy(result.measured.get("at_m")) if result.ok else None
        self.holding = False
        if one is not None:
            one.held, one.where = False, at or spot.place
        self.take_in()
        if not result.ok:
            self.table.see(self.table.seen)
        right = at is not None and _lies_right(at, spot)
        return "there" if result.ok and (at is None or right) else "elsewhere"

    def point_of(self, one: Tracked) -> Point | None:
        """The pixel that shows a thing now."""
        if one.now is None:
            return None
        return one.now.segment.point.model_copy(update={"image": self.table.seen.handle})

    def detections(self, things: Sequence[Tracked]) -> tuple[Detection, ...]:
        """Things as they are seen now, each once."""
        once = {id(one): one for one in things if one.now is not None}
        if not once:
            return ()
        handle = self.table.seen.handle
        return tuple(
            detection_of(one.now, handle, self.say.language)
            for one in once.values()
            if one.now is not None
        )

    def name(self, one: Tracked) -> str:
        """What a thing is called."""
        return one.first.name(self.say.language)

    def finished(self, plan: Sequence[Job]) -> Say:
        """What came of a plan."""
        groups: dict[str, list[Job]] = {}
        for job in plan:
            groups.setdefault(job.came_to(self), []).append(job)
        told: list[tuple[str, bool]] = []
        for jobs in groups.values():
            names = [self.name(job.one) if job.one else self.say.say("it", "它") for job in jobs]
            told.append(jobs[0].told(self, names))
        return Say(
            text=self.say.joined([text for text, _ in told]),
            found=bool(told) and all(ok for _, ok in told),
            detections=self.detections([one for job in plan for one in job.involved()]),
        )

    def end(self, text: str, things: Sequence[Tracked] = (), *, asks: bool = False) -> NoReturn:
        """Says something instead of going on.

        Raises:
            Ended: Always.
        """
        raise Ended(Say(text=text, found=False, detections=self.detections(things), asks=asks))

    def _picture_of(self, result: Done) -> ImageView | None:
        return next((view for view in self.pictures if view.handle == result.image), None)


def _lies_right(at: XY, spot: Spot) -> bool:
    if spot.container is not None:
        return holds(spot.container.latest.segment, at)
    return math.dist(at, spot.place) <= 0.06


def _written(at: Point) -> JsonObject:
    return {"x": at.x, "y": at.y, "image": at.image}


def _xy(at: object) -> XY | None:
    if not isinstance(at, list):
        return None
    numbers = [float(v) for v in cast("list[object]", at) if isinstance(v, int | float)]
    return (numbers[0], numbers[1]) if len(numbers) == 3 else None


def _is_stale(text: str) -> bool:
    """Whether a tool asks for a newer picture."""
    return any(
        words in text
        for words in ("look again", "call look", "the newest", "no picture", "old picture")
    )


def _sentence(text: str) -> str:
    first = text.partition("\n")[0].strip()
    for begun in ("Error:", "Not done:", "Done:"):
        first = first.removeprefix(begun).strip()
    return first.rstrip(".")
