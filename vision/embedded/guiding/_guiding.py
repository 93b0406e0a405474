"""How the embedded model guides: from a question and what tools answered to the next call.

It is worked out anew for each call: the same words, pictures and results come to the same call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from deixis.vision._dialect import JsonObject
from deixis.vision._geometry import Detection
from deixis.vision.embedded._deciding import Decision
from deixis.vision.embedded._labels import inline_floors
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._text import compact
from deixis.vision.embedded.guiding._course import (
    Choice,
    Course,
    choices_of,
    same_name,
    value_of,
)
from deixis.vision.embedded.guiding._on_sign import (
    agreed,
    disagreeing,
    facts_of,
    is_directory,
    kept,
    written,
)
from deixis.vision.embedded.guiding._request import Request
from deixis.vision.embedded.guiding._results import (
    PlacesTold,
    PlaceTold,
    RouteTold,
    reason_of,
    told_in,
)
from deixis.vision.embedded.guiding._telling import GuideTelling
from deixis.vision.embedded.operating._carrying import Act, Done

FIND: Final = "find_place"
ROUTE: Final = "route"
# Of these there are several, and the nearest is meant.
_KINDS: Final = frozenset({"toilet", "lift", "stairs", "escalator", "ramp", "entrance", "amenity"})
_RIDDEN: Final = frozenset({"lift", "stairs", "escalator", "ramp"})
_MOST_CHOICES: Final = 5
_MOST_COMPARED: Final = 3
_THANKS: Final = re.compile(r"\bthank|\bcheers\b|谢|感谢|謝", re.IGNORECASE)

Look = Callable[[str, str], Decision]
Work = Generator[Act, Done, Decision]


@dataclass(kw_only=True)
class Guide:
    """One turn of a guide: what is said and found, until there is an answer.

    Attributes:
        request: What was said.
        course: What the conversation came to before; None at its beginning.
        say: How things are said.
        look: Reads the signs in view for a question, in a language; None where there are none.
        number: The local emergency number, where known.
        offered: Names of the tools.
    """

    request: Request
    course: Course | None
    say: GuideTelling
    look: Look | None
    number: str
    offered: Collection[str]
    _emergency: PlaceTold | None = field(default=None, init=False)
    _near: tuple[PlaceTold, ...] = field(default=(), init=False)
    _differs: bool = field(default=False, init=False)

    def work(self, text: str) -> Work:
        """Answers what was said.

        Args:
            text: As it was said.
        """
        course = self._course(text)
        if isinstance(course, Decision):
            return course
        sign = self._on_sign(course)
        if sign is not None and sign.call is not None:
            return sign
        if course.goal is not None:
            goal = course.goal.named(self.say.language)
            return (yield from self._answered(course, [goal], sign, to=course.goal.to))
        places = yield from self._found(course, sign)
        if isinstance(places, Decision):
            return places
        if not places:
            return self._nowhere(course, sign)
        return (yield from self._chosen(course, places, sign))

    def _course(self, text: str) -> Course | Decision:
        """What is sought now, by what was said and what was spoken of before."""
        request, before = self.request, self.course
        old = before or Course()
        changed = old.changed(request)
        if before is not None and before.asks == "which":
            words = request.goal or text
            if (choice := before.chosen(words) or before.chosen(text)) is not None:
                return changed.model_copy(update={"goal": choice, "query": choice.place.name})
        if before is not None and before.asks in ("start", "from") and not request.way:
            at = before.chosen(text) if before.asks == "from" else None
            start = at.to if at is not None else request.goal
            if start:
                return changed.model_copy(update={"start": start, "way": True})
        if request.back and before is not None and before.arrived is not None:
            return changed.turned_back()
        if request.goal:
            way = request.way or (request.again and old.way) or old.asks == "goal"
            update = {"query": request.goal, "goal": None, "way": way}
            return changed.model_copy(update=update)
        if request.changes or request.way or request.hours:
            return self._same_goal(changed, text)
        said = self.say.welcome() if _THANKS.search(text) else self.say.helping()
        return self._closing(said, found=False, course=before)

    def _same_goal(self, course: Course, text: str) -> Course | Decision:
        """The earlier goal, by another way."""
        asked = self.course is not None and self.course.asks == "which"
        if course.goal is not None or (course.query and (asked or course.start is None)):
            way = course.way or self.request.changes or self.request.way
            return course.model_copy(update={"way": way})
        if course.start is not None and not self.request.way and not self.request.where:
            asks = course.model_copy(update={"asks": "goal"})
            return self._closing(self.say.where_to(course.start), found=False, course=asks)
        if course.start is None or self.request.avoid or self.request.step_free is not None:
            return self._closing(self.say.helping(), found=False, course=course)
        # «I'm in agony, where should I go?»: what looked like a place is what ails them.
        self.request = replace(self.request, question=text)
        return course.model_copy(update={"query": course.start, "start": None, "way": True})

    def _on_sign(self, course: Course) -> Decision | None:
        if self.look is None or self.request.back or self.request.among:
            return None
        asked = bool(self.request.goal) and course.query == self.request.goal
        return self.look(self.request.question if asked else course.query, self.say.language)

    def _found(
        self, course: Course, sign: Decision | None
    ) -> Generator[Act, Done, list[PlaceTold] | Decision]:
        """What of the map is meant: by the asker's words, else by those of the sign."""
        names = written(sign)
        reason = ""
        for query in dict.fromkeys([course.query, *names]):
            done = yield Act(tool=FIND, args={"query": query, "language": self.say.language})
            told = None if done.error else told_in(done.text, PlacesTold)
            if told is None:
                reason = reason or reason_of(done.text)
                continue
            self._emergency = self._emergency or told.emergency
            self._near = self._near or told.near
            places = _best(told.places, query)
            same = agreed(places, sign)
            if same or (places and not names):
                return self._on_floor(same or places)
            if places and query in names:
                return self._on_floor(places)
        if reason and not names:
            return self._closing(self.say.failed(reason), found=False, course=self.course)
        return []

    def _on_floor(self, places: list[PlaceTold]) -> list[PlaceTold]:
        """Those on the floor that the asker named or is on, where there are some."""
        return self._there(places) or places

    def _there(self, places: Iterable[PlaceTold]) -> list[PlaceTold]:
        said = f"{self.request.question} {self.request.start or ''}"
        floors = {label.value for label, _, _ in inline_floors(said)}
        return [place for place in places if value_of(place.floor) in floors]

    def _chosen(self, course: Course, places: list[PlaceTold], sign: Decision | None) -> Work:
        """Goes on with the one place that is meant, or asks which."""
        if places[0].fits != "name":
            # Who treats something is asked about, not the door to them.
            places = [place for place in places if place.kind not in _KINDS] or places
        if self.request.among == "riding" and all(place.kind in _RIDDEN for place in places):
            return self._riding(course, places)
        if len(places) == 1:
            return (yield from self._answered(course, places, sign, to=places[0].id))
        if self.request.among == "nearest" and len(_by_name(places)) > 1:
            return (yield from self._compared(course, places))
        if all(place.kind in _KINDS for place in places):
            return (yield from self._nearest(course, places, sign))
        need = places[0].fits != "name"
        if need or course.way:
            return self._which(course, places, sign, need=need)
        return (yield from self._answered(course, places, sign, to=""))

    def _riding(self, course: Course, places: Sequence[PlaceTold]) -> Decision:
        """Which of the lifts goes to a floor."""
        there = [place for place in self._there(places) if not place.closed]
        text = self.say.goes_to(there) if there else self.say.none_goes_there()
        return self._closing(text, found=bool(there), course=course)

    def _compared(self, course: Course, places: Sequence[PlaceTold]) -> Work:
        """Which of several is the nearest: how far each of them is."""
        found: list[tuple[RouteTold, Course]] = []
        for place, on in _by_name(places)[:_MOST_COMPARED]:
            goal = Choice(to=place.name if len(on) > 1 else place.id, place=place)
            tried = course.model_copy(update={"goal": goal, "query": place.name})
            done = yield Act(tool=ROUTE, args=_wanted(tried, self.say.language))
            route = None if done.error else told_in(done.text, RouteTold)
            if route is not None and route.places:
                found.append((route, tried))
        if not found:
            return (yield from self._answered(course, places, None, to=""))
        found.sort(key=lambda one: one[0].distance_m)
        begins, end = found[0][0].places[0], found[0][0].places[-1]
        far = [(route.places[-1], route.distance_m) for route, _ in found]
        said = [*self._where_it_is(places, None), self.say.distances(begins, far)]
        text = self.say.joined(said)
        return self._closing(text, found=True, course=found[0][1], facts=facts_of(None, end))

    def _nearest(self, course: Course, places: list[PlaceTold], sign: Decision | None) -> Work:
        """Goes on with a kind of place that is in several spots: who asks where means the way."""
        one_name = len({compact(place.name) for place in places}) == 1
        to = places[0].name if one_name else course.query
        if len({place.floor for place in places}) == 1:
            to = places[0].id if not one_name else f"{to} {places[0].floor}"
        course = course.model_copy(update={"way": course.way or not one_name})
        return (yield from self._answered(course, places, sign, to=to))

    def _which(
        self, course: Course, places: Sequence[PlaceTold], sign: Decision | None, *, need: bool
    ) -> Decision:
        shown = list(places)[:_MOST_CHOICES]
        asked = self.say.choose([self.say.choice(place) for place in shown], need=need)
        safety = self.say.safety(self._emergency, self.number)
        text = self.say.joined([asked, safety, *self._no_advice()])
        open_ = course.model_copy(update={"asks": "which", "choices": choices_of(shown)})
        return self._closing(text, found=False, course=open_, sign=kept(sign))

    def _answered(
        self, course: Course, places: Sequence[PlaceTold], sign: Decision | None, *, to: str
    ) -> Work:
        """Where it is, what sign and map disagree on, and the way, where it is asked for."""
        first = places[0]
        several = len(places) > 1
        shut = all(place.closed for place in places)
        spot = first.model_copy(update={"floor": ""}) if several else first
        goal = Choice(to=to or first.id, place=spot)
        course = course.model_copy(update={"goal": goal, "query": course.query or first.name})
        if self.request.start is None:
            course = course.moved_on(first.id)
        sign = self._seen(places, sign)
        said = self._said(places, sign)
        if self.request.hours and not several:
            said.append(self.say.hours(first))
        if course.way and shut:
            said.append(self.say.shut(first))
        if course.way and to and not shut:
            return (yield from self._routed(course, said, sign, first))
        return self._closing(
            self.say.joined(said), found=True, course=course, sign=sign, facts=facts_of(sign, first)
        )

    def _routed(
        self, course: Course, said: list[str], sign: Decision | None, goal: PlaceTold
    ) -> Work:
        """Asks for the way, and where the asker is when that isn't clear."""
        facts = facts_of(sign, goal)
        if (floor := _only_floor(course.start)) is not None:
            same = value_of(goal.floor) == value_of(floor)
            here = goal.floor if same else floor
            said.append(self.say.where_on(here))
            course = course.model_copy(update={"asks": "start", "start": None, "here": here})
            return self._closing(
                self.say.joined(said), found=True, course=course, sign=sign, facts=facts
            )
        done = yield Act(tool=ROUTE, args=_wanted(course, self.say.language))
        route = None if done.error else told_in(done.text, RouteTold)
        if route is None and course.start is not None:
            spots = yield from self._spots(course.start)
            there = [s for s in spots if course.here and value_of(s.floor) == value_of(course.here)]
            if len(there) == 1:
                course = course.model_copy(update={"start": there[0].id})
                done = yield Act(tool=ROUTE, args=_wanted(course, self.say.language))
                route = None if done.error else told_in(done.text, RouteTold)
            elif len(spots) > 1:
                said.append(self._asked_where(spots))
                asks = {"asks": "from", "choices": choices_of(spots), "start": None}
                course = course.model_copy(update=asks)
                return self._closing(
                    self.say.joined(said), found=True, course=course, sign=sign, facts=facts
                )
        if route is None:
            said.append(self.say.no_way(reason_of(done.text)))
            return self._closing(
                self.say.joined(said), found=True, course=course, sign=sign, facts=facts
            )
        if course.start is None and _nowhere_to_go(route):
            # They came by the entrance, but ask for it because they are somewhere else.
            said.append(self.say.where_now())
            course = course.model_copy(update={"asks": "start"})
            return self._closing(
                self.say.joined(said), found=True, course=course, sign=sign, facts=facts
            )
        return self._led(course, route, said, sign, goal)

    def _spots(self, start: str) -> Generator[Act, Done, list[PlaceTold]]:
        """The places that what was said of where the asker is may mean."""
        done = yield Act(tool=FIND, args={"query": start, "language": self.say.language})
        told = None if done.error else told_in(done.text, PlacesTold)
        return _best(told.places, start) if told is not None else []

    def _asked_where(self, spots: Sequence[PlaceTold]) -> str:
        if len({compact(spot.name) for spot in spots}) == 1:
            return self.say.which_floor(spots[0], [spot.floor for spot in spots])
        return self.say.at_which([self.say.choice(spot) for spot in spots])

    def _led(
        self,
        course: Course,
        route: RouteTold,
        said: Sequence[str],
        sign: Decision | None,
        goal: PlaceTold,
    ) -> Decision:
        end = route.places[-1] if route.places else goal
        parts = [self.say.joined(said)] if said else []
        parts.append(
            self.say.way(route, start=course.start, step_free=course.step_free, avoid=course.avoid)
        )
        if self._differs:
            parts.append(self.say.by_the_map())
        if course.start is None and self.course is None:
            parts.append(self.say.where_from())
        facts = facts_of(sign, end) | {"distance_m": f"{route.distance_m:.1f}"}
        text = "\n\n".join(part for part in parts if part)
        ends = {"begun": route.places[:1], "arrived": route.places[-1:]}
        known = {name: Choice.of(places[0]) for name, places in ends.items() if places}
        course = course.model_copy(update=known)
        return self._closing(text, found=True, course=course, sign=sign, facts=facts)

    def _said(self, places: Sequence[PlaceTold], sign: Decision | None) -> list[str]:
        """Where it is, by the sign and by the map; and what isn't ours to say."""
        return [*self._where_it_is(places, sign), *self._no_advice()]

    def _no_advice(self) -> list[str]:
        return [self.say.no_advice()] if self.request.advice else []

    def _where_it_is(self, places: Sequence[PlaceTold], sign: Decision | None) -> list[str]:
        first = places[0]
        floors = list(dict.fromkeys(place.floor for place in places if place.floor))
        kinds = {compact(place.name) for place in places}
        on_map = [self.say.is_on(first, floors)]
        if len(kinds) > 1:
            shared = all(place.kind in _KINDS - {"entrance"} for place in places)
            # Of lifts and the like the way tells which is nearest.
            shown = () if shared else _by_name(places)[:_MOST_CHOICES]
            on_map = [self.say.is_on(place, on) for place, on in shown]
        if sign is None:
            return on_map
        if not sign.outcome.found:
            told = is_directory(sign) and first.kind in ("department", "room")
            return [*on_map, self.say.only_on_map()] if told else on_map
        said = [sign.outcome.text]
        if (differ := disagreeing(places, sign)) is not None:
            self._differs = True
            said.append(self.say.disagree(*map(self.say.listed, differ)))
        elif not sign.outcome.facts.get("floor"):
            said += on_map
        return said

    def _seen(self, places: Sequence[PlaceTold], sign: Decision | None) -> Decision | None:
        """The sign's answer; where it has none, what it shows by the place's own names."""
        if sign is None or sign.outcome.found or self.look is None:
            return sign
        for name in places[0].written:
            seen = self.look(name, self.say.language)
            if seen.call is None and agreed(places, seen):
                return seen
        return sign

    def _nowhere(self, course: Course, sign: Decision | None) -> Decision:
        """The map has nothing that fits."""
        if sign is not None and sign.outcome.found:
            said = [sign.outcome.text]
            if sign.outcome.facts.get("floor"):
                said.append(self.say.only_on_sign(way=course.way))
            said += self._no_advice()
            return self._closing(self.say.joined(said), found=True, course=course, sign=sign,
                                 facts=sign.outcome.facts)  # fmt: skip
        neither = self.say.on_neither(sign=sign is not None, words=course.query)
        said = [sign.outcome.text if sign is not None else "", neither]
        if self.request.advice:
            said = self._no_advice()
        if self._near:
            helpers = [self.say.choice(place) for place in self._near[:2]]
            said.append(self.say.could_help(helpers).strip())
        return self._closing(self.say.joined(said), found=False, course=course, sign=sign)

    def _closing(
        self,
        text: str,
        *,
        found: bool,
        course: Course | None,
        sign: Decision | None = None,
        facts: Mapping[str, str | None] | None = None,
    ) -> Decision:
        shown: tuple[Detection, ...] = sign.outcome.detections if sign is not None else ()
        outcome = Outcome(
            text=text,
            found=found,
            language=self.say.language,
            detections=shown,
            facts=facts if facts is not None else {"floor": None},
        )
        open_: JsonObject | None = course.left_open if course is not None else None
        return Decision(outcome, open=open_)


def _nowhere_to_go(route: RouteTold) -> bool:
    """Whether a way ends where it begins."""
    return len({place.id for place in route.places[:1] + route.places[-1:]}) == 1


def _wanted(course: Course, language: str) -> JsonObject:
    """The route tool's arguments, those that say nothing left out."""
    args: JsonObject = {"to": course.goal.to if course.goal else course.query}
    if course.start is not None:
        args["start"] = course.start
    if course.step_free:
        args["step_free"] = True
    if course.avoid:
        args["avoid"] = [*course.avoid]
    return args | {"language": language}


def _best(places: Iterable[PlaceTold], query: str) -> list[PlaceTold]:
    """Those that fit best: by the same kind of evidence, and as well as the first."""
    every = list(places)
    if not every:
        return []
    exact = [p for p in every if any(same_name(name, query) for name in p.written)]
    if exact:
        return exact
    alike = [p for p in every if p.fits == every[0].fits]
    top = every[0].score
    if top is None:
        return alike
    return [p for p in alike if p.score is not None and p.score >= top - 0.05]


def _by_name(places: Sequence[PlaceTold]) -> list[tuple[PlaceTold, list[str]]]:
    """Places that share a name as one, with all their floors."""
    named: dict[str, list[PlaceTold]] = {}
    for place in places:
        named.setdefault(compact(place.name), []).append(place)
    return [
        (same[0], list(dict.fromkeys(place.floor for place in same if place.floor)))
        for same in named.values()
    ]


def _only_floor(start: str | None) -> str | None:
    """The floor, where all that is said of where the asker is is a floor."""
    if start is None:
        return None
    found = inline_floors(start)
    if not found:
        return None
    label, begins, ends = found[0]
    rest = compact(start[:begins] + start[ends:])
    return label.text if rest in ("", "the", "floor") else None
