"""Whether what is printed beside a value is what a field is called, in English or Chinese."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz.distance import OSA

from deixis.vision.embedded._text import compact, fold, has_han, stem

_DATA = Path(__file__).parent.parent.parent / "data"
_NUMBERING = re.compile(
    r"^\s*(?:[(（]?\d{1,2}[)）.、]|[一二三四五六七八九十]{1,2}、|[①-⑳]|[*＊•·□☐○])\s*(?=\D)"
)
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]?")
_SHARE = re.compile(r"@?\s*\d+(?:[.,]\d+)?\s*%")
_MONEY = re.compile(
    r"\b(?:USD|GBP|EUR|CNY|RMB|JPY|HKD|INR|AUD|CAD|CHF|SGD|IDR|MYR|THB|KRW|TWD)\b|[$€£¥￥]|人民币(?!.*大写)"
)
_ENDING = re.compile(r"[\s:：*＊.。…_＿]+$")
_SCRIPTS = re.compile(r"[\u3400-\u9fff]+(?:[\s、]*[\u3400-\u9fff]+)*|[^\u3400-\u9fff]+")
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[#%№]")
_NUMBER_DOTS = re.compile(r"\bp\.\s?o\.|\bd\.\s?o\.\s?b\.|\ba/c\b|\bs/n\b")
_DOTTED = {"p.o.": "po", "d.o.b.": "dob", "a/c": "account", "s/n": "sn"}
_SHORT = {
    "no": "number", "nr": "number", "num": "number", "#": "number", "№": "number", "id": "number",
    "nos": "number", "numbers": "number", "qty": "quantity", "amt": "amount", "tel": "phone",
    "telephone": "phone", "dob": "birthday", "dept": "department", "addr": "address",
    "inv": "invoice", "org": "organisation", "organization": "organisation", "desc": "description",
    "ref": "reference", "mobile": "phone", "pct": "%", "percent": "%", "dr": "doctor",
    "acct": "account", "temp": "temperature", "cust": "customer", "pmt": "payment",
}  # fmt: skip
_SMALL = frozenset("of the a an s is are our please in on for do you".split())
# What says only which document or person a label is of, where just one could be meant.
_NEUTRAL = frozenset(
    map(stem, "invoice patient form document receipt full bill prescription this card visit "
    "record applicant item line row person personal your".split())
)  # fmt: skip
_NEUTRAL_ZH = re.compile(r"^(?:发票|患者|病人|本人|申请人|票据|处方|您的|商品|药品|检验)|(?:如下)$")
# Where both are printed, a grand total is more of a total than a total.
_GRAND, _EXACT, _CONCEPT, _NEAR, _MISREAD = 1.1, 1.0, 0.95, 0.85, 0.8
_SPELT = 7
_SPELT_ZH = 5

Key = tuple[str, ...]

# What a plainer label may stand for, where a document has just that.
_PLAINER = {
    "date": "invoice-date prescription-date report-date application-date".split(),
    "name": ["patient-name"],
    "item": ["drug"],
    "quantity": ["dispensed-quantity"],
    "specification": ["strength"],
}


@cache
def _entries(name: str) -> dict[Key, dict[str, bool]]:
    """Meanings by key; of each whether it is sure without a colon."""
    known: dict[Key, dict[str, bool]] = {}
    for line in (_DATA / name).read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        meaning, *columns = line.split("\t")
        for form in (form for column in columns for form in column.split("|") if form):
            strong = not form.endswith("~")
            for key in (key_of(form.rstrip("~")), _run_together(form.rstrip("~"))):
                if key:
                    known.setdefault(key, {})[meaning] = strong
    return known


@lru_cache(maxsize=16384)
def key_of(text: str) -> Key:
    """A name as it is compared: characters of Chinese as one, stems of English words in order."""
    folded = _NUMBER_DOTS.sub(lambda m: _DOTTED[m.group().replace(" ", "")], fold(text))
    if has_han(folded):
        return (compact(folded),)
    tokens = (_SHORT.get(token, token) for token in _TOKEN.findall(folded))
    return tuple(stem(token) for token in tokens if token not in _SMALL)


def _run_together(name: str) -> Key:
    """The key of an English name as receipts print it: GRANDTOTAL."""
    parts = name.split()
    plain = len(parts) > 1 and all(part.isascii() and part.isalpha() for part in parts)
    return key_of("".join(parts)) if plain else ()


@lru_cache(maxsize=16384)
def keys_in(text: str) -> tuple[Key, ...]:
    """The names that a label prints, fullest first: of «姓名 Name» the whole and each language."""
    unnumbered = _NUMBERING.sub("", text.strip())
    if len(unnumbered) > 5:
        unnumbered = _MONEY.sub(" ", _SHARE.sub(" ", unnumbered)) or unnumbered
    plain = _ENDING.sub("", unnumbered)
    found = [key_of(plain)]
    for bare in (plain, _BRACKETS.sub(" ", plain)):
        found.append(key_of(bare))
        if has_han(bare):
            parts = [part.strip(" /|·-—()（）:：") for part in _SCRIPTS.findall(bare)]
            found += [key_of(part) for part in parts]
        elif "/" in bare:
            found += [key_of(part) for part in bare.split("/")]
    return tuple(key for key in dict.fromkeys(found) if key and any(key))


def meanings_of(text: str, *, colon: bool = False, values: bool = False) -> frozenset[str]:
    """What a label is known to mean, whichever field is sought.

    Args:
        text: The label.
        colon: Whether it ends with a colon or stands in a header, so that doubtful ones count.
        values: Whether it is something filled in rather than a label.
    """
    known = _entries("document_values.tsv" if values else "document_labels.tsv")
    return frozenset(
        meaning
        for key in keys_in(text)
        for meaning, strong in known.get(key, {}).items()
        if strong or colon
    )


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a field may be called.

    Attributes:
        keys: As they are compared.
        meanings: What they mean.
        row: Whether it is a column of a table, where a total is a line's.
    """

    keys: frozenset[Key]
    meanings: frozenset[str]
    row: bool = False

    @classmethod
    def of(cls, words: Sequence[str], *, row: bool = False) -> Names:
        """Of a field's words."""
        keys = frozenset(key for word in words for key in keys_in(word))
        meanings = {m for word in words for m in meanings_of(word, colon=True)}
        if not meanings:
            known = _entries("document_labels.tsv")
            meanings = {m for key in keys for m in known.get(_bare(key), {})}
        if not row and len(meanings) > 1:
            meanings -= {"line-amount"}
        return cls(keys=keys, meanings=frozenset(meanings), row=row)

    def _means(self, meanings: Collection[str]) -> bool:
        told = set(meanings)
        if not self.row and "total" in told:
            told.discard("line-amount")
        return not self.meanings.isdisjoint(told)

    def fit(self, label: str, *, colon: bool = False) -> float:
        """How well a label is this field's: 1 word for word, above it where better still, 0 not.

        Args:
            label: As printed.
            colon: Whether it ends with a colon or stands in a table's header.
        """
        said = keys_in(label)
        if not said:
            return 0.0
        meant = meanings_of(label, colon=colon)
        if not self.row and "total" in self.meanings and meant & {"grand-total", "amount-due"}:
            return _GRAND if "grand-total" in meant else _CONCEPT
        if self.keys.intersection(said):
            return _EXACT
        if self._means(meant):
            return _CONCEPT
        plain = {_bare(key) for key in said} - {()}
        bare = {_bare(key) for key in self.keys}
        told = meanings_of(label, colon=True)
        if not told and (self.keys & plain or bare.intersection(said)):
            return _NEAR
        known = _entries("document_labels.tsv")
        if any(self._means(known.get(_bare(key), {})) for key in said if _bare(key)):
            return _NEAR if colon else 0.0
        if any(_is_plainer(own, other) for own in self.meanings for other in meant):
            return _NEAR
        if told:
            return 0.0  # known to mean something else
        return _MISREAD if any(_misread(own, key) for own in self._spelt() for key in said) else 0.0

    def _spelt(self) -> Iterator[Key]:
        yield from self.keys
        known = _entries("document_labels.tsv")
        for key, meanings in known.items():
            if self._means(meanings):
                yield key


def _is_plainer(own: str, other: str) -> bool:
    return own in _PLAINER.get(other, ()) or other in _PLAINER.get(own, ())


def _bare(key: Key) -> Key:
    """A key without words that say only whose it is."""
    if len(key) == 1 and has_han(key[0]):
        short = _NEUTRAL_ZH.sub("", key[0])
        return (short,) if len(short) > 1 else ()
    rest = tuple(word for word in key if word not in _NEUTRAL)
    # «Invoice number» and «number» aren't the same: anything may have a number.
    return rest if rest and rest != ("number",) else key


def _misread(own: Key, seen: Key) -> bool:
    """Whether a label is a field's name with a slip of the reader."""
    a, b = "".join(own), "".join(seen)
    least = _SPELT_ZH if has_han(a) else _SPELT
    if len(a) < least or abs(len(a) - len(b)) > 1:
        return False
    return OSA.distance(a, b, score_cutoff=1) <= 1
