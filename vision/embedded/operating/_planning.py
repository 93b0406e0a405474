"""A plan's phrases found on the table, all of them before anything moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from deixis.vision.embedded.operating._carrying import Arm, Job
from deixis.vision.embedded.operating._choices import choice_of
from deixis.vision.embedded.operating._goals import Goal
from deixis.vision.embedded.operating._instruction import (
    Destination,
    Home,
    Move,
    MoveTo,
    Pick,
    Plan,
    PointAt,
    Sort,
    Step,
)
from deixis.vision.embedded.operating._jobs import Carry, Drive, Hold, Show
from deixis.vision.embedded.operating._phrases import Named, all_named, container_named
from deixis.vision.embedded.operating._tracking import Tracked
from deixis.vision.embedded.things._things import Thing, told_apart

_TO_HOLD: Final = frozenset({"in", "on", "to"})
_FLAT: Final = frozenset({"cube", "box", "cylinder"})


def planned(plan: Plan, text: str, arm: Arm) -> list[Job]:
    """The jobs of a plan, with everything it names found in the first picture.

    Raises:
        Ended: Something isn't there, can't be told apart or can't be done: said before any move.
    """
    planner = _Planner(arm, text)
    spared = planner.things(plan.spare, every=True) if plan.spare else []
    jobs = [job for step in plan.steps for job in planner.step(step)]
    touched = {id(one) for one in planner.moved}
    for one in spared:
        if id(one) in touched:
            name = arm.say.the(arm.name(one))
            arm.end(
                arm.say.say(
                    f"You want me to move {name} and not to touch it: which of the two?",
                    f"又要移动{name}又不要碰它，到底要哪一个？",
                ),
                [one],
                asks=True,
            )
    return jobs


class _Planner:
    def __init__(self, arm: Arm, text: str) -> None:
        self._arm = arm
        self._text = text
        self._answers = list(arm.answers)
        self._found: dict[tuple[str, ...], list[Tracked]] = {}
        self._holding = arm.holding
        self._held: Tracked | None = None
        self.moved: list[Tracked] = []

    def step(self, step: Step) -> list[Job]:
        if isinstance(step, Home):
            return [Drive(tool="home")]
        if isinstance(step, MoveTo):
            return [Drive(tool="move_to", to=(step.x, step.y, step.z))]
        if isinstance(step, PointAt):
            return [Show(one=one) for one in self.things(step.what)]
        if isinstance(step, Pick):
            return self._pick(step)
        return self._sort(step) if isinstance(step, Sort) else self._move(step)

    def things(self, phrases: Sequence[str], *, every: bool = False) -> list[Tracked]:
        """What phrases name; the same phrases name the same things throughout a plan."""
        key = tuple(phrases)
        if key not in self._found:
            taken = [one.first for one in self.moved]
            things = [one.first for one in self._arm.table.things]
            named = all_named(phrases, things, taken=taken)
            chosen = [
                self._settled(phrase, one, every=every)
                for phrase, one in zip(phrases, named, strict=True)
            ]
            once = {id(thing): thing for some in chosen for thing in some}
            self._found[key] = self._arm.table.of(once.values())
        return self._found[key]

    def _settled(self, phrase: str, named: Named, *, every: bool) -> Sequence[Thing]:
        """The things of a phrase, or a question about it."""
        arm, say = self._arm, self._arm.say
        shown = named.phrase or phrase
        seen = [arm.name(one) for one in arm.table.things]
        if named.trouble == "unknown":
            arm.end(say.joined([say.unknown(shown), self._there(seen)]))
        if named.trouble == "absent":
            arm.end(say.missing(shown, seen))
        if named.trouble == "fewer":
            some = [thing.name(say.language) for thing in named.things]
            arm.end(say.fewer(shown, some), arm.table.of(named.things))
        if named.trouble == "several" and not every:
            return self._asked(shown, named.things)
        return named.things

    def _there(self, seen: Sequence[str]) -> str:
        there = self._arm.say.counted(seen)
        return self._arm.say.say(f"I see {there}.", f"我看到{there}。") if there else ""

    def _asked(self, phrase: str, things: Sequence[Thing]) -> Sequence[Thing]:
        """Several things fit where one is meant: the user's answer, or a question."""
        arm = self._arm
        every = [one.first for one in arm.table.things]
        while self._answers:
            answer = self._answers.pop(0)
            if (chosen := choice_of(answer, things, every)) is not None:
                return chosen
        choices = told_apart(things, arm.say.language)
        return arm.end(arm.say.choose(phrase, choices), arm.table.of(things), asks=True)

    def _movable(self, phrases: Sequence[str], *, every: bool = False) -> list[Tracked]:
        found = self.things(phrases, every=every)
        fixed = [one for one in found if not one.first.graspable]
        if fixed:
            say = self._arm.say
            name = say.named([self._arm.name(one) for one in fixed])
            self._arm.end(
                say.say(
                    f"I can't pick up {name}: I only take small things that stand on the table.",
                    f"我拿不起{name}，只能拿桌上的小东西。",
                ),
                fixed,
            )
        self.moved += found
        return found

    def _pick(self, step: Pick) -> list[Job]:
        found = self._movable(step.what)
        say = self._arm.say
        if len(found) > 1:
            names = say.named([self._arm.name(one) for one in found])
            text = say.say(
                f"I can hold one thing at a time: which of {names}?",
                f"我一次只能拿一个：{names}里要哪一个？",
            )
            self._arm.end(text, found, asks=True)
        self._free_hand(found)
        self._holding, self._held = True, found[0]
        return [Hold(one=found[0])]

    def _free_hand(self, wanted: Sequence[Tracked]) -> None:
        if self._holding and not (self._held and [self._held] == [*wanted]):
            say = self._arm.say
            text = say.say(
                "The gripper holds something already. Say first where to put it, as in “Put it on "
                "the table”.",
                "夹爪里还拿着东西，请先说放到哪里，例如“放到桌上”。",
            )
            self._arm.end(text, asks=True)

    def _move(self, step: Move) -> list[Job]:
        if not step.what:
            return self._put_down(step.where)
        found = self._movable(step.what)
        self._free_hand(found)
        self._holding, self._held = False, None
        goal = self._goal(step.where, found)
        jobs: list[Job] = [Carry(one=one, goal=goal) for one in found]
        goal.expect(found, self._arm.table)
        return jobs

    def _put_down(self, where: Destination) -> list[Job]:
        say = self._arm.say
        if not self._holding:
            text = say.say(
                "The gripper holds nothing: what should I take?", "夹爪里没有东西，要拿什么？"
            )
            self._arm.end(text)
        goal = self._goal(where, [])
        self._holding, one = False, self._held
        return [Carry(one=one, goal=goal)]

    def _goal(self, where: Destination, moved: Sequence[Tracked]) -> Goal:
        """A destination with its things found."""
        arm, say = self._arm, self._arm.say
        containers: list[Tracked] = []
        anchors: list[Tracked] = []
        relation = where.relation
        if relation == "containers":
            containers = arm.table.containers()
            if not containers:
                text = say.say("I see nothing to put things in.", "没有看到能放东西的容器。")
                arm.end(text, asks=True)
            return Goal(relation="in", containers=containers, several=True)
        for phrase in where.phrases:
            found = self._anchors(phrase, relation, moved)
            held = [one for one in found if not one.first.graspable]
            if relation in _TO_HOLD and held:
                containers = held
                relation = "in" if relation == "to" else relation
                break
            anchors += found[:1] if relation != "between" or len(found) == 1 else found[:2]
        if relation == "to":
            relation = "beside"
        if relation in ("in", "on") and not containers:
            self._check_stack(relation, anchors, moved)
        if any(one is anchor for one in moved for anchor in anchors):
            text = say.say("A thing can't be put beside itself.", "不能把东西放到它自己旁边。")
            arm.end(text, anchors, asks=True)
        return Goal(
            relation=relation,
            anchors=anchors,
            containers=containers,
            several=len(containers) > 1,
            side=where.side,
            distance=where.distance,
        )

    def _anchors(self, phrase: str, relation: str, moved: Sequence[Tracked]) -> Sequence[Tracked]:
        """What a destination is told by, apart from what is moved there."""
        table = self._arm.table
        key = (phrase,)
        if key in self._found:
            return self._found[key]
        spared = {id(one) for one in moved}
        things = [one.first for one in table.things if id(one) not in spared]
        named = container_named(phrase, things)
        if relation in _TO_HOLD and named.trouble == "several":
            # «In the white one»: of several, what can hold something.
            held = tuple(thing for thing in named.things if not thing.graspable)
            if held:
                trouble = "several" if len(held) > 1 else None
                named = Named(things=held, trouble=trouble, plural=False, phrase=phrase)
        if named.trouble == "absent" and moved:
            # Perhaps it is only what is moved that fits.
            again = container_named(phrase, [one.first for one in table.things])
            named = again if again.trouble is None else named
        found = table.of(self._settled(phrase, named, every=False))
        self._found[key] = found
        return found

    def _check_stack(
        self, relation: str, anchors: Sequence[Tracked], moved: Sequence[Tracked]
    ) -> None:
        arm, say = self._arm, self._arm.say
        under = anchors[0]
        name = say.the(arm.name(under))
        if relation == "in":
            text = say.say(f"Nothing can be put into {name}.", f"{name}里放不了东西。")
            arm.end(text, [under])
        if under.first.kind not in _FLAT or len(moved) > 1:
            text = say.say(f"It wouldn't stay on {name}.", f"放在{name}上会掉下来。")
            arm.end(text, [under])

    def _sort(self, step: Sort) -> list[Job]:
        found = self._movable(step.what, every=True)
        self._free_hand([])
        table = self._arm.table
        groups: dict[str, list[Tracked]] = {}
        for one in found:
            key = one.first.colour if step.by == "colour" else one.first.kind
            groups.setdefault(key, []).append(one)
        sides = table.seen.sides
        ordered = sorted(
            groups,
            key=lambda key: sum(sides.measured(o.where)[0] for o in groups[key]) / len(groups[key]),
        )
        goals = self._group_goals(ordered, by_colour=step.by == "colour")
        jobs: list[Job] = []
        for key in ordered:
            goals[key].expect(groups[key], table)
            jobs += [Carry(one=one, goal=goals[key]) for one in groups[key]]
        return jobs

    def _group_goals(self, keys: Sequence[str], *, by_colour: bool) -> dict[str, Goal]:
        """Where each group goes: the container of its colour; else a strip of the table."""
        free = self._arm.table.containers()
        goals: dict[str, Goal] = {}
        for key in keys if by_colour else ():
            own = next((c for c in free if c.first.colour == key), None)
            if own is not None:
                free.remove(own)
                goals[key] = Goal(relation="in", containers=[own])
        rest = [key for key in keys if key not in goals]
        if len(rest) <= len(free):
            goals |= {
                key: Goal(relation="in", containers=[c]) for key, c in zip(rest, free, strict=False)
            }
            return goals
        for number, key in enumerate(rest):
            goals[key] = Goal(relation="strip", strip=(number, len(rest)))
        return goals
