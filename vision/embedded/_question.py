"""What a question asks: its language, its kind, and the words that carry it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

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
        r"what (?:does|do|is) .*\bmean|meaning of|what is .* in english|translate|翻译|是什么意思"
        r"|什么意思|英文怎么|英语怎么",
    ),
    ("say", r"how (?:do|can|would) (?:you|i|we) say|in chinese|用中文怎么说|中文怎么说"),
    (
        "read",
        r"what (?:does|do) (?:it|this|that|the \w+) say\s*[?.!]*$|what(?:'s| is) (?:written|on (?:the|this) "
        r"(?:sign|picture|image|photo))|\bread (?:it|this|the|me|out|aloud)|写了什么|写的是什么"
        r"|念一下|读一下|上面有什么字|内容是什么",
    ),
    ("floors", r"how many (?:floors|levels|storeys|stories)|有几层|有几楼|共几层|多少层"),
    (
        "bought",
        r"what (?:did|have|has|was|were|items?|things?)\b.*\b(?:buy|bought|order(?:ed)?|purchased?|eat)\b"
        r"|买了什么|买了啥|点了什么|买的是什么|买了哪些|点了哪些|吃了什么",
    ),
    (
        "currency",
        r"(?:which|what|in what|whose) (?:kind of |sort of )?(?:currency|money)|currency (?:is|was)"
        r"|(?:什么|哪种|哪国的?|哪个国家的)(?:货币|钱|币)|币种",
    ),
    (
        "arrow",
        r"\barrows?\b|箭头|\bleft or (?:to the )?right\b|\bturn (?:left|right)\b|左边?还是(?:往|向)?右"
        r"|(?:往|向|朝)(?:左|右)|朝哪|哪个方向",
    ),
    (
        "price",
        r"how much|cheapest|most expensive|最便宜|最贵|\bprices?\b|\bcosts?\b|how expensive|\bpay for\b"
        r"|\btotal (?:for|of|cost|price)\b|add up|多少钱|价格|价钱|几块|怎么卖|几元"
        r"|一共|总共|合计多少|(?:\d|[一二三四五六七八九十百])\s?(?:元|块)|\d (?:yuan|rmb)\b|[¥￥$€£]\s?\d",
    ),
)
_LIST = re.compile(
    r"\b(?:what|which|list|show|everything|anything|departments?|clinics?|shops?|stores?|is there"
    r"|tell me)\b|有什么|有哪些|哪些|是什么|有啥|都有"
)
_FRAME_ZH = sorted(
    (
        "请问一下 请问 你好 您好 谢谢 麻烦 我们 我想要 我想去 我要去 我想看 我要看 我想做 我要做 我想找 我要找 "
        "我想 我要 我该 我应该 应该去 应该 该去 该 想去 想看 想做 想找 想要 要去 要做 要看 去看 需要 想 要 去 "
        "到 找 看 做 我 这里 这儿 这 请 在哪里 在哪儿 在哪层 在哪一层 在哪个楼层 在哪 哪里有 哪儿有 哪有 哪里可以 "
        "哪里能 哪里 哪儿 哪层 哪一层 哪个楼层 在几楼 在几层 在第几层 是几楼 是几层 去几楼 几楼 几层 第几层 "
        "在什么地方 什么地方 怎么走 怎么去 如何去 位置 位于 有没有 有吗 有 没有 吗 嘛 呢 呀 啊 吧 了 一下 的 可以 "
        "能 能不能 可不可以 告诉我 帮我 带我 是 在 医院 这家 这个 哪个 什么 哪 多少钱 一份 一碗 一杯 一个 一瓶 "
        "价格 价钱 怎么卖 几块钱 几元 卖 请教 地方 挂哪个科 看哪个科 看哪科 挂什么科 看什么科 去哪个科 哪个科 哪科 "
        "什么科 哪些 些 科室 医生 大夫 病人 患者 就诊 看病"
    ).split(),
    key=len,
    reverse=True,
)
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
        if self.floors and _LIST.search(folded) and not self.content:
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
