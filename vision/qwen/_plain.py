"""Places written without tags or keys. Only with good evidence that they are meant as places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from deixis.vision.qwen._objects import numbers_in
from deixis.vision.qwen._places import Found, Numbers, clean, numbers_of
from deixis.vision.qwen._salvage import Group

_N = r"\d{1,5}(?:\.\d{1,6})?"
_PAIR = rf"\(\s{{0,3}}({_N})\s{{0,3}},\s{{0,3}}({_N})\s{{0,3}}\)"
_ONE_PAIR = re.compile(_PAIR)
_GAP = re.compile(r"\s{0,3}(,?)\s{0,3}(?=\()")
_TOKENS = re.compile(r"<\|?[a-z_]{1,30}\|?>")
_TRIVIAL = re.compile(r"[\s,.;`。，；<>|/]*(?:json|plaintext|text)?[\s,.;`。，；]*")
_WORDS_BEFORE = re.compile(
    r"(?:bbox|box|bound|coordinate|坐标|框|location|region|located|position|位置|区域)"
    r"[^\n\[\](){}]{0,60}$",
    re.IGNORECASE,
)
_POINT_BEFORE = re.compile(
    r"(?:point|coordinate|click|坐标|点击)[^\n\[\](){}]{0,30}$", re.IGNORECASE
)
_LABEL_AFTER = re.compile(r"[\s,]{0,9}[\"']label[\"']\s{0,3}:\s{0,3}[\"']([^\"'\n]{0,200})[\"']")
_FOUR = re.compile(rf"\(\s{{0,3}}{_N}(?:\s{{0,3}},\s{{0,3}}{_N}){{3}}\s{{0,3}}\)")
_CALL = re.compile(
    r"\b(start_box|end_box|start_point|end_point|point|coordinate|box)\s{0,3}=\s{0,3}[\"']"
    r"([^\"'\n]{3,120})[\"']"
)
_LEAST_SIDE = 4.0  # what smaller boxes in prose are: grid positions, not places
_BEFORE = 100
_LONGEST_LABEL = 60


def read_calls_of_agents(text: str) -> Iterator[tuple[Found, tuple[int, int]]]:
    """UI-TARS' `click(start_box='(x,y)')`, each with its span."""
    for said in _CALL.finditer(text):
        numbers = numbers_of(said.group(2))
        if numbers is None or len(numbers) not in (2, 4):
            continue
        one = len(numbers) == 2
        yield (
            Found(
                start=said.start(),
                reader="plain",
                point=numbers if one else None,
                box=None if one else numbers,
            ),
            said.span(),
        )


def read_lists(text: str, groups: Sequence[Group]) -> Iterator[Found]:
    """Lists of numbers that words before them call a box, or that are all there is."""
    lists = [group for group in groups if group.bracket == "[" and group.closed]
    alone = _all_there_is(text, [(group.start, group.end) for group in lists])
    for group in lists:
        try:
            places = numbers_in(group)
        except ValueError:
            continue
        before = text[max(0, group.start - _BEFORE) : group.start]
        for numbers in places:
            point = len(numbers) == 2 and (alone or _POINT_BEFORE.search(before))
            box = len(numbers) == 4 and (alone or (_WORDS_BEFORE.search(before)))
            if box or point:
                after = _LABEL_AFTER.match(text, group.end)
                yield Found(
                    start=group.start,
                    reader="plain",
                    label=clean(after.group(1)) if after else "",
                    box=numbers if box else None,
                    point=None if box else numbers,
                )


def read_tuples(text: str) -> Iterator[Found]:
    """Four numbers in parentheses that words before them call a box, or that are all there is."""
    found = list(_FOUR.finditer(text))
    alone = _all_there_is(text, [four.span() for four in found])
    for four in found:
        before = text[max(0, four.start() - _BEFORE) : four.start()]
        if alone or _WORDS_BEFORE.search(before):
            yield Found(start=four.start(), reader="plain", box=numbers_of(four.group()))


def read_pairs(text: str, labels: Mapping[int, str]) -> Iterator[Found]:
    """Boxes as `(x1,y1),(x2,y2)`: what is left of Qwen2-VL's where special tokens are skipped.

    Args:
        text: The reply, without what other readers read.
        labels: Labels in `<ref>` by where they ended.
    """
    runs = list(_runs(text))
    alone = _all_there_is(text, [(start, end) for start, end, _, _ in runs])
    for start, _, pairs, commas in runs:
        before = start
        while before > 0 and start - before < 4 and text[before - 1] in " \n":
            before -= 1
        known = labels.get(start, labels.get(before))
        if len(pairs) == 1:
            if alone or known is not None:
                yield Found(start=start, reader="plain", point=pairs[0], label=known or "")
            continue
        if len(pairs) % 2:
            continue
        boxes = [pairs[at] + pairs[at + 1] for at in range(0, len(pairs), 2)]
        meant = [box for box in boxes if _is_box(box)]
        if len(meant) == len(boxes):
            label = _label_before(text, start) if known is None else known
            for box in boxes:
                yield Found(start=start, reader="plain", box=box, label=label)
        elif len(pairs) == 4 and commas and (alone or known is not None):
            quad = tuple(number for pair in pairs for number in pair)
            yield Found(start=start, reader="plain", quad=quad, label=known or "")
        elif (alone or known is not None) and len(boxes) == 1:
            yield Found(start=start, reader="plain", box=boxes[0], label=known or "")


def _is_box(box: Numbers) -> bool:
    return box[2] - box[0] >= _LEAST_SIDE and box[3] - box[1] >= _LEAST_SIDE


def _runs(text: str) -> Iterator[tuple[int, int, list[Numbers], bool]]:
    """Pairs that follow each other: start, end, the pairs, whether commas join all of them."""
    at = 0
    while pair := _ONE_PAIR.search(text, at):
        start, pairs, joined = pair.start(), [_numbers(pair)], [True]
        end = pair.end()
        while gap := _GAP.match(text, end):
            following = _ONE_PAIR.match(text, gap.end())
            # The corners of a box are joined by a comma; boxes may follow each other without.
            if following is None or (len(pairs) % 2 and not gap.group(1)):
                break
            pairs.append(_numbers(following))
            joined.append(bool(gap.group(1)))
            end = following.end()
        yield start, end, pairs, all(joined)
        at = end


def _numbers(pair: re.Match[str]) -> Numbers:
    return (float(pair.group(1)), float(pair.group(2)))


def _all_there_is(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a reply has nothing but these spans in it, commas and fences aside."""
    at = 0
    for start, end in (*spans, (len(text), len(text))):
        between = _TOKENS.sub("", text[at : min(start, at + 200)])
        if start - at > 200 or not _TRIVIAL.fullmatch(between):
            return False
        at = end
    return True


def _label_before(text: str, start: int) -> str:
    """The words at a line's beginning that a box follows without a space, as labels do."""
    line = text.rfind("\n", max(0, start - _LONGEST_LABEL - 1), start)
    begin = line + 1 if line >= 0 else 0
    if start - begin > _LONGEST_LABEL or start == begin or text[start - 1].isspace():
        return ""
    words = text[begin:start]
    return clean(words) if not set(words) & set(".:;!?。：；！？()[]{}<>\0") else ""
