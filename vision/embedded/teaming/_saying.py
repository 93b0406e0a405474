"""What the one that leads says to its team and to the user, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from deixis.vision.embedded._text import has_han
from deixis.vision.embedded.operating._telling import Telling
from deixis.vision.embedded.teaming._forms import PRESCRIPTION, PRONE
from deixis.vision.embedded.teaming._members import Member
from deixis.vision.embedded.teaming._wishes import Named, Wish

_LAST: Final = re.compile(r"[.。!！?？]\s*$")


class TeamSaying(Telling):
    """Sentences of the one that leads, in the user's language."""

    def question_for(self, wish: Wish) -> str:
        """What a reader is asked so that its answer names what is to be taken."""
        if not wish.of_medicine:
            return self.say("What is written in this picture?", "图上写的是什么？")
        if PRESCRIPTION.search(wish.text):
            return self.say("Which medicine does the prescription name?", "处方上开的是什么药？")
        return self.say("What medicine is on the label?", "标签上是什么药？")

    def print_of(self, thing: str) -> str:
        """What is asked about the print on a thing on the table."""
        return self.say(f"What is written on {thing}?", f"{thing}上写着什么？")

    def order(self, text: str, named: Named, names: Sequence[str]) -> str:
        """An order with what was read in the place of what stood for it."""
        told = self.these_names(names, whole=text)
        if not named.text:
            bare = PRONE.sub("", text)
            return f"把{told}{bare}"
        return text.replace(named.text, told, 1)

    def these_names(self, names: Sequence[str], *, whole: str = "") -> str:
        """Names as they stand in an order."""
        if self.chinese or has_han(whole):
            return "和".join(names)
        return " and ".join(n if n.startswith("the ") else f"the {n}" for n in names)

    def which_of(self, names: Sequence[str]) -> str:
        """Several were read where one is to be taken."""
        told = self.listed(names)
        if self.chinese:
            return self.say("", f"上面写着{told}，要拿哪一个？", *names)
        return f"It names {told}: which one do you mean?"

    def no_name(self) -> str:
        """Nothing that was read is the name of a thing."""
        return self.say(
            "I read no name of a thing that could be taken, so nothing was moved.",
            "没有读到可以拿的东西的名字，所以什么也没有动。",
        )

    def left_undone(self, text: str) -> str:
        """What was not begun because something before it failed."""
        told = self.cited(_LAST.sub("", text.strip()))
        return self.say(f"So I left this undone: {told}.", f"所以这一步没有做：{told}。")

    def all_right(self) -> str:
        """Nothing is wanted."""
        return self.say("All right.", "好的。")

    def no_picture(self) -> str:
        """Something is to be read, and there is no picture."""
        return self.say(
            "I need a picture of the label to read it. Nothing was moved.",
            "请给我一张标签的照片，我才能读。什么也没有动。",
        )

    def nobody(self, what: str, members: Sequence[Member]) -> str:
        """Nobody in the team does what is asked."""
        names = self.listed([member.tool.removeprefix("ask_") for member in members])
        told = self.cited(what)
        return self.say(
            f"Nobody in this team can do that: {told}. There are: {names}.",
            f"团队里没有人能做{told}。成员有：{names}。",
        )

    def failed(self, member: Member, reason: str) -> str:
        """A member gave no answer."""
        name = member.tool.removeprefix("ask_")
        if not reason:
            return self.say(f"{name} gave no answer.", f"{name}没有给出回答。", name)
        end = "" if _LAST.search(reason) else self.say(".", "。")
        return self.say(
            f"{name} gave no answer: {reason}{end}",
            f"{name}没有给出回答：{reason}{end}",
            name,
            reason,
        )

    def picture(self, number: int, text: str) -> str:
        """An answer about one of several pictures."""
        return self.say(f"Picture {number}: {text}", f"第{number}张：{text}", text)
