"""What is said of an arm's work, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from deixis.vision.embedded._text import has_han
from deixis.vision.embedded._wording import Wording
from deixis.vision.embedded.operating._instruction import Reason

_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "in": ("in {0}", "在{0}里"),
    "on": ("on {0}", "在{0}上"),
    "beside": ("next to {0}", "在{0}旁边"),
    "left": ("to the left of {0}", "在{0}左边"),
    "right": ("to the right of {0}", "在{0}右边"),
    "front": ("in front of {0}", "在{0}前面"),
    "behind": ("behind {0}", "在{0}后面"),
    "between": ("between {0} and {1}", "在{0}和{1}之间"),
    "person": (
        "at the front of the table, as near to you as I put things",
        "在桌子前边，离您最近的地方",
    ),
    "back": ("back where it was", "回到了原处"),
    "free": ("on the table", "在桌上"),
}
_PARTS: Final[Mapping[tuple[int, int], tuple[str, str]]] = {
    (0, 0): ("in the middle", "在中间"),
    (-1, 0): ("on the left", "在左边"),
    (1, 0): ("on the right", "在右边"),
    (0, -1): ("at the front", "在前边"),
    (0, 1): ("at the back", "在后边"),
    (-1, -1): ("at the front left", "在左前方"),
    (1, -1): ("at the front right", "在右前方"),
    (-1, 1): ("at the back left", "在左后方"),
    (1, 1): ("at the back right", "在右后方"),
}  # fmt: skip


class Telling(Wording):
    """Sentences about an arm's work in one language."""

    def say(self, english: str, chinese: str, *kept: str) -> str:
        """A sentence; what it quotes is kept as it is written."""
        self._kept.update(kept)
        return self._say(english, chinese)

    def the(self, name: str) -> str:
        """A thing by its name."""
        return name if self.chinese or name == "it" else f"the {name}"

    def these(self, names: Sequence[str]) -> tuple[str, str, str]:
        """Things by their names, the same to begin a sentence, and the verb after them."""
        counts: dict[str, int] = {}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        told = [
            self.the(name) if n == 1 else self.say(f"the {n} {plural(name)}", f"{n}个{name}")
            for name, n in counts.items()
        ]
        text = self.listed(told)
        return text, text[:1].upper() + text[1:], "is" if len(names) == 1 else "are"

    def named(self, names: Sequence[str]) -> str:
        """«the red cube and the blue ball»."""
        return self.listed([self.the(name) for name in names])

    def cited(self, phrase: str) -> str:
        """The asker's own words."""
        quotes = "「{}」" if any(q in phrase for q in "“”") else "“{}”"
        self._kept.add(phrase)
        return quotes.format(phrase)

    def place(self, relation: str, anchors: Sequence[str], side: tuple[int, int] = (0, 0)) -> str:
        """Where something lies, after «is» or «在»."""
        english, chinese = _PARTS[side] if relation in ("part", "shift") else _PLACES[relation]
        told = [self.the(anchor) for anchor in anchors]
        return self.say(english.format(*told), chinese.format(*told))

    def helping(self) -> str:
        """Examples of what can be asked."""
        return self.say(
            "You can say: “Put the red cube in the bowl”, “Pick up the largest ball”, “Sort the "
            "cubes by colour”, “Where is the green ball?”, “Stop”.",
            "可以说：“把红色方块放进碗里”、“拿起最大的球”、“把方块按颜色分开”、“绿色的球在哪里？”、"
            "“停”。",
        )

    def unclear(self, reason: Reason, words: str) -> str:
        """An instruction that isn't carried out, and why; nothing has moved."""
        told = self.cited(words)
        english, chinese = {
            "words": ("I don't understand {}.", "我没听懂{}。"),
            "negated": (
                "{} says what not to do, so nothing moves. Say what to do instead.",
                "{}说的是不要做什么，所以我没有动。请直接告诉我要做什么。",
            ),
            "condition": (
                "I can't wait for anything or check conditions ({}), so nothing moves. Say what "
                "to do now.",
                "我不能等待或判断条件（{}），所以没有动。请直接告诉我现在要做什么。",
            ),
            "choice": (
                "{} leaves it open which. Name one of them, and I'll do it.",
                "{}没有说定是哪一个，请指明一个。",
            ),
            "cannot": (
                "I can't do {}: I only look, point, pick things up and put them down.",
                "我做不了{}：我只会看、指、拿起和放下东西。",
            ),
            "where": ("Where should it go? {} doesn't say.", "要放到哪里？{}里没有说。"),
            "what": ("What do you mean? {} doesn't say what to take.", "指的是什么？{}里没有说。"),
            "foreign": ("I understand English and Chinese only.", "我只懂英语和中文。"),
        }[reason]
        text = self.say(english.format(told), chinese.format(told))
        if reason in ("words", "cannot"):
            return self.joined([text, self.helping()])
        return text

    def joined(self, sentences: Sequence[str]) -> str:
        """Sentences, one after the other."""
        return ("" if self.chinese else " ").join(s for s in sentences if s)

    def nothing(self) -> str:
        """No work to do."""
        return self.joined([self.say("Nothing moves.", "好的，没有动。"), self.helping()])

    def stopped(self) -> str:
        """The arm is stopped."""
        return self.say(
            "The arm is stopped. It moves no more until a person releases it.",
            "机械臂已停下。要等人解除停止后才会再动。",
        )

    def unknown(self, phrase: str) -> str:
        """A phrase with words that mean nothing here."""
        told = self.cited(phrase)
        return self.say(
            f"I don't know what {told} is, so nothing has moved.",
            f"我不知道{told}是什么，所以没有动。",
        )

    def missing(self, phrase: str, seen: Sequence[str]) -> str:
        """Nothing on the table fits a phrase."""
        told = self.cited(phrase)
        there = self.counted(seen)
        if not there:
            return self.say(
                f"I see no {told}: the table is empty.", f"没有看到{told}：桌上是空的。"
            )
        return self.say(f"I see no {told}. I see {there}.", f"没有看到{told}。我看到{there}。")

    def fewer(self, phrase: str, seen: Sequence[str]) -> str:
        """Not as many as were asked for."""
        told, there = self.cited(phrase), self.counted(seen)
        return self.say(
            f"I can't find {told}: I see only {there}.", f"没有{told}，我只看到{there}。"
        )

    def choose(self, phrase: str, choices: Sequence[str]) -> str:
        """Several fit a phrase: how they differ."""
        told = self.cited(phrase)
        if self.chinese:
            return self.say("", f"{told}是指哪一个？{'、'.join(choices)}？", *choices)
        options = choices[0] if len(choices) < 2 else f"{', '.join(choices[:-1])} or {choices[-1]}"
        return f"Which one is {told}: {options}?"

    def counted(self, names: Sequence[str]) -> str:
        """«2 red cubes and a bowl»: names with how many there are of each."""
        counts: dict[str, int] = {}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        if self.chinese:
            self._kept.update(n for n in counts if "“" in n)
            return "、".join(self._say("", f"{n}个{name}") for name, n in counts.items())
        told = [
            f"{n} {plural(name)}" if n > 1 else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
            for name, n in counts.items()
        ]
        return self.listed(told)

    def reported(self, reason: str) -> str:
        """What a tool said went wrong, in its own words."""
        bare = reason.removeprefix("Error:").removeprefix("Not done:").strip().rstrip(".")
        return self.say(f"({bare})", f"（{bare}）", bare) if bare else ""


def plural(name: str) -> str:
    """An English name for several of a kind."""
    if has_han(name) or '"' in name:
        return name
    return f"{name}es" if name.endswith(("x", "s")) else f"{name}s"
