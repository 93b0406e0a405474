"""What a guide says, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from deixis.vision.embedded._text import has_han
from deixis.vision.embedded._wording import Named, Wording
from deixis.vision.embedded.guiding._results import CardTold, PlaceTold, RouteTold


class GuideTelling(Wording):
    """Sentences about places and ways in one language."""

    def say(self, english: str, chinese: str, *kept: str) -> str:
        """A sentence; what it quotes is kept as it is written."""
        self._kept.update(kept)
        return self._say(english, chinese)

    def joined(self, sentences: Sequence[str]) -> str:
        """Sentences, one after the other."""
        return ("" if self.chinese else " ").join(s for s in sentences if s)

    def called(self, place: PlaceTold) -> str:
        """A place by its name, with what the building writes: «ENT (耳鼻喉科)»."""
        written = next((n for n in place.written if has_han(n)), "")
        if self.chinese or not written or written == place.name:
            return place.name
        return f"{place.name} ({written})"

    def is_on(self, place: PlaceTold, floors: Sequence[str] = ()) -> str:
        """On which floor of the map a place is."""
        where = tuple(floors) or ((place.floor,) if place.floor else ())
        called = self.called(place)
        if not where:
            return self.say(f"{called} is on the map.", f"地图上有{place.name}。")
        if self.chinese or place.kind != "toilet" or not place.name.endswith("s"):
            return self.stands(Named(texts=(called,), places=where), kind="floor")
        return f"{called} are on {self.listed(where)}."

    def goes_to(self, places: Sequence[PlaceTold]) -> str:
        """Which lifts and the like go to a floor."""
        names = list(dict.fromkeys(self.called(place) for place in places))
        verb = "goes" if len(names) == 1 else "go"
        listed, floor = self.listed(names), places[0].floor
        return self.say(f"{listed} {verb} to {floor}.", f"{listed}可以到{floor}。", floor)

    def none_goes_there(self) -> str:
        """No lift or the like goes to the floor that was named."""
        return self.say("By the map none goes to that floor.", "地图上没有能到这一层的。")

    def distances(self, begins: PlaceTold, far: Sequence[tuple[PlaceTold, float]]) -> str:
        """How far several places are, the nearest first."""
        if self.chinese:
            told = "，".join(f"到{place.name}{metres:.0f}米" for place, metres in far)
            return self.say("", f"从{begins.name}出发，{told}。")
        told = self.listed([f"{metres:.0f} m to {place.name}" for place, metres in far])
        return f"From {_from(begins, None)} it is {told}."

    def hours(self, place: PlaceTold) -> str:
        """When a place is open, as the map has it."""
        if place.hours is None:
            return self.say("The map doesn't say when it is open.", "地图上没有写开放时间。")
        return self.say(f"Opening hours: {place.hours}.", f"开放时间：{place.hours}。", place.hours)

    def shut(self, place: PlaceTold) -> str:
        """A place where the public can't go."""
        return self.say(
            f"{self.called(place)} is closed to the public, so there is no way to it.",
            f"{place.name}不对外开放，没有路线。",
        )

    def disagree(self, on_sign: str, on_map: str) -> str:
        """Sign and map name different floors."""
        return self.say(
            f"The sign says {on_sign}, the map {on_map}.",
            f"牌子上写的是{on_sign}，地图上是{on_map}。",
            on_sign,
            on_map,
        )

    def by_the_map(self) -> str:
        """Which of the two the way follows, where they name different floors."""
        return self.say(
            "The way follows the map, which differs from the sign: please ask the staff.",
            "路线按地图给出，与牌子不一致，请向工作人员确认。",
        )

    def only_on_sign(self, *, way: bool) -> str:
        """The map lacks what the sign has."""
        if way:
            return self.say(
                "The map doesn't have it, so I can't give the way.", "地图上没有，所以没法指路。"
            )
        return self.say("The map doesn't have it.", "地图上没有。")

    def on_neither(self, *, sign: bool, words: str) -> str:
        """What nobody knows of."""
        told = self.cited(words)
        if sign:
            return self.say("The map doesn't have it either.", "地图上也没有。")
        return self.say(f"The map has nothing for {told}.", f"地图上没有{told}。", words)

    def only_on_map(self) -> str:
        """The sign lacks what the map has."""
        return self.say("The sign doesn't have it.", "牌子上没有。")

    def cited(self, words: str) -> str:
        """The asker's own words."""
        self._kept.add(words)
        return f"“{words}”"

    def choose(self, choices: Sequence[str], *, need: bool) -> str:
        """Several fit: which is meant."""
        count = len(choices)
        if self.chinese:
            fit = "都有可能" if need else "都叫这个名字或与之相近"
            return self.say("", f"{'、'.join(choices)}{fit}。您要去哪一个？")
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        if need:
            number = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}.get(count, "Several")
            return f"{number} places could fit: {listed}. Which one do you need?"
        return f"Which one do you mean: {listed}?"

    def choice(self, place: PlaceTold) -> str:
        """A place to choose, with its floor."""
        if self.chinese:
            return f"{place.name}（{place.floor}）" if place.floor else place.name
        return f"{self.called(place)}, {place.floor}" if place.floor else self.called(place)

    def safety(self, emergency: PlaceTold | None, number: str) -> str:
        """Where an emergency goes."""
        call_en = f"call {number}" if number else "call the local emergency number"
        call_zh = f"拨打{number}" if number else "拨打当地急救电话"
        if emergency is None:
            return self.say(f"In an emergency, {call_en}.", f"如有紧急情况，请立即{call_zh}。")
        floor = f" on {emergency.floor}" if emergency.floor else ""
        return self.say(
            f"In an emergency, go to {self.called(emergency)}{floor} now, or {call_en}.",
            f"如有紧急情况，请立即前往{emergency.floor}{emergency.name}，或{call_zh}。",
        )

    def no_advice(self) -> str:
        """What a guide leaves to those who treat."""
        return self.say(
            "About treatment and medicine, please ask the staff: I only show where to go.",
            "治疗和用药请咨询医护人员，我只能指路。",
        )

    def way(
        self, route: RouteTold, *, start: str | None, step_free: bool, avoid: Sequence[str]
    ) -> str:
        """A way, step by step."""
        metres = f"{route.distance_m:.0f}"
        begins = route.places[0] if route.places else None
        self._kept.update(avoid)
        if self.chinese:
            name = begins.name if begins else (start or "大门")
            how = "，无障碍" if step_free else ""
            how += f"，避开{'、'.join(avoid)}" if avoid else ""
            head = self.say("", f"从{name}出发，全程{metres}米{how}：")
        else:
            how = ", step-free" if step_free else ""
            how += f", without {self.listed(avoid)}" if avoid else ""
            head = f"From {_from(begins, start)}, {metres} m in all{how}:"
        steps = [f"{n}. {step.instruction}" for n, step in enumerate(route.steps, start=1)]
        return "\n".join([head, *steps])

    def no_way(self, reason: str) -> str:
        """The map's tools found no way, in their words."""
        self._kept.add(reason)
        return self.say(f"I can't give the way: {reason}.", f"给不出路线（{reason}）。")

    def failed(self, reason: str) -> str:
        """A tool of the map failed, in its words."""
        self._kept.add(reason)
        return self.say(f"I can't look that up: {reason}.", f"查不到（{reason}）。")

    def where_from(self) -> str:
        """An offer, where the asker said nothing of where they are."""
        return self.say(
            "If you start somewhere else, tell me where you are.",
            "如果您不在这里，请告诉我您在哪里。",
        )

    def where_now(self) -> str:
        """Where the asker is, without which there is no way to give."""
        return self.say(
            "Which department, lift or stairs are you next to? Then I can give the way from there.",
            "您现在在哪个科室、电梯或楼梯旁边？告诉我，我就能给出路线。",
        )

    def where_on(self, floor: str) -> str:
        """Where on a floor the asker is."""
        return self.say(
            f"Which department, lift or stairs on {floor} are you next to? Then I can give the "
            "way from there.",
            f"您在{floor}的哪个科室、电梯或楼梯旁边？告诉我，我就能给出路线。",
            floor,
        )

    def which_floor(self, place: PlaceTold, floors: Sequence[str]) -> str:
        """On which of its floors the asker is."""
        there = self.is_on(place, floors)
        return self.joined([there, self.say("On which floor are you?", "您在几楼？")])

    def at_which(self, choices: Sequence[str]) -> str:
        """At which of several places the asker is."""
        return self.say(
            f"Which of these are you at: {', '.join(choices)}?",
            f"您在哪一个那里：{'、'.join(choices)}？",
        )

    def where_to(self, start: str) -> str:
        """Where the asker wants to go from where they are."""
        told = self.cited(start)
        return self.say(f"You are at {told}. Where do you want to go?", f"您在{told}。您要去哪里？")

    def helping(self) -> str:
        """Examples of what can be asked."""
        return self.say(
            "You can ask: “How do I get to ENT?”, “Which floor is the pharmacy on?”, “Where is "
            "the nearest toilet? I'm at Radiology”, “Without stairs, please”.",
            "可以问：“耳鼻喉科怎么走？”、“药房在几楼？”、“我在放射科，最近的卫生间怎么走？”、“不走楼梯”。",
        )

    def welcome(self) -> str:
        """An answer to thanks."""
        return self.say("You're welcome.", "不客气。")

    def say_what(self) -> str:
        """What a card needs."""
        return self.say(
            "What should the card say? For example: “How do I say ‘I have an appointment’?”",
            "卡片上要写什么？例如：“‘我有预约’用中文怎么说”。",
        )

    def card(self, card: CardTold) -> str:
        """A card to show to staff."""
        self._kept.update((card.text, card.pinyin))
        lines = [self.say("Show this to staff:", "给工作人员看："), card.text, card.pinyin]
        meaning = f"({card.meaning})" if card.meaning and not self.chinese else ""
        return "\n".join(line for line in (*lines, meaning) if line)


def _from(begins: PlaceTold | None, start: str | None) -> str:
    name = begins.name if begins else (start or "main entrance")
    article = begins is None or begins.kind == "entrance"
    if article and not name.lower().startswith("the "):
        # A name that is nothing but common words is written as such: «the main entrance».
        plain = name.lower() if name.lower() in ("main entrance", "entrance") else name
        return f"the {plain}"
    return name
