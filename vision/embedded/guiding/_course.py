"""What a conversation with a guide has settled so far, from one turn to the next."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from deixis.vision._dialect import JsonObject
from deixis.vision.embedded._labels import floor_label, inline_floors
from deixis.vision.embedded._text import compact, fold, stems
from deixis.vision.embedded.guiding._request import Request
from deixis.vision.embedded.guiding._results import PlaceTold

GUIDE: Final = "guide"
"""Under which name a reply's `open` holds the course."""

_ORDINALS: Final = (
    r"(?:the )?(?:first|1st|former)(?: one)?|(?:number |option )?(?:1|one)|第一个?|前者|1号?",
    r"(?:the )?(?:second|2nd|latter)(?: one)?|(?:number |option )?(?:2|two)|第二个?|后者|2号?",
    r"(?:the )?(?:third|3rd)(?: one)?|(?:number |option )?(?:3|three)|第三个?|3号?",
    r"(?:the )?(?:fourth|4th)(?: one)?|(?:number |option )?(?:4|four)|第四个?|4号?",
    r"(?:the )?(?:fifth|5th)(?: one)?|(?:number |option )?(?:5|five)|第五个?|5号?",
)
_LAST: Final = r"(?:the )?last(?: one)?|最后一?个?"
_POLITE: Final = re.compile(
    r"^(?:i (?:mean|meant|want|need|think|choose|guess)|it's|that's|probably|maybe|take me to|to"
    r"|go to|yes|no|ok|okay|please|the one (?:on|at)|one on|on"
    r"|(?:请)?带我去|我要去?|我想去|去|是|就|选|嗯)[\s,，]*"
    r"|[\s,.!?。！？，]*(?:please|thanks|thank you|one|吧|的?那个|谢谢)?[\s.!?。！？，]*$",
    re.IGNORECASE,
)

_CARRIERS: Final = (
    ("escalator", re.compile(r"escalators?|自动扶梯|扶梯")),
    ("stairs", re.compile(r"stair(?:case|way|well)?s?|楼梯间?")),
    ("lift", re.compile(r"lifts?|elevators?|电梯")),
    ("door", re.compile(r"doors?|entrances?|门|入口")),
)
_COUNTED: Final = re.compile(r"\b(?:the|no|number|all|both)\b|号")


class Choice(BaseModel):
    """A place that was spoken of.

    Attributes:
        to: What the route tool is given for it: its id, or a name that several places share.
        place: As the map told it; without a floor where it is on several.
    """

    model_config = ConfigDict(frozen=True)

    to: str
    place: PlaceTold

    @classmethod
    def of(cls, place: PlaceTold) -> Choice:
        """One place of the map."""
        return cls(to=place.id, place=place)

    @property
    def floor(self) -> str:
        """As signs write it; empty for what is on several."""
        return self.place.floor

    def named(self, language: str) -> PlaceTold:
        """The place under its name in a language."""
        name = self.place.names.get(language) or self.place.names.get(language.split("-")[0])
        return self.place.model_copy(update={"name": name or self.place.name})


class Course(BaseModel):
    """What is sought, from where, and how.

    Attributes:
        query: What is sought, in words.
        goal: The place that it came to, where it did.
        way: Whether the way is wanted.
        start: Where the asker is, in the words said; None for the main entrance.
        here: The floor that the asker is on, where that is all that is known.
        step_free: Whether stairs are left out.
        avoid: What can't be taken, in the words said.
        begun: Where the last way that was given begins.
        arrived: Where it ends.
        asks: What was asked back: `which` of the choices is sought, at which of them the asker
            is (`from`), where that is in words (`start`), or where to (`goal`).
        choices: Places to choose from.
    """

    model_config = ConfigDict(frozen=True)

    query: str = ""
    goal: Choice | None = None
    way: bool = False
    start: str | None = None
    here: str = ""
    step_free: bool = False
    avoid: tuple[str, ...] = ()
    begun: Choice | None = None
    arrived: Choice | None = None
    asks: Literal["", "which", "from", "start", "goal"] = ""
    choices: tuple[Choice, ...] = ()

    @classmethod
    def of(cls, left: JsonObject | None) -> Course | None:
        """The course that a reply left open; None where it left none."""
        if not left or GUIDE not in left:
            return None
        try:
            return cls.model_validate(left[GUIDE])
        except ValidationError:
            return None

    @property
    def left_open(self) -> JsonObject:
        """As a reply carries it."""
        return {GUIDE: self.model_dump(mode="json", exclude_defaults=True)}

    def changed(self, request: Request) -> Course:
        """The same with what a request says of where from and how."""
        allowed = {allowed for word in request.allow for allowed in self._meant(word)}
        kept = [word for word in self.avoid if word not in allowed]
        return self.model_copy(
            update={
                "start": request.start or self.start,
                "step_free": self.step_free if request.step_free is None else request.step_free,
                "avoid": tuple(dict.fromkeys([*kept, *request.avoid])),
                "asks": "",
                "choices": (),
            }
        )

    def _meant(self, allowed: str) -> list[str]:
        """What of that which can't be taken is allowed again: «the lift», where only one is it."""
        kind, mark = _carrier(allowed)
        alike = [word for word in self.avoid if _carrier(word)[0] == kind]
        same = [word for word in alike if _carrier(word)[1] == mark]
        return same or (alike if not mark and len(alike) == 1 else [])

    def turned_back(self) -> Course:
        """The way back: from where it led to where it began."""
        if self.begun is None or self.arrived is None:
            return self
        query, start = self.begun.place.name, self.arrived.to
        return self.model_copy(
            update={"query": query, "goal": self.begun, "start": start, "way": True}
        )

    def moved_on(self, goal: str) -> Course:
        """From where the last way led, if what is sought now is where that way began.

        Args:
            goal: Id of what is sought.
        """
        if self.begun is None or self.arrived is None or self.begun.place.id != goal:
            return self
        return self.model_copy(update={"start": self.arrived.to})

    def chosen(self, said: str) -> Choice | None:
        """Which of the choices an answer means; None where it doesn't say."""
        bare = fold(said)
        while (less := _POLITE.sub("", bare)) != bare:
            bare = less
        for number, pattern in enumerate(_ORDINALS):
            if re.fullmatch(pattern, bare):
                return self.choices[number] if number < len(self.choices) else None
        if re.fullmatch(_LAST, bare) and self.choices:
            return self.choices[-1]
        named = [choice for choice in self.choices if _named(choice, bare)]
        if len(named) == 1:
            return named[0]
        floors = {label.value for label, _, _ in inline_floors(said)}
        on = [choice for choice in self.choices if value_of(choice.floor) in floors]
        return on[0] if len(on) == 1 else None


def _carrier(said: str) -> tuple[str, str]:
    """What kind of lift, stairs or door is spoken of, and which: «Lift A» and A号电梯 are one."""
    text = fold(said)
    for kind, pattern in _CARRIERS:
        if pattern.search(text):
            return kind, compact(_COUNTED.sub(" ", pattern.sub(" ", text)))
    return compact(text), ""


def value_of(floor: str) -> str:
    """A floor's number, however it is written; the text itself where it is none."""
    label = floor_label(floor) if floor else None
    return label.value if label else fold(floor)


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for case, spaces and the like."""
    return bool(compact(one)) and compact(one) == compact(other)


def choices_of(places: Iterable[PlaceTold]) -> tuple[Choice, ...]:
    """Places as they can be chosen from."""
    return tuple(Choice.of(place) for place in places)


def _named(choice: Choice, said: str) -> bool:
    """Whether an answer is one of a choice's names, or a part that tells it."""
    words, whole = set(stems(said)), compact(said)
    for name in choice.place.written:
        if compact(name) == whole or (len(whole) >= 2 and whole in compact(name)):
            return True
        if words and words <= set(stems(name)):
            return True
        if len(compact(name)) >= 2 and compact(name) in whole:
            return True
    return False
