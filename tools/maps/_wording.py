"""What is said of a way: moves, and sentences for them in English and Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from deixis.tools.maps._map import Names, name_in
from deixis.vision.embedded import traditional

Turn = Literal[
    "straight", "slight_left", "left", "sharp_left", "back", "sharp_right", "right", "slight_right"
]
Side = Literal["left", "right", "ahead"]
Spoken = Literal["en", "zh"]

_LONGEST_NAME = 60
_MOST_DOORS = 10
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
# English names that take an article end in a word for a thing; those of specialities don't.
_THINGS = frozenset(
    "desk pharmacy laboratory lab office room ward clinic centre center department hall lobby "
    "toilet toilets restroom restrooms bathroom entrance exit gate door counter cafe café "
    "restaurant shop store kiosk station unit theatre theater library reception area waiting "
    "corridor courtyard garden stairs stairway staircase escalator escalators lift lifts elevator "
    "elevators ramp cashier chapel canteen bank atm suite bay point window zone hub bureau".split()
)
_KINDS: dict[str, dict[Spoken, str]] = {
    "lift": {"en": "the lift", "zh": "电梯"},
    "stairs": {"en": "the stairs", "zh": "楼梯"},
    "escalator": {"en": "the escalator", "zh": "自动扶梯"},
    "ramp": {"en": "the ramp", "zh": "坡道"},
    "entrance": {"en": "the entrance", "zh": "入口"},
    "toilet": {"en": "the toilets", "zh": "卫生间"},
    "room": {"en": "the room", "zh": "房间"},
}
# An escalator may be called by the way that it goes.
_SAYS_WAY = re.compile(r"(?i)\b(?:up|down|upwards?|downwards?)\W*$|[上下]行?\W*$")
_SOMEWHERE: dict[Spoken, str] = {"en": "the place", "zh": "该处"}
_TURNS: dict[Turn, tuple[str, str]] = {
    "straight": ("go straight on", "直行"),
    "slight_left": ("bear left", "向左前方走"),
    "left": ("turn left", "左转"),
    "sharp_left": ("turn sharp left", "向左后方转"),
    "back": ("turn around", "掉头"),
    "sharp_right": ("turn sharp right", "向右后方转"),
    "right": ("turn right", "右转"),
    "slight_right": ("bear right", "向右前方走"),
}
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_CHINESE_NUMBERS = "一二三四五六七八九十"
_SIDES: dict[Side, tuple[str, str]] = {
    "left": ("on your left", "在左手边"),
    "right": ("on your right", "在右手边"),
    "ahead": ("straight ahead", "就在正前方"),
}


@dataclass(frozen=True, kw_only=True)
class Named:
    """A thing of the map as it is spoken of.

    Attributes:
        names: By language; may be empty.
        kind: What it is, for one without a name.
    """

    names: Names
    kind: str

    def said(self, language: Spoken) -> str:
        """Its name within a sentence, in English with the article where there is one."""
        name = _CONTROL.sub(" ", name_in(self.names, language))
        name = " ".join(name.split())
        if len(name) > _LONGEST_NAME:
            name = name[: _LONGEST_NAME - 1] + "…"
        if not name:
            return _KINDS.get(self.kind, _SOMEWHERE)[language]
        last = name.split()[-1].casefold()
        bare = language != "en" or last not in _THINGS or name.casefold().startswith("the ")
        return name if bare else f"the {name}"

    @property
    def plural(self) -> bool:
        """Whether its English name takes a plural verb."""
        last = self.said("en").split()[-1].casefold()
        return last in _THINGS and last.endswith("s") and last[:-1] in _THINGS | {"stair"}


@dataclass(frozen=True, kw_only=True)
class Here:
    """One is there already.

    Attributes:
        place: Where.
    """

    place: Named


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Going out of a room or a lift.

    Attributes:
        place: What is left.
        turn: After its door.
    """

    place: Named
    turn: Turn


@dataclass(frozen=True, kw_only=True)
class Go:
    """A straight walk.

    Attributes:
        metres: To walk.
        turn: Before it; None where one faces that way already.
        start: Where it begins, for the first walk of a way from open ground.
        along: The corridor or hall, where it is one.
        past: What is passed, and on which side.
        facing: What is walked towards, or away from where False, from the start.
        through_door: Whether doors across the corridor are gone through.
        past_first: Whether `past` comes before the door.
        to: What it leads to, and on which side that is.
    """

    metres: float
    turn: Turn | None = None
    start: Named | None = None
    along: Named | None = None
    past: tuple[Named, Side] | None = None
    facing: tuple[Named, bool] | None = None
    through_door: bool = False
    past_first: bool = False
    to: tuple[Named, Side] | None = None


@dataclass(frozen=True, kw_only=True)
class Through:
    """Going through a room on the way.

    Attributes:
        room: Which.
        side: Where it is, seen from the way.
    """

    room: Named
    side: Side


@dataclass(frozen=True, kw_only=True)
class Take:
    """A change of floors.

    Attributes:
        what: The lift, stairs, escalator or ramp.
        up: Whether it goes up.
        floor: Where to leave it, as signs write it.
    """

    what: Named
    up: bool
    floor: str


@dataclass(frozen=True, kw_only=True)
class Arrive:
    """The last walk, and where the destination is.

    Attributes:
        place: The destination.
        side: Where it is, at the end of the walk.
        metres: To walk.
        turn: Before the walk; None where one faces that way already.
        start: Where it begins, for the only walk of a way from open ground.
        facing: What is walked towards, or away from where False, from the start.
        through_door: Whether doors across the corridor are gone through.
        door: Its number among the doors on its side, counted from the last turn; None where
            counting doesn't help.
    """

    place: Named
    side: Side
    metres: float
    turn: Turn | None = None
    start: Named | None = None
    facing: tuple[Named, bool] | None = None
    through_door: bool = False
    door: int | None = None


Move = Here | Leave | Go | Through | Take | Arrive


def say(move: Move, language: str) -> str:
    """A sentence for a move.

    Args:
        move: What is to be done.
        language: `en`, `zh`, `zh-Hant` and their kin; any other language is told in English.
    """
    spoken = spoken_in(language)
    if spoken == "en":
        return _capital(_english(move))
    sentence = _chinese(move)
    return traditional(sentence) if is_traditional(language) else sentence


def spoken_in(language: str) -> Spoken:
    """The language that directions asked for in a language are in."""
    return "zh" if language.split("-")[0].lower() == "zh" else "en"


def is_traditional(language: str) -> bool:
    """Whether a tag such as `zh-Hant` or `zh-TW` asks for traditional characters."""
    parts = {part.lower() for part in language.split("-")}
    return "hant" in parts or ("hans" not in parts and bool(parts & {"tw", "hk", "mo"}))


def turned(degrees: float) -> Turn:
    """The turn that an angle is, in degrees anticlockwise, from -180 to 180."""
    size = abs(degrees)
    if size < 25:
        return "straight"
    if size >= 160:
        return "back"
    if degrees > 0:
        return "slight_left" if size < 60 else "left" if size < 120 else "sharp_left"
    return "slight_right" if size < 60 else "right" if size < 120 else "sharp_right"


def on_side(degrees: float) -> Side:
    """The side that a direction lies on, in degrees anticlockwise from the heading."""
    return "ahead" if abs(degrees) < 35 else "left" if degrees > 0 else "right"


def _english(move: Move) -> str:
    match move:
        case Here():
            return f"you are there: {move.place.said('en')}."
        case Leave():
            return f"leave {move.place.said('en')} and {_TURNS[move.turn][0]}."
        case Through():
            where = {"left": "turn left and go", "right": "turn right and go", "ahead": "go"}
            return f"{where[move.side]} through {move.room.said('en')}."
        case Take():
            what = move.what.said("en")
            way = "" if _SAYS_WAY.search(what) else " up" if move.up else " down"
            return f"take {what}{way} to {move.floor}."
        case Go():
            return _english_walk(move)
        case Arrive():
            return _english_arrival(move)


def _english_walk(move: Go) -> str:
    words = f"walk {_metres(move.metres)} m"
    if move.turn is not None and move.turn != "straight":
        words = f"{_TURNS[move.turn][0]} and {words}"
    if move.start is not None:
        ahead = " straight ahead" if move.turn == "straight" else ""
        words = f"from {move.start.said('en')}, {words}{ahead}"
    if move.along is not None:
        words += f" along {move.along.said('en')}" if move.along.names else " along the corridor"
    if move.facing is not None and move.to is None:
        words += f" {_english_facing(*move.facing)}"
    door = ", through the door" if move.through_door else ""
    if move.to is not None:
        place, side = move.to
        where = "" if side == "ahead" else f", {_SIDES[side][0]}"
        return f"{words}{door} to {place.said('en')}{where}."
    past = ""
    if move.past is not None:
        place, side = move.past
        past = f", past {place.said('en')} {_SIDES[side][0]}"
    return f"{words}{past}{door}." if move.past_first else f"{words}{door}{past}."


def _english_arrival(move: Arrive) -> str:
    metres = _metres(move.metres)
    place = f"{move.place.said('en')} {'are' if move.place.plural else 'is'}"
    start = f"from {move.start.said('en')}, " if move.start is not None else ""
    turn = f"walk {_english_facing(*move.facing)}; " if move.facing is not None else ""
    if move.turn is not None and move.turn != "straight":
        turn = f"{_TURNS[move.turn][0]}; "
    if move.through_door:
        turn += "go through the door; "
    if move.side == "ahead":
        where = f"straight ahead, {metres} m on" if move.metres >= 1 else "straight ahead"
        return f"{start}{turn}{place} {where}."
    ahead = f", {metres} m ahead" if metres > 1 else ""
    if move.door is not None and move.door <= _MOST_DOORS:
        door = f"the {_ORDINALS[move.door - 1]} door {_SIDES[move.side][0]}"
        return f"{start}{turn}{place} {door}{ahead}."
    return f"{start}{turn}{place} {_SIDES[move.side][0]}{ahead}."


def _english_facing(place: Named, towards: bool) -> str:
    return f"{'towards' if towards else 'away from'} {place.said('en')}"


def _chinese_facing(place: Named, towards: bool) -> str:
    return f"朝{place.said('zh')}方向" if towards else f"背向{place.said('zh')}"


def _chinese(move: Move) -> str:
    match move:
        case Here():
            return f"您已在{move.place.said('zh')}。"
        case Leave():
            out = f"离开{move.place.said('zh')}"
            if move.place.kind in ("lift", "escalator", "stairs"):
                out = f"出{_KINDS[move.place.kind]['zh']}"
            return f"{out}后{_TURNS[move.turn][1]}。"
        case Through():
            where = {"left": "左转，", "right": "右转，", "ahead": ""}
            return f"{where[move.side]}穿过{move.room.said('zh')}。"
        case Take():
            verb = "走" if move.what.kind in ("stairs", "ramp") else "乘"
            what = move.what.said("zh")
            way = "上" if move.up else "下"
            way = "" if move.what.kind == "lift" or _SAYS_WAY.search(what) else way
            return f"{verb}{what}{way}到{move.floor}。"
        case Go():
            return _chinese_walk(move)
        case Arrive():
            return _chinese_arrival(move)


def _chinese_walk(move: Go) -> str:
    words: list[str] = []
    if move.start is not None:
        words.append(f"从{move.start.said('zh')}出发")
    if move.turn is not None and move.turn != "straight":
        words.append(_TURNS[move.turn][1])
    if move.facing is not None and move.to is None:
        words.append(_chinese_facing(*move.facing))
    along = ""
    if move.along is not None:
        along = f"沿{move.along.said('zh')}" if move.along.names else "沿走廊"
    verb = "直行" if move.turn == "straight" else "前行"
    words.append(f"{along}{verb}{_metres(move.metres)}米")
    seen = ["穿过门"] if move.through_door else []
    if move.to is not None:
        place, side = move.to
        seen.append(f"到{place.said('zh')}" + ("" if side == "ahead" else f"（{_SIDES[side][1]}）"))
    elif move.past is not None:
        place, side = move.past
        side_words = {"left": "左手边的", "right": "右手边的", "ahead": ""}
        past = f"途经{side_words[side]}{place.said('zh')}"
        seen.insert(0 if move.past_first else len(seen), past)
    return "，".join([*words, *seen]) + "。"


def _chinese_arrival(move: Arrive) -> str:
    place, metres = move.place.said("zh"), _metres(move.metres)
    words: list[str] = []
    if move.start is not None:
        words.append(f"从{move.start.said('zh')}出发")
    if move.turn is not None and move.turn != "straight":
        words.append(_TURNS[move.turn][1])
    if move.facing is not None:
        words.append(_chinese_facing(*move.facing))
    if metres > 1 or (move.side == "ahead" and move.metres >= 1):
        words.append(f"前行{metres}米")
    if move.through_door:
        words.append("穿过门")
    where = _SIDES[move.side][1]
    if move.side != "ahead" and move.door is not None and move.door <= _MOST_DOORS:
        where += f"第{_CHINESE_NUMBERS[move.door - 1]}个门"
    words.append(f"{place}{where}")
    return "，".join(words) + "。"


def _metres(length: float) -> int:
    return max(1, round(length))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
