"""How answers are worded, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deixis.vision.embedded._text import fold, has_han, traditional


@dataclass(frozen=True, kw_only=True)
class Named:
    """A thing on a sign, as it is quoted.

    Attributes:
        texts: As the sign writes it: one line, or a bilingual pair.
        name: Its name in the asker's language; empty where it isn't known.
        places: Where it is said to be (`4F`, `A口`), each as the sign writes it.
    """

    texts: tuple[str, ...]
    name: str = ""
    places: tuple[str, ...] = ()


class Wording:
    """Sentences in one language.

    Args:
        language: The asker's; anything but Chinese is answered in English.
    """

    def __init__(self, language: str) -> None:
        self.chinese = language.startswith("zh")
        self.language = language if self.chinese else "en"
        self._kept: set[str] = set()

    def _say(self, english: str, chinese: str) -> str:
        if not self.chinese:
            return english
        return self._traditional(chinese) if self.language == "zh-Hant" else chinese

    def _traditional(self, chinese: str) -> str:
        """A sentence in traditional characters, what it quotes left as the sign writes it."""
        if not (texts := self._kept - {""}):
            return traditional(chinese)
        kept = "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))
        parts = re.split(f"({kept})", chinese)
        return "".join(part if part in self._kept else traditional(part) for part in parts)

    def quoted(self, named: Named) -> str:
        """The thing in the asker's words, with what the sign writes."""
        self._kept.update(text for text in (*named.texts, *named.places) if text)
        texts = " / ".join(named.texts)
        if not named.name or fold(named.name) in {fold(text) for text in named.texts}:
            return texts
        if self.chinese:
            return f"{self._say('', named.name)}（{texts}）"
        return f"{named.name} ({texts})"

    def stands(self, named: Named, *, kind: str) -> str:
        """Where a thing is: on which floors, at which exits."""
        what = self.quoted(named)
        where = self.listed(named.places)
        if kind == "exit":
            return self._say(f"{what}: take {where}.", f"{what}：走{where}。")
        return self._say(f"{what} is on {where}.", f"{what}在{where}。")

    def placeless(self, named: Named, *, other_floors: bool) -> str:
        """A thing that is on the sign with no floor or exit."""
        what = self.quoted(named)
        if other_floors:
            return self._say(
                f"{what} is on this sign, but the sign doesn't say which floor.",
                f"牌子上有{what}，但没有写在几楼。",
            )
        return self._say(f"{what} is written here.", f"这里写着{what}。")

    def worth(self, named: Named, amount: str) -> str:
        """What a thing costs or comes to."""
        what = self.quoted(named)
        return self._say(f"{what}: {amount}.", f"{what}：{amount}。")

    def agrees(self, *, yes: bool) -> str:
        """The beginning of an answer to «is it on 3F?»."""
        return self._say("Yes: " if yes else "No: ", "是的，" if yes else "不是，")

    def second_best(self) -> str:
        """Before a place that isn't the usual one for a need."""
        return self._say("Closest on this sign: ", "牌子上最接近的是：")

    def absent(self, terms: Sequence[str]) -> str:
        """What isn't there."""
        what = self.listed(terms)
        if not what:
            return self._say("That is not on this sign.", "这块牌子上没有写。")
        verb = "is" if len(terms) == 1 else "are"
        return self._say(f"{what} {verb} not on this sign.", f"这块牌子上没有{what}。")

    def could_help(self, others: Sequence[str]) -> str:
        """Who could be asked instead."""
        return self._say(
            f" What could help: {'; '.join(others)}.", f"可以问一下：{'；'.join(others)}。"
        )

    def unreadable(self) -> str:
        """No text was found in the picture."""
        return self._say(
            "I can't read any text in this picture. I only read text: a vision-language model "
            "could look at the rest (see `deixis models`).",
            "这张图里没有读到文字。我只能读文字，看图需要视觉语言模型（见 deixis models）。",
        )

    def medicine(self, name: str, text: str, strength: str) -> str:
        """A medicine in the asker's words, with how it is written where that is otherwise."""
        self._kept.update((text, strength))
        told = f"{name} {strength}".strip()
        if fold(name) == fold(text):
            return told
        return f"{told}（{text}）" if self.chinese else f"{told} ({text})"

    def medicines(self, told: Sequence[str]) -> str:
        """The medicines that something is for."""
        what = self.listed(told)
        if len(told) == 1:
            return self._say(f"The medicine is {what}.", f"药名是{what}。")
        return self._say(f"The medicines are {what}.", f"药有{what}。")

    def no_medicine(self) -> str:
        """No name of a medicine was read."""
        return self._say("I read no name of a medicine here.", "这里没有读到药名。")

    def imageless(self) -> str:
        """A question about a sign, with no picture."""
        return self._say(
            "I need a picture of the sign to answer that.", "请给我一张牌子的照片，我才能回答。"
        )

    def only_text(self) -> str:
        """A question that text can't answer."""
        return self._say(
            " I only read text: objects, arrows and icons need a vision-language model "
            "(see `deixis models`).",
            "我只能读文字，物体、箭头和图标需要视觉语言模型（见 deixis models）。",
        )

    def on_floor(self, floor: str, things: Sequence[str]) -> str:
        """What a floor holds."""
        return self._say(f"On {floor}: {'; '.join(things)}.", f"{floor}有：{'、'.join(things)}。")

    def at_exit(self, exit_: str, things: Sequence[str]) -> str:
        """What an exit leads to."""
        return self._say(f"{exit_}: {'; '.join(things)}.", f"{exit_}：{'、'.join(things)}。")

    def in_currency(self, name: str, text: str) -> str:
        """The money that amounts are in."""
        return self._say(f"In {name}: “{text}”.", f"货币：{name}（{text}）。")

    def no_arrows(self) -> str:
        """A question about which way an arrow points."""
        return self._say(
            "I can't see which way an arrow points: I only read text. A vision-language model "
            "can (see `deixis models`).",
            "我只能读文字，看不出箭头指向哪边，这需要视觉语言模型（见 deixis models）。",
        )

    def floors(self, labels: Sequence[str]) -> str:
        """Which floors the sign shows."""
        shown = self.listed(labels)
        return self._say(
            f"The sign shows {len(labels)} floor{'s' if len(labels) > 1 else ''}: {shown}.",
            f"牌子上有{len(labels)}层：{shown}。",
        )

    def no_floor(self, asked: Sequence[str], shown: Sequence[str]) -> str:
        """A floor that isn't on the sign."""
        there = self.listed(shown)
        return self._say(
            f"{self.listed(asked)} is not on this sign"
            + (f": it shows {there}." if there else "."),
            f"这块牌子上没有{self.listed(asked)}" + (f"，只有{there}。" if there else "。"),
        )

    def written(self, lines: Sequence[str]) -> str:
        """All that a sign says, line by line."""
        return self._say("The sign says:\n", "牌子上写着：\n") + "\n".join(lines)

    def means(self, text: str, meaning: str) -> str:
        """A translation."""
        return self._say(f"“{text}” means {meaning}.", f"“{text}”的意思是：{meaning}。")

    def comes_to(self, items: Sequence[str], expression: str) -> str:
        """A sum over prices, to be done."""
        total = expression.replace("*", "×")
        return self._say(f"{'; '.join(items)}. {total}.", f"{'；'.join(items)}。{total}。")

    def noted(self, what: str) -> str:
        """Something was remembered because the user asked for it."""
        self._kept.add(what)
        return self._say(f"I'll remember: “{what}”", f"记住了：“{what}”")

    def not_kept(self) -> str:
        """Something couldn't be remembered or forgotten, there being nothing to keep it in."""
        return self._say(
            "Nothing can be kept or forgotten here: there is no memory of you.",
            "这里没有您的记忆，无法记住或忘掉任何事。",
        )

    def failed_to_note(self, what: str) -> str:
        """Remembering something failed."""
        self._kept.add(what)
        return self._say(f"I could not remember “{what}”.", f"没能记住“{what}”。")

    def forgot(self, texts: Sequence[str]) -> str:
        """Something was forgotten because the user asked for it."""
        told = self._cited(texts)
        return self._say(f"Forgotten: {told}", f"已忘掉：{told}")

    def forgot_something(self) -> str:
        """The same, to be kept: it doesn't say what."""
        return self._say("Something was forgotten, as asked.", "已按要求忘掉。")

    def nothing_of(self, what: str) -> str:
        """There is nothing to forget."""
        told = self._cited([what])
        return self._say(f"Nothing of {told} is remembered.", f"没有记住关于{told}的内容。")

    def left(self, texts: Sequence[str]) -> str:
        """Something wasn't forgotten: whoever was asked didn't allow it."""
        told = self._cited(texts)
        return self._say(f"Not forgotten, left as it was: {told}", f"没有忘掉，保留原样：{told}")

    def which(self) -> str:
        """An order to forget that names nothing."""
        return self._say(
            "Say what to forget, as in “Forget my locker number”; `deixis memory forget --all` "
            "forgets everything.",
            "请说明要忘掉什么，例如“忘掉我的柜子号码”；deixis memory forget --all 会忘掉全部。",
        )

    def _cited(self, texts: Sequence[str]) -> str:
        self._kept.update(texts)
        return ("；" if self.chinese else "; ").join(f"“{text}”" for text in texts)

    def remembered(self, text: str, when: str) -> str:
        """A note, quoted."""
        self._kept.add(text)
        return self._say(f"Remembered on {when}: “{text}”", f"{when}记下的：“{text}”")

    def in_earlier_picture(self, text: str, name: str) -> str:
        """An answer that rests on a picture of an earlier conversation."""
        self._kept.update((text, name))
        return self._say(
            f"From an earlier picture ({name}): {text}", f"之前的照片（{name}）：{text}"
        )

    def not_in_earlier(self, absence: str, names: Sequence[str]) -> str:
        """What isn't on signs that the asker didn't show, in the place of `absent`.

        Args:
            absence: The answer as it is for a sign that was shown.
            names: Of the earlier pictures that were looked at.
        """
        here = self._say("on this sign", "这块牌子上")
        before, found, after = absence.partition(here)
        if not found:
            return absence
        pictures = ", ".join(names)
        self._kept.update((*names, before))
        # What else those signs show is of no help to someone who stands before another.
        missing = after.partition("。")[0]
        return self._say(
            f"{before}in the earlier pictures that I looked at ({pictures}). "
            "A picture of the sign would help.",
            f"看过的之前的照片（{pictures}）里{missing}。请给我一张牌子的照片，会更有帮助。",
        )

    def said_before(self, earlier: Sequence[tuple[str, str]]) -> str:
        """What was said before and is contradicted now, newest first."""
        self._kept.update(text for _, text in earlier)
        told = [self._say(f"on {when}: “{text}”", f"{when}：“{text}”") for when, text in earlier]
        return self._say(f" Before that, {'; '.join(told)}", f" 之前的说法，{'；'.join(told)}")

    def listed(self, things: Sequence[str]) -> str:
        """«a, b and c»."""
        if self.chinese:
            return "、".join(self._say("", thing) if has_han(thing) else thing for thing in things)
        if len(things) < 2:
            return "".join(things)
        return f"{', '.join(things[:-1])} and {things[-1]}"
