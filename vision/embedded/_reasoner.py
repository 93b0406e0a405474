"""From a question and the signs in view to an answer with its evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from deixis.vision._geometry import Detection
from deixis.vision.embedded._dictionary import Dictionary
from deixis.vision.embedded._glossary import Entry, Glossary, Mention
from deixis.vision.embedded._medicines import ASKED, facts_of, medicines_on, medicines_told
from deixis.vision.embedded._menu import currency
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._prices import Bill, Item, Pricing, written
from deixis.vision.embedded._question import Intent, Question
from deixis.vision.embedded._search import Finding, Match, Semantics, SignSearch
from deixis.vision.embedded._sign import Sign
from deixis.vision.embedded._text import fold, has_han, words
from deixis.vision.embedded._translation import Lexicon
from deixis.vision.embedded._values import Amount, FormValue, amount_of, form_value
from deixis.vision.embedded._wording import Named, Wording

_MOST_SHOWN = 8
_WHERE = re.compile(r"\bwhere\b|哪|什么地方", re.IGNORECASE)
_INFORMATION = "information-desk"
_Answer = Callable[[Question, Sequence[Sign], Wording], Outcome]


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Lines that are one thing: the same entry, wherever it stands."""

    matches: tuple[Match, ...]

    @cached_property
    def floors(self) -> dict[str, str]:
        """Its floors as the sign writes them, by value."""
        return {m.line.floor.value: m.line.floor.text for m in self.matches if m.line.floor}

    def on(self, floors: Collection[str]) -> _Group:
        """Only its lines on these floors, where there are some."""
        there = tuple(m for m in self.matches if m.line.floor and m.line.floor.value in floors)
        return _Group(matches=there) if there else self

    @cached_property
    def exits(self) -> dict[str, str]:
        """Its exits as the sign writes them, by value."""
        return {m.line.exit.value: m.line.exit.text for m in self.matches if m.line.exit}


class Reasoner:
    """Answers questions about signs by layout, glossary and retrieval.

    Args:
        glossary: What signs name and how people ask for it.
        dictionary: For what the glossary lacks.
        semantics: Finds by meaning, last of all.
    """

    def __init__(
        self, glossary: Glossary, dictionary: Dictionary, semantics: Semantics | None = None
    ) -> None:
        self._glossary = glossary
        self.lexicon = Lexicon(glossary, dictionary)
        self.search = SignSearch(glossary, dictionary, semantics)
        self._pricing = Pricing(self.search)

    def answer(self, text: str, signs: Sequence[Sign], *, language: str | None = None) -> Outcome:
        """The answer to a question about the signs in view.

        Args:
            text: The question.
            signs: All signs in view.
            language: Of the answer; by default that of the question.
        """
        question = Question(text=text)
        say = Wording(language or question.language)
        if question.intent in ("meaning", "say") and (
            said := self._translated(question, signs, say)
        ):
            return said
        if not signs:
            return Outcome(text=say.imageless(), found=False, language=say.language)
        if not any(sign.lines for sign in signs):
            return Outcome(text=say.unreadable(), found=False, language=say.language)
        if ASKED.search(fold(text)) and not any(sign.floors for sign in signs):
            return medicines_told(signs, say)
        if question.intent == "read":
            return self._all(signs, say)
        if question.intent == "floors" and (shown := [f.text for s in signs for f in s.floors]):
            return Outcome(text=say.floors(shown), found=True, language=say.language)
        answers: dict[Intent, _Answer] = {
            "list_floor": self._on_floor,
            "list_exit": self._at_exit,
            "price": self._price,
            "bought": self._bought,
            "currency": self._currency,
            "arrow": self._arrow,
        }
        return answers.get(question.intent, self._located)(question, signs, say)

    def _translated(
        self, question: Question, signs: Sequence[Sign], say: Wording
    ) -> Outcome | None:
        """The meaning of what a question quotes; None when it quotes nothing."""
        to = "zh" if question.intent == "say" else say.language
        wanted = question.terms if to == "en" else question.content
        if to != "en" and question.intent == "meaning":
            wanted = tuple(w for w in question.content if w.isascii()) or question.terms
            to = "en" if not any(w.isascii() for w in wanted) else "zh"
        texts = [
            text for text in wanted if text not in ("翻译", "英文", "意思", "mean", "translat")
        ]
        if not texts:
            return self._all(signs, say) if signs else None
        source = texts if to == "en" else [" ".join(texts)]
        meant = "; ".join(
            " ".join(term.translation for term in self.lexicon.terms(text, to)) for text in source
        )
        found = self.search.find(question, signs)
        return Outcome(
            text=say.means(" ".join(texts), meant),
            found=fold(meant) != fold(" ".join(texts)),
            language=say.language,
            detections=self._detections(found.matches, say),
        )

    def _all(self, signs: Sequence[Sign], say: Wording) -> Outcome:
        lines = [line for sign in signs for line in sign.lines]
        shown: list[str] = []
        for line in lines:
            name = self.lexicon.name(line.text, say.language)
            shown.append(f"{line.text} ({name})" if name else line.text)
        detections = tuple(
            line.detection(line.text, sign.image) for sign in signs for line in sign.lines
        )
        medicines = medicines_on(signs)
        return Outcome(
            text=say.written(shown),
            found=True,
            language=say.language,
            detections=detections,
            facts=facts_of(medicines) if medicines else {},
        )

    def _on_floor(self, question: Question, signs: Sequence[Sign], say: Wording) -> Outcome:
        wanted = {label.value for label in question.floors}
        matches = [
            written(sign, line)
            for sign in signs
            for line in sign.lines
            if line.floor and line.floor.value in wanted and not line.is_label
        ]
        if not matches:
            shown = [floor.text for sign in signs for floor in sign.floors]
            text = say.no_floor([label.text for label in question.floors], shown)
            return self._outcome(say, text, found=False, floor=None)
        floor = matches[0].line.floor
        assert floor is not None  # noqa: S101
        things = [say.quoted(self._named((match,), say)) for match in matches]
        return replace(
            self._outcome(say, say.on_floor(floor.text, things), found=True, floor=floor.text),
            detections=self._detections(matches, say),
        )

    def _at_exit(self, question: Question, signs: Sequence[Sign], say: Wording) -> Outcome:
        wanted = {label.value for label in question.exits}
        matches = [
            written(sign, line)
            for sign in signs
            for line in sign.lines
            if line.exit and line.exit.value in wanted and not line.is_label
        ]
        if not matches:
            shown = [label.text for sign in signs for label in sign.exits]
            text = say.no_floor([label.text for label in question.exits], shown)
            return self._outcome(say, text, found=False, floor=None)
        label = matches[0].line.exit
        assert label is not None  # noqa: S101
        things = [say.quoted(self._named((match,), say)) for match in matches]
        return Outcome(
            text=say.at_exit(label.text, things),
            found=True,
            language=say.language,
            detections=self._detections(matches, say),
            facts={"floor": None, "exit": label.text},
        )

    def _bought(self, question: Question, signs: Sequence[Sign], say: Wording) -> Outcome:
        items = self._pricing.bought(signs)
        return self._listed(items, say) if items else self._located(question, signs, say)

    def _listed(self, items: Sequence[Item], say: Wording) -> Outcome:
        """Things with their prices."""
        return Outcome(
            text=" ".join(self._worth(item.match, item.amount, say) for item in items),
            found=True,
            language=say.language,
            detections=self._item_detections(items, say),
            facts={"floor": None, "price": items[0].amount.text if len(items) == 1 else None},
        )

    def _currency(self, question: Question, signs: Sequence[Sign], say: Wording) -> Outcome:
        money = currency(signs)
        if money is None:
            return self._located(question, signs, say)
        name, line, sign = money
        return replace(
            self._outcome(say, say.in_currency(name, line.text), found=True, floor=None),
            detections=(line.detection(name, sign.image),),
        )

    def _arrow(self, question: Question, signs: Sequence[Sign], say: Wording) -> Outcome:
        """Where an arrow points can't be read: what is asked about is shown, no more is said."""
        found = self.search.find(question, signs)
        return replace(
            self._outcome(say, say.no_arrows(), found=False, floor=None),
            detections=self._detections(found.matches, say),
        )

    def _price(self, question: Question, signs: Sequence[Sign], say: Wording) -> Outcome:
        bill = self._pricing.bill(question, signs)
        if not bill.items or bill.missing:
            return self._unpriced(bill, question, signs, say)
        priced = [self._worth(item.match, item.amount, say) for item in bill.items]
        if bill.claimed is not None:
            priced[0] = say.agrees(yes=bill.claimed) + priced[0]
        if bill.sum:
            text = say.comes_to([p.rstrip("。.") for p in priced], bill.sum.expression)
        else:
            text = " ".join(priced)
        prices = list(dict.fromkeys(item.amount.text for item in bill.items))
        return Outcome(
            text=text,
            found=True,
            language=say.language,
            detections=self._item_detections(bill.items, say),
            facts={"floor": None, "price": prices[0] if len(prices) == 1 else None},
            sum=bill.sum,
        )

    def _unpriced(
        self, bill: Bill, question: Question, signs: Sequence[Sign], say: Wording
    ) -> Outcome:
        if bill.items:
            known = " ".join(self._worth(item.match, item.amount, say) for item in bill.items)
            text = f"{known} {say.absent(bill.missing)}"
            return replace(
                self._outcome(say, text, found=False, floor=None),
                detections=self._item_detections(bill.items, say),
            )
        about = Question(text=" ".join(bill.missing)) if bill.missing else question
        finding = self.search.find(about, signs)
        if finding.matches:
            return self._stated(question, finding, signs, say)
        return self._absent(finding, signs, say)

    def _worth(self, match: Match, amount: Amount, say: Wording) -> str:
        return say.worth(self._named((match,), say), amount.text)

    def _item_detections(self, items: Sequence[Item], say: Wording) -> tuple[Detection, ...]:
        detections: list[Detection] = []
        for item in items:
            label = say.quoted(self._named((item.match,), say))
            detections.append(item.match.line.detection(label, item.match.sign.image))
            if item.amount.line is not item.match.line:
                detections.append(
                    item.amount.line.detection(item.amount.text, item.match.sign.image)
                )
        return tuple(detections)

    def _located(self, question: Question, signs: Sequence[Sign], say: Wording) -> Outcome:
        finding = self.search.find(question, signs)
        if not finding.matches:
            return self._absent(finding, signs, say)
        return self._stated(question, finding, signs, say)

    def _stated(
        self, question: Question, finding: Finding, signs: Sequence[Sign], say: Wording
    ) -> Outcome:
        if under := self._under_heading(finding.matches):
            return self._listed(under, say)
        asked = {label.value for label in question.floors}
        groups = [group.on(asked) for group in _grouped(finding.matches)[:_MOST_SHOWN]]
        first = groups[0]
        values = self._values_of(first)
        said = [self._where(group, signs, say) for group in groups]
        text = " ".join(said) if not say.chinese else "".join(said)
        if values:
            stated = [say.worth(self._named((m,), say), value.text) for m, value in values]
            text = ("" if say.chinese else " ").join(stated)
        floors = [first.floors[v] for v in first.floors if v in asked] or [*first.floors.values()]
        exits = {label.value for label in question.exits}
        if (
            asked
            and first.floors
            and not (_WHERE.search(question.text) and asked & {*first.floors})
        ):
            text = say.agrees(yes=bool(asked & first.floors.keys())) + text
        elif exits and first.exits:
            text = say.agrees(yes=bool(exits & first.exits.keys())) + text
        if finding.second_best:
            text = say.second_best() + text
        if finding.absent:
            absent = say.absent([self._asked(mention, say) for mention in finding.absent[:3]])
            text = f"{text} {absent}" if not say.chinese else text + absent
        facts: dict[str, str | None] = {"floor": next(iter(floors), None)}
        if first.exits:
            facts["exit"] = next(iter(first.exits.values()))
        matches = [match for group in groups for match in group.matches]
        detections = self._detections(matches, say)
        if values:
            facts["value"] = values[0][1].text
            written = (value.line.detection(value.text, m.sign.image) for m, value in values)
            detections = (*detections, *written)
        return Outcome(
            text=text,
            found=True,
            language=say.language,
            detections=detections,
            floors=tuple(m.line.floor.text if m.line.floor else "" for m in matches),
            facts=facts,
        )

    def _under_heading(self, matches: Sequence[Match]) -> list[Item]:
        """What stands under a heading of a price list, when that is what was found."""
        items = self._pricing.of_kind(matches)
        headed = bool(items) and all(i.match.line is not m.line for i in items for m in matches)
        return items if headed else []

    @staticmethod
    def _values_of(group: _Group) -> list[tuple[Match, Amount | FormValue]]:
        """What lines of a receipt or a form state; floor guides and exit boards state nothing."""
        guided = sum(bool(line.floor or line.exit) for line in group.matches[0].sign.lines)
        if group.floors or group.exits or guided > 2:
            return []
        found: dict[int, tuple[Match, Amount | FormValue]] = {}
        for match in group.matches:
            value = amount_of(match.sign, match.line) or form_value(match.sign, match.line)
            if value is not None:
                found.setdefault(value.line.at.index, (match, value))
        return list(found.values())

    def _where(self, group: _Group, signs: Sequence[Sign], say: Wording) -> str:
        named = self._named(group.matches, say)
        if group.floors:
            return say.stands(replace(named, places=tuple(group.floors.values())), kind="floor")
        if group.exits:
            return say.stands(replace(named, places=tuple(group.exits.values())), kind="exit")
        return say.placeless(named, other_floors=any(sign.floors for sign in signs))

    def _named(self, matches: Sequence[Match], say: Wording) -> Named:
        """How a thing is spoken of: in the asker's language, with what the sign writes."""
        texts = tuple(dict.fromkeys(match.line.text for match in matches))
        if _bilingual(texts[0]):
            return Named(texts=texts)
        own = [text for text in texts if has_han(text) == say.chinese]
        if own:
            rest = tuple(text for text in texts if text not in own)
            return Named(texts=rest or (own[0],), name=own[0])
        entry = matches[0].entry
        single = len(matches[0].line.segments) == 1
        sure = matches[0].surety >= 0.9 and (matches[0].tier == "glossary" or single)
        if entry is not None and sure:
            return Named(texts=texts, name=entry.name(say.language))
        return Named(texts=texts, name=self.lexicon.name(texts[0], say.language))

    def _detections(self, matches: Sequence[Match], say: Wording) -> tuple[Detection, ...]:
        return tuple(
            match.line.detection(self._label(match, say), match.sign.image) for match in matches
        )

    def _label(self, match: Match, say: Wording) -> str:
        named = self._named((match,), say)
        where = match.line.floor or match.line.exit
        return f"{named.name or match.line.text}{f' · {where.text}' if where else ''}"

    def _absent(self, finding: Finding, signs: Sequence[Sign], say: Wording) -> Outcome:
        names = list(dict.fromkeys(self._asked(m, say) for m in finding.absent))[:3]
        text = say.absent(names or ([f"“{finding.term}”"] if finding.term else []))
        helpers = self._helpers([mention.entry for mention in finding.absent], signs)
        if helpers:
            text += say.could_help([self._helper(match, say) for match in helpers[:2]])
        elif not finding.absent:
            text += say.only_text()
        return self._outcome(say, text, found=False, floor=None)

    @staticmethod
    def _asked(mention: Mention, say: Wording) -> str:
        """What was asked for, by the name the asker used where it was a name."""
        usual = mention.entry.name(say.language)
        named = mention.kind == "name" and has_han(mention.phrase) == has_han(usual)
        return mention.phrase if named else usual

    def _helper(self, match: Match, say: Wording) -> str:
        quoted = say.quoted(self._named((match,), say))
        if match.line.floor is None:
            return quoted
        return (
            f"{quoted}, {match.line.floor.text}"
            if not say.chinese
            else (f"{quoted}，{match.line.floor.text}")
        )

    def _helpers(self, absent: Sequence[Entry], signs: Sequence[Sign]) -> list[Match]:
        """Lines of the signs that could help when something isn't there."""
        near = [other for entry in absent for other in self._glossary.near(entry)]
        wanted = list(dict.fromkeys([*(entry.id for entry in near), _INFORMATION]))
        return [match for name in wanted for match in self.search.lines_of(name, signs)[:1]]

    def _outcome(self, say: Wording, text: str, *, found: bool, floor: str | None) -> Outcome:
        return Outcome(text=text, found=found, language=say.language, facts={"floor": floor})


def _grouped(matches: Sequence[Match]) -> list[_Group]:
    groups: dict[str, list[Match]] = {}
    for match in matches:
        key = match.entry.id if match.entry else fold(match.line.text)
        groups.setdefault(key, []).append(match)
    return [_Group(matches=tuple(found)) for found in groups.values()]


def _bilingual(text: str) -> bool:
    """Whether a line says its name in both languages: `急诊 Emergency`."""
    return has_han(text) and len(words(text)) >= 1 and max(map(len, words(text))) >= 3
