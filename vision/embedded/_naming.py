"""What a piece of a sign names, by the glossary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from deixis.vision.embedded._frames import word_list
from deixis.vision.embedded._glossary import Entry, Glossary, says_something
from deixis.vision.embedded._sign import Segment
from deixis.vision.embedded._text import EN_FILLERS, compact, stems

# What a Chinese name may carry and still be the same place.
TAILS = frozenset(word_list("tails_zh"))
_NOTICE = re.compile(r"请|禁止|严禁|如有|如需|勿|须|务必")
# What says itself by its form.
_WRITTEN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("house-number", re.compile(r"\d{1,5}\s*[-–—~〜至到]\s*\d{1,5}(?:号)?|\d{1,5}号")),
)
_HEADS = ("特需", "专家", "普通", "综合", "国际", "成人", "名医", "便民", "自助")
_FIELD = re.compile(r"(?:外科|内科|科|门诊|病科)$")
_KIND_OF = re.compile(
    r"(?:微创|专病|专科|专家|疾病|病|综合|诊疗|治疗|特色|联合|特需|介入)*"
    r"(?:门诊部|门诊|诊室|诊区|中心|病区|病房|科|室|区)?"
)


@dataclass(frozen=True, kw_only=True)
class Naming:
    """An entry that a piece of a sign names, with how surely (0 to 1)."""

    entry: Entry
    surety: float


@dataclass(frozen=True)
class _EnglishName:
    entry: Entry
    stems: tuple[str, ...]
    core: tuple[str, ...]
    key: str


class Namer:
    """Tells what the pieces of a sign name; remembers what it has told.

    Args:
        glossary: The names there are.
    """

    def __init__(self, glossary: Glossary) -> None:
        self._glossary = glossary
        self._told: dict[str, tuple[Naming, ...]] = {}

    def names(self, segment: Segment) -> tuple[Naming, ...]:
        """The entries a piece of a sign names, the surest first, each once."""
        if segment.text not in self._told:
            found = self._chinese(segment.key) if segment.han else self._english(segment)
            found = found or self._by_form(segment.text)
            best: dict[str, Naming] = {}
            for naming in sorted(found, key=lambda n: -n.surety):
                best.setdefault(naming.entry.id, naming)
            self._told[segment.text] = tuple(best.values())
        return self._told[segment.text]

    def is_in(self, entry: Entry, segment: Segment) -> bool:
        """Whether a Chinese name holds one of an entry's, with or without its ending."""
        forms = (compact(name) for name in entry.zh)
        return any(part in segment.key for form in forms for part in {form, _bare(form)})

    def form(self, chinese: str) -> Entry | None:
        """The entry that signs write just so, if one does."""
        entries = self._forms.get(chinese)
        return entries[0] if entries else None

    @cached_property
    def _forms(self) -> dict[str, list[Entry]]:
        forms: dict[str, list[Entry]] = {}
        for entry in self._glossary.entries.values():
            for name in entry.zh:
                forms.setdefault(compact(name), []).append(entry)
        return forms

    @cached_property
    def _roots(self) -> dict[str, Entry]:
        """The field a name is of (`脊柱` of `脊柱外科`), where only one entry has it."""
        roots: dict[str, dict[str, Entry]] = {}
        for form, entries in self._forms.items():
            root = _FIELD.sub("", form)
            if len(root) >= 2:
                for entry in entries:
                    roots.setdefault(root, {})[entry.id] = entry
        return {root: next(iter(e.values())) for root, e in roots.items() if len(e) == 1}

    def _by_form(self, text: str) -> list[Naming]:
        return [
            Naming(entry=entry, surety=0.7)
            for name, form in _WRITTEN
            if form.fullmatch(text) and (entry := self._glossary.entries.get(name))
        ]

    def _chinese(self, key: str) -> list[Naming]:
        if key in self._forms:
            return [Naming(entry=entry, surety=1.0) for entry in self._forms[key]]
        bare = _bare(key)
        for form in (bare, *_field_names(bare)):
            if form != key and form in self._forms:
                return [Naming(entry=entry, surety=0.9) for entry in self._forms[form]]
        found = [
            Naming(entry=entry, surety=surety)
            for form, surety in self._contained(key)
            for entry in self._forms[form]
        ]
        sure = [naming for naming in found if naming.surety > 0.5]
        return (
            sure or self._of_field(key) or self._misread(key) or [*found, *self._kind_of_road(key)]
        )

    def _contained(self, key: str) -> list[tuple[str, float]]:
        """Names inside a longer one, with how much of its sense they carry.

        Chinese puts the head last: `中医骨科` is a `骨科`, `外科换药室` is no `外科`.
        """
        spans = [
            (start, end)
            for start in range(len(key))
            for end in range(start + 2, len(key) + 1)
            if key[start:end] in self._forms
        ]
        found: list[tuple[str, float]] = []
        for start, end in spans:
            if any(a <= start and end <= b and (a, b) != (start, end) for a, b in spans):
                continue
            rest = key[end:]
            if not rest:
                surety = 0.8
            elif rest in TAILS:
                surety = 0.85 if start == 0 else 0.75
            else:
                # A whole sentence has no head: what it speaks of may stand anywhere.
                told = end - start >= 3 and _NOTICE.search(key)
                surety = 0.65 if told else 0.4
            found.append((key[start:end], surety))
        return found

    def _of_field(self, key: str) -> list[Naming]:
        """A name made anew from a known field: `脊柱微创诊室` is of the field of `脊柱外科`."""
        for size in range(len(key), 1, -1):
            entry = self._roots.get(key[:size])
            if entry is not None and _KIND_OF.fullmatch(key[size:]):
                return [Naming(entry=entry, surety=0.7)]
        return []

    def _kind_of_road(self, key: str) -> list[Naming]:
        """`中山北路` is a road: one last character says what a proper name names."""
        if len(key) < 3:
            return []
        return [Naming(entry=entry, surety=0.8) for entry in self._forms.get(key[-1], ())]

    def _misread(self, key: str) -> list[Naming]:
        """Names that differ from a longer piece by one character, as OCR errs."""
        if len(key) < 4:
            return []
        close = process.extract(
            key, self._forms.keys(), scorer=Levenshtein.distance, score_cutoff=1, limit=3
        )
        return [
            Naming(entry=entry, surety=0.7)
            for form, _, _ in close
            if len(form) >= 4
            for entry in self._forms[form]
        ]

    @cached_property
    def _english_names(self) -> list[_EnglishName]:
        return [
            _EnglishName(entry, said, _core(said), compact(name))
            for entry in self._glossary.entries.values()
            for name in entry.en
            if says_something(said := stems(name))
        ]

    @cached_property
    def _by_stem(self) -> dict[str, list[_EnglishName]]:
        index: dict[str, list[_EnglishName]] = {}
        for name in self._english_names:
            for word in set(name.core):
                index.setdefault(word, []).append(name)
        return index

    @cached_property
    def _by_key(self) -> dict[str, list[_EnglishName]]:
        index: dict[str, list[_EnglishName]] = {}
        for name in self._english_names:
            index.setdefault(name.key, []).append(name)
        return index

    def _english(self, segment: Segment) -> list[Naming]:
        core = _core(segment.stems)
        candidates = {id(n): n for word in core for n in self._by_stem.get(word, ())}
        found = [
            Naming(entry=name.entry, surety=surety)
            for name in candidates.values()
            if (surety := _english_surety(segment.stems, core, name)) > 0
        ]
        return [*found, *self._joined(segment.key)] or self._misspelt(segment.key)

    def _joined(self, key: str) -> Iterable[Naming]:
        """Names that begin a piece whose words OCR has joined (`GRANDTOTAL`)."""
        for size in range(len(key), 3, -1):
            for name in self._by_key.get(key[:size], ()):
                if size == len(key):
                    yield Naming(entry=name.entry, surety=1.0)
                else:
                    yield Naming(entry=name.entry, surety=0.85 if size >= 0.5 * len(key) else 0.5)

    def _misspelt(self, key: str) -> list[Naming]:
        if len(key) < 8:
            return []
        close = process.extract(
            key, self._by_key.keys(), scorer=Levenshtein.distance, score_cutoff=1, limit=3
        )
        return [
            Naming(entry=name.entry, surety=0.7)
            for form, _, _ in close
            for name in self._by_key[form]
        ]


def _field_names(bare: str) -> tuple[str, ...]:
    """What a field's diseases are treated in: `呼吸病` (门诊) in `呼吸内科` or `呼吸科`."""
    field = re.sub(r"(?:疾病|病)$", "", bare)
    return (f"{field}内科", f"{field}科") if field != bare and len(field) >= 2 else ()


def _core(said: Sequence[str]) -> tuple[str, ...]:
    return tuple(s for s in said if s not in EN_FILLERS) or tuple(said)


def _english_surety(said: Sequence[str], core: Sequence[str], name: _EnglishName) -> float:
    if tuple(said) == name.stems:
        return 1.0
    if tuple(core) == name.core:
        return 0.9
    size = len(name.core)
    runs = [i for i in range(len(core) - size + 1) if tuple(core[i : i + size]) == name.core]
    if not runs:
        return 0.0
    # English puts the head last, too: "Eye Surgery" is surgery. (But no tea is a "Tea Room".)
    whole = len(name.core) == len(name.stems) or len(core) < len(said)
    return 0.8 if whole and runs[-1] + size == len(core) else 0.5


def _bare(key: str) -> str:
    """A Chinese name without what it may carry and still be the same place."""
    for head in _HEADS:
        if key.startswith(head) and len(key) - len(head) >= 2:
            key = key[len(head) :]
            break
    for tail in sorted(TAILS, key=len, reverse=True):
        if key.endswith(tail) and len(key) - len(tail) >= 2:
            return key[: -len(tail)]
    return key
