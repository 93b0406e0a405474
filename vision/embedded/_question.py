"""What a question asks: its language, its kind, and the words that carry it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from deixis.vision.embedded._frames import word_list
from deixis.vision.embedded._labels import Label, exit_label, inline_floors
from deixis.vision.embedded._text import (
    FRAME_WORDS,
    compact,
    fold,
    has_han,
    is_foreign,
    language_of,
    stem,
    words,
)

Intent = Literal[
    "locate", "list_floor", "list_exit", "floors", "price", "bought", "currency", "arrow", "read",
    "meaning", "say",
]  # fmt: skip

_PATTERNS: tuple[tuple[Intent, str], ...] = (
    (
        "meaning",
        r"what (?:does|do|is) .*\bmean|meaning of|what is .* in english|\btranslate\b"
        r"|翻译(?!服务|室|处|在|员)"
        r"|是什么意思"
        r"|什么意思|英文怎么|英语怎么",
    ),
    ("say", r"how (?:do|can|would) (?:you|i|we) say|in chinese|用中文怎么说|中文怎么说"),
    (
        "read",
        r"what (?:does|do) (?:it|this|that|the \w+) say\s*[?.!]*$"
        r"|what(?:'s| is) (?:written|on (?:the|this) (?:sign|picture|image|photo))"
        r"|\bread (?:it|this|the|me|out|aloud)|写了什么|写的是什么"
        r"|念一下|读一下|上面有什么字|内容是什么",
    ),
    (
        "floors",
        r"how many (?:floors|levels|storeys|stories)"
        r"|(?:what|which) floors (?:are (?:there|shown|listed)|does)"
        r"|哪些楼层|有几层|有几楼|共几层|多少层",
    ),
    (
        "bought",
        r"what (?:did|have|has|was|were|items?|things?)\b.*"
        r"\b(?:buy|bought|order(?:ed)?|purchased?|eat)\b"
        r"|买了什么|买了啥|点了什么|买的是什么|买了哪些|点了哪些|吃了什么",
    ),
    (
        "currency",
        r"(?:which|what|in what|whose) (?:kind of |sort of )?(?:currency|money)|currency (?:is|was)"
        r"|(?:什么|哪种|哪国的?|哪个国家的)(?:货币|钱|币)|币种",
    ),
    (
        "arrow",
        r"\barrows?\b|箭头|\bleft or (?:to the )?right\b|\bturn (?:left|right)\b"
        r"|左边?还是(?:往|向)?右"
        r"|(?:往|向|朝)(?:左|右)|朝哪|哪个方向",
    ),
    (
        "price",
        r"how much|cheapest|most expensive|最便宜|最贵|\bprices?\b|\bcosts?\b"
        r"|how expensive|\bpay for\b"
        r"|\btotal (?:for|of|cost|price)\b|add up|多少钱|价格|价钱|几块|怎么卖|几元"
        r"|一共|总共|合计多少"
        r"|(?:\d|[一二三四五六七八九十百])\s?(?:元|块)|\d (?:yuan|rmb)\b|[¥￥$€£]\s?\d",
    ),
)
_FRAME_ZH = sorted(word_list("frame_zh"), key=len, reverse=True)
# Where the asker is, unless it is all that is asked for.
_SOFT_FRAME = frozenset(stem(word) for word in ("hospital", "building", "station", "airport"))
_CLAUSE = re.compile(r"[\s,，。.?？!！;；、:：“”\"'‘’「」()（）]+|(?:和|与|跟|以及|还有|或者|还是)")
_EXIT = re.compile(
    r"\bexit\s*(?:no\.?\s*)?(?:[a-z][0-9]?|[0-9]{1,2})\b"
    r"|(?<![a-z0-9])(?:[a-z][0-9]?|[0-9]{1,2})\s*号?(?:出入口|出口|口)|出口\s*[a-z][0-9]?\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"「『‘](.+?)[”\"」』’]")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, taken apart.

    Attributes:
        text: As it was asked.
    """

    text: str

    @cached_property
    def language(self) -> str:
        """The asker's language: `en`, `zh`, `zh-Hant`, `ja`, `ko`."""
        return language_of(self.text)

    @cached_property
    def foreign(self) -> bool:
        """Whether it is in a language that the glossary doesn't speak."""
        return is_foreign(self.text)

    @cached_property
    def intent(self) -> Intent:
        """What kind of question it is; `locate` when nothing says otherwise."""
        folded = fold(self.text)
        for intent, pattern in _PATTERNS:
            if re.search(pattern, folded):
                return intent
        if self.floors and not self.content:
            return "list_floor"
        if self.exits and not self.content:
            return "list_exit"
        return "locate"

    @cached_property
    def floors(self) -> list[Label]:
        """Floors that the question names."""
        return [label for label, _, _ in inline_floors(self.text)]

    @cached_property
    def exits(self) -> list[Label]:
        """Exits that the question names."""
        found = (exit_label(match.group()) for match in _EXIT.finditer(self.text))
        return [label for label in found if label]

    @cached_property
    def _bare_text(self) -> str:
        """The question without the floors and exits it names."""
        text = self.text
        for _, start, end in reversed(inline_floors(self.text)):
            text = f"{text[:start]} {text[end:]}"
        return _EXIT.sub(" ", text)

    @cached_property
    def terms(self) -> list[str]:
        """Chinese: what each clause is about, folded, without the words that frame it."""
        if not has_han(self.text):
            return []
        quoted = [compact(q) for q in _QUOTED.findall(self.text)]
        clauses = (compact(clause) for clause in _CLAUSE.split(self._bare_text))
        bare = [_bare(clause) for clause in clauses if has_han(clause)]
        return [term for term in dict.fromkeys([*quoted, *bare]) if term]

    @cached_property
    def content(self) -> tuple[str, ...]:
        """English: the stems that carry the question, in order; or the Chinese terms."""
        kept = tuple(s for word in words(self._bare_text) if (s := stem(word)) not in FRAME_WORDS)
        kept = tuple(s for s in kept if s != "exit")
        if told := tuple(s for s in kept if s not in _SOFT_FRAME):
            kept = told
        generic = frozenset(stem(w) for w in ("department", "clinic", "everything", "list", "shop"))
        english = () if set(kept) <= generic else kept
        return (*english, *(t for t in self.terms if t not in ("都", "所有", "全部")))

    @cached_property
    def said(self) -> str:
        """The words that carry it as they were said: the Chinese ones, else the English."""
        if self.terms:
            return self.terms[0]
        return " ".join(word for word in words(self._bare_text) if stem(word) in self.content)


def _bare(clause: str) -> str:
    """A Chinese clause without the words that frame it, taken off both ends."""
    while True:
        for frame in _FRAME_ZH:
            if clause.startswith(frame):
                clause = clause[len(frame) :]
                break
            if clause.endswith(frame):
                clause = clause[: -len(frame)]
                break
        else:
            return clause
