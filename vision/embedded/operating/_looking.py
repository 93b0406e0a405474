"""Questions about what stands on the table, answered from one picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from deixis.vision.embedded.operating._carrying import Arm, Say
from deixis.vision.embedded.operating._instruction import Ask
from deixis.vision.embedded.operating._phrases import Named, container_named, named
from deixis.vision.embedded.operating._telling import Telling
from deixis.vision.embedded.operating._tracking import Tracked

_BESIDE: Final = re.compile(
    r"(?P<relation>(?:to the )?left of|(?:to the )?right of|next to|behind|in front of) (?P<a>.+)"
    r"|(?P<b>.+?)的?(?P<side>左|右|前|后|旁|附)(?:边|面|侧|方|近)"
)
_WAYS: Final = {
    "l": (-1, 0), "r": (1, 0), "b": (0, 1), "i": (0, -1), "左": (-1, 0), "右": (1, 0),
    "前": (0, -1), "后": (0, 1),
}  # fmt: skip
_NEAR: Final = 0.15


def answered(asked: Ask, arm: Arm) -> Say:
    """The answer to a question, with the things it is about."""
    say, things = arm.say, arm.table.things
    if asked.about == "holding":
        text = (
            say.say("The gripper holds something.", "夹爪里拿着东西。")
            if arm.holding
            else say.say("The gripper holds nothing.", "夹爪里没有东西。")
        )
        return Say(text=text, found=True)
    if asked.about == "all":
        return _all(things, arm)
    if asked.about == "beside":
        return _beside(asked.phrase, arm)
    if asked.about == "inside":
        return _inside(asked.phrase, arm)
    meant = named(asked.phrase, [one.first for one in things])
    if meant.trouble == "absent" or (meant.trouble == "unknown" and asked.about != "where"):
        meant = container_named(asked.phrase, [one.first for one in things])
    return _about(asked, meant, arm)


def _about(asked: Ask, meant: Named, arm: Arm) -> Say:
    say = arm.say
    found = arm.table.of(meant.things)
    if meant.trouble == "unknown":
        return Say(text=say.joined([_unknown(asked.phrase, say), _seen(arm)]), found=False)
    names = [arm.name(one) for one in found]
    shown = arm.detections(found)
    if asked.about == "count":
        text = say.say(
            f"{len(found)}: {say.counted(names)}." if found else f"None: I see no {asked.phrase}.",
            f"{len(found)}个：{say.counted(names)}。"
            if found
            else f"0个：没有看到{asked.phrase}。",
            asked.phrase,
        )
        return Say(text=text, found=True, detections=shown)
    if not found:
        seen = [arm.name(one) for one in arm.table.things]
        return Say(text=say.missing(asked.phrase, seen), found=False)
    if asked.about == "label":
        return Say(
            text=_labels(found, arm), found=any(o.first.text for o in found), detections=shown
        )
    told = [_standing(one, arm) for one in found]
    if asked.about == "exists":
        told = [say.say("Yes.", "有。"), *told]
    return Say(text=say.joined(told), found=True, detections=shown)


def _unknown(phrase: str, say: Telling) -> str:
    told = say.cited(phrase)
    return say.say(f"I don't know what {told} is.", f"我不知道{told}是什么。")


def _seen(arm: Arm) -> str:
    there = arm.say.counted([arm.name(one) for one in arm.table.things])
    return arm.say.say(f"I see {there}.", f"我看到{there}。") if there else ""


def _all(things: Sequence[Tracked], arm: Arm) -> Say:
    text = _seen(arm) or arm.say.say("The table is empty.", "桌上是空的。")
    return Say(text=text, found=True, detections=arm.detections(things))


def _labels(found: Sequence[Tracked], arm: Arm) -> str:
    say = arm.say
    texts = [one.first.text for one in found if one.first.text]
    if not texts:
        return say.say("I can't read anything printed on it.", "上面没有读到文字。")
    quoted = ", ".join(f"“{text}”" for text in texts)
    return say.say(f"It says {quoted}.", f"上面写着{quoted}。", quoted)


def _standing(one: Tracked, arm: Arm) -> str:
    """Where a thing is, in a sentence."""
    say, name = arm.say, arm.say.the(arm.name(one))
    container = arm.table.container_of(one)
    if container is not None:
        relation = "in" if container.first.kind == "bowl" else "on"
        where = say.place(relation, [arm.name(container)])
    else:
        sides = arm.table.seen.sides
        parts = [(x, y) for y in (0, 1, -1) for x in (0, -1, 1)]
        side = next((p for p in reversed(parts) if sides.in_part(one.where, p)), (0, 0))
        where = say.place("part", [], side)
    upper = name[0].upper() + name[1:]
    return say.say(f"{upper} is {where}.", f"{name}{where}。")


def _inside(phrase: str, arm: Arm) -> Say:
    say = arm.say
    meant = container_named(phrase, [one.first for one in arm.table.things])
    around = arm.table.of(meant.things)
    if meant.trouble in ("unknown", "absent") or not around:
        return _about(Ask(about="where", phrase=phrase), meant, arm)
    within = [one for container in around for one in arm.table.inside(container)]
    name = say.named([arm.name(one) for one in around])
    if not within:
        text = say.say(f"I see nothing in {name}.", f"{name}里没有东西。")
        return Say(text=text, found=True, detections=arm.detections(around))
    there = say.counted([arm.name(one) for one in within])
    text = say.say(f"In {name}: {there}.", f"{name}里有{there}。")
    return Say(text=text, found=True, detections=arm.detections(within))


def _beside(phrase: str, arm: Arm) -> Say:
    """What stands next to a thing, nearest first."""
    say, table = arm.say, arm.table
    told = _BESIDE.fullmatch(phrase)
    if told is None:
        return Say(text=_unknown(phrase, say), found=False)
    of = told["a"] or told["b"]
    firsts = [one.first for one in table.things]
    meant = container_named(of, firsts)
    if meant.trouble is not None:
        return _about(Ask(about="where", phrase=of), meant, arm)
    anchor = table.of(meant.things)[0]
    word = (told["relation"] or told["side"]).removeprefix("to the ")
    side = _WAYS.get(word[0])
    others = [one for one in table.things if one is not anchor and _on_side(one, anchor, side, arm)]
    others.sort(key=lambda one: math.dist(one.where, anchor.where))
    name = say.the(arm.name(anchor))
    if not others:
        text = say.say(f"I see nothing there, by {name}.", f"{name}那边没有东西。")
        return Say(text=text, found=True, detections=arm.detections([anchor]))
    there = say.counted([arm.name(one) for one in others])
    text = say.say(f"Nearest first: {there}.", f"由近到远：{there}。")
    return Say(text=text, found=True, detections=arm.detections(others))


def _on_side(one: Tracked, anchor: Tracked, side: tuple[int, int] | None, arm: Arm) -> bool:
    if side is None:
        return math.dist(one.where, anchor.where) < _NEAR
    across, away = arm.table.seen.sides.measured(one.where, anchor.where)
    ahead = across * side[0] + away * side[1]
    return ahead > 0.02 and ahead >= 0.7 * math.hypot(across, away)
