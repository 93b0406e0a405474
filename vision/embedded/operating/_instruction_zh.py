"""Instructions in Chinese, clause by clause."""

from __future__ import annotations

import re

from deixis.vision.embedded.operating import _instruction_zh_forms as zh
from deixis.vision.embedded.operating._instruction import (
    AND,
    EXCEPT,
    IT,
    LITTLE,
    Ask,
    Clause,
    Destination,
    Draft,
    Home,
    Move,
    MoveTo,
    Nothing,
    Pick,
    PointAt,
    Relation,
    Side,
    Sort,
    Stop,
    Unclear,
)


def chinese_draft(text: str) -> Draft:
    """The clauses of an instruction in Chinese.

    Args:
        text: Folded, its quotations masked.
    """
    text = re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", text)
    draft = Draft()
    target = _bare(text)
    pieces = [target] if zh.MOVE_TO.fullmatch(target) else _pieces(text)
    for number, piece in enumerate(pieces):
        _clause(piece, draft, first=number == 0)
    return draft


def _pieces(text: str) -> list[str]:
    text = re.sub(r"别忘了|不要忘记|别忘记|记得|记住要?", "", text)
    text = re.sub(
        r"除了?(.+?)(?:以外|之外|外)的?(?:其他|其它|别的|剩下的)?(?:所有|全部)?的?",
        rf"{EXCEPT}\1{EXCEPT}",
        text,
    )
    text = re.sub(r"一个一个地?|一个接一个地?|挨个地?|轻轻地?|小心地?|慢慢地?|快速地?", "", text)
    text = re.sub(r"(\d)\.(\d)", "\\1\uf8f2\\2", text)
    parts = [part.replace("\uf8f2", ".") for part in zh.APART.split(text)]
    return [piece for part in parts if (piece := _bare(part))]


def _bare(piece: str) -> str:
    before = ""
    piece = piece.strip(" ,.!?:;。…~")
    while piece != before:
        before = piece
        piece = zh.POLITE.sub("", piece) or piece
        if not _question(piece):
            piece = zh.POLITE_END.sub("", piece) or piece
    return piece


def _clause(piece: str, draft: Draft, *, first: bool) -> None:
    spared = zh.SPARE.fullmatch(piece)
    if (whole := _whole_clause(piece, first=first)) is not None:
        draft.clauses.append(whole)
    elif spared is not None and not re.search(rf"(?:{zh.PUT})(?:{zh.TO})", piece):
        phrase = _thing(spared["what"])
        if phrase in (IT, "") or zh.NOT.search(phrase):
            draft.clauses.append(Unclear(reason="negated", words=piece))
        else:
            draft.spare.append(phrase)
    elif zh.NOT.search(zh.NOT_FINE.sub("", piece)):
        draft.clauses.append(Unclear(reason="negated", words=piece))
    else:
        draft.clauses.append(_commanded(piece))


def _whole_clause(piece: str, *, first: bool) -> Clause | None:
    if zh.STOP.fullmatch(piece):
        return Stop()
    if zh.NOTHING.fullmatch(piece) or zh.POLITE.fullmatch(piece):
        return Nothing()
    if zh.HOME.fullmatch(piece):
        return Home()
    if (to := zh.MOVE_TO.fullmatch(piece)) is not None:
        scale = {"厘米": 0.01, "cm": 0.01, "毫米": 0.001, "mm": 0.001}.get(to["unit"] or "", 1.0)
        return MoveTo(x=float(to["x"]) * scale, y=float(to["y"]) * scale, z=float(to["z"]) * scale)
    if first and (asked := _question(piece)) is not None:
        return asked
    if zh.CONDITION.search(piece):
        return Unclear(reason="condition", words=piece)
    return Unclear(reason="choice", words=piece) if zh.CHOICE.search(piece) else None


def _commanded(piece: str) -> Clause:
    """A clause that tells what to do."""
    if re.match(r"(?:我|他|她|我们|他们|牌子|上面|盒子)(?!想?要)", piece):
        return Unclear(reason="words", words=piece)
    for read in (_released, _tidied, _sorted, _shifted, _given, _pointed, _moved, _out, _taken):
        if (step := read(piece)) is not None:
            return step
    if zh.CANNOT.fullmatch(piece):
        return Unclear(reason="cannot", words=piece)
    told = bool(re.match(r"把|将", piece))
    if told or re.fullmatch(rf"(?:{zh.ANY}).+", piece):
        return Unclear(reason="where", words=piece)
    if re.fullmatch(rf"(?:{zh.ANY})", piece):
        return Unclear(reason="what", words=piece)
    return Unclear(reason="words", words=piece)


def _released(piece: str) -> Clause | None:
    if zh.RELEASE.fullmatch(piece):
        return Move(what=(), where=Destination(relation="free"))
    return None


def _sorted(piece: str) -> Clause | None:
    found = zh.SORT.fullmatch(piece)
    if found is None:
        return Sort(what=("所有东西",), by="colour") if piece in ("分类", "归类", "分拣") else None
    what = next((found[g] for g in "abcd" if found[g]), "") or "所有东西"
    if re.fullmatch(rf"(?:{zh.TABLE})?(?:上)?的?(?:东西|物体|物品)?|一下", what):
        what = "所有东西"
    by = found["by"] or found["f"] or "颜色"
    apart = len(_things(what)) > 1 and not found["by"]
    return Sort(what=_things(what), by="colour" if "色" in by and not apart else "kind")


def _tidied(piece: str) -> Clause | None:
    found = zh.TIDY.fullmatch(piece)
    if found is None or re.search(r"按|根据|依照", piece):
        return None
    what = found["what"] or "所有东西"
    if re.fullmatch(rf"{zh.TABLE}", what):
        what = "所有东西"
    return Move(what=_things(what), where=Destination(relation="containers"))


def _shifted(piece: str) -> Clause | None:
    found = zh.SHIFT.fullmatch(piece)
    if found is None:
        return None
    what = re.sub(rf"^(?:{zh.ANY})(?:动)?", "", found["what"]) if found["what"] else ""
    side = zh.SIDES[found["side"]]
    measured = re.fullmatch(rf"({zh.NUMBER}|[一二两三五十]+) ?(.+)", found["n"])
    if not found["n"]:
        return Move(what=_things(what or "它"), where=Destination(relation="part", side=side))
    distance = LITTLE
    if measured and not found["n"].startswith("一点") and not found["n"].startswith("一些"):
        count = float(zh.DIGITS.get(measured[1]) or measured[1])
        scale = {"厘": 0.01, "公": 0.01, "c": 0.01, "毫": 0.001}.get(measured[2][0], 1.0)
        distance = count * (0.001 if measured[2] == "mm" else scale)
    where = Destination(relation="shift", side=side, distance=distance)
    return Move(what=_things(what or "它"), where=where)


def _given(piece: str) -> Clause | None:
    found = zh.GIVE.fullmatch(piece)
    if found is None:
        return None
    what = next(found[g] for g in "abcd" if found[g])
    if re.search(rf"(?:{zh.ANY})(?:{zh.TO})|把|将", what) or _where(what) is None:
        return None
    return Move(what=_things(what), where=Destination(relation="person"))


def _pointed(piece: str) -> Clause | None:
    found = zh.POINT.fullmatch(piece)
    if found is None:
        return None
    return PointAt(what=_things(found["a"] or found["b"]))


def _moved(piece: str) -> Clause | None:
    """Something that goes somewhere, or what is held."""
    for form in (zh.MOVED, zh.TAKEN_TO, zh.BARE_TO, zh.PUT_AT):
        found = form.fullmatch(piece)
        if found is None:
            continue
        what, where = found["what"], _where(found["where"])
        what = re.sub(rf"^(?:{zh.TAKE})(?:一下)?|(?:起来|住|{zh.TAKE})$", "", what)
        if where is None:
            continue
        things = _things(what) if what else (IT,)
        if len(things) == 1 and found.groupdict().get("all") in zh.WHOLE and things[0] != IT:
            things = (_all_of(things[0]),)
        return Move(what=things, where=where)
    if (held := zh.HELD_TO.fullmatch(piece)) and (where := _where(held["where"])):
        return Move(what=(IT,), where=where) if where.relation != "to" else None
    return None


def _out(piece: str) -> Clause | None:
    found = zh.OUT.fullmatch(piece)
    if found is None:
        return None
    what = found["what"] or found["what2"] or found["what3"]
    origin = re.sub(r"(?:里面|上面|里|上|中)$", "", found["from"] or found["from2"] or "")
    phrase = f"{origin}里的{_thing(what)}" if origin else _thing(what)
    return Move(what=(phrase,), where=Destination(relation="free"))


def _taken(piece: str) -> Clause | None:
    found = zh.TAKEN.fullmatch(piece)
    if found is None:
        return None
    return Pick(what=_things(next(g for g in found.groups() if g)))


def _things(words: str) -> tuple[str, ...]:
    """The phrases of a list, such as 红色方块和绿色的球."""
    if EXCEPT in words:
        _, apart, rest = words.split(EXCEPT, 2)
        spared = f" {AND} ".join(p for p in re.split(r"和|与|跟|、|及|以及", apart) if p)
        return (f"{_all_of(rest or '东西')} {EXCEPT} {spared}",)
    if re.search(r"(?:和|与|跟|、).+(?:之间|中间)", words):
        return (_thing(words),)
    return tuple(_thing(word) for word in re.split(r"以及|还有|和|与|跟|、|及", words) if word)


def _all_of(phrase: str) -> str:
    return phrase if re.search(r"所有|全部|每|任|\d|[一两三四五几]个", phrase) else f"所有{phrase}"


def _thing(phrase: str) -> str:
    phrase = re.sub(r"^(?:把|将)", "", phrase.strip(" ,"))
    phrase = re.sub(r"(?:全都|都|全部|统统|一起|给我|也)+$", "", phrase) or phrase
    phrase = re.sub(r"^(.+)从(.+)$", r"\2的\1", phrase)
    return IT if phrase in zh.THEM else phrase


def _where(words: str) -> Destination | None:
    """A destination."""
    words = re.sub(r"^(?:到|在|进|入|去|了)+|(?:去吧|那边)$", "", words.strip()) or words
    if re.fullmatch(r"面前|跟前|我.*", words):
        return Destination(relation="person")
    if zh.HERE.fullmatch(words):
        return None
    if zh.BACK.fullmatch(words) and words != "去":
        return Destination(relation="back")
    if zh.SAME.fullmatch(words):
        return Destination(relation="same")
    if zh.FREE.fullmatch(words):
        return Destination(relation="free")
    if zh.CONTAINERS.fullmatch(words):
        return Destination(relation="containers")
    if (between := zh.BETWEEN.fullmatch(words)) is not None:
        return Destination(relation="between", phrases=(_thing(between["a"]), _thing(between["b"])))
    if (part := zh.PART.fullmatch(words)) is not None:
        return Destination(relation="part", side=_side(part["side"]))
    return _by_thing(words)


def _by_thing(words: str) -> Destination | None:
    relation: Relation = "to"
    phrase = words
    if (found := zh.BESIDE.fullmatch(words)) is not None:
        relation, phrase = "beside", found["what"]
    elif (found := zh.RELATED.fullmatch(words)) is not None:
        sides: dict[str, Relation] = {"左": "left", "右": "right", "前": "front", "后": "behind"}
        relation = sides[found["side"]] if found["side"] else "behind"
        phrase = found["what"] or found["behind"]
    elif (found := zh.ON.fullmatch(words)) is not None:
        relation, phrase = "on", found["what"]
    elif (found := zh.INSIDE.fullmatch(words)) is not None:
        relation, phrase = "in", found["what"]
    if not phrase or re.search(rf"把|将|(?:{zh.TAKE})|[{AND}]", phrase):
        return None
    if relation == "to" and len(phrase) > 14:
        return None
    return Destination(relation=relation, phrases=(_thing(phrase),))


def _side(words: str) -> Side:
    sides = [zh.SIDES[c] for c in words if c in zh.SIDES]
    return sum(s[0] for s in sides), sum(s[1] for s in sides)


def _question(piece: str) -> Ask | None:
    piece = re.sub(r"(?:呢|啊|呀|了)$", "", piece)
    if re.match(r"把|将", piece):
        return None
    for about, form in zh.QUESTIONS:
        if (found := form.fullmatch(piece)) is not None:
            phrase = next((g for g in found.groups() if g), "")
            phrase = re.sub(rf"^{zh.TABLE}的?", "", phrase) or phrase
            return Ask(about=about, phrase=_thing(phrase))  # type: ignore[arg-type]
    return None
