"""Instructions in Chinese, clause by clause."""

from __future__ import annotations

import re
from typing import Final

from deixis.vision.embedded._instruction import (
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

_PUT: Final = (
    "放置|摆放|移动|移到|挪动|搬运|转移|放|移|挪|搬|摆|丢|扔|装|搁|送|夹|叠|堆|码|收|弄|运|挪|塞"
)
_TAKE: Final = "拿起来|拿起|拿住|拿着|拿出|拿|抓起来|抓起|抓住|抓取|抓|取出|取走|取|夹起来|夹起|夹住|夹取|捡起来|捡起|捡|拾起|提起来|提起|举起来|举起|拎起来|拎起|握住|拾取|捏住|捏起"
_ANY: Final = f"{_PUT}|{_TAKE}"
_APART: Final = re.compile(
    r"[,。;;!?.\n]+|(?:然后|接着|随后|而后|最后|紧接着|接下来|之后(?=再|把|将|放|拿|去|回)|以后(?=再))"
    rf"|(?<=.)(?:并且|同时)|(?<=.)(?:再|并|又|且|就|和|后)(?=把|将|{_ANY}|回|指)"
    r"|(?:但是|不过|可是|但)(?=.*(?:不|别|勿))"
)
_POLITE: Final = re.compile(
    r"^(?:请问|请你|请您|请|麻烦您|麻烦你|麻烦|劳驾|拜托你?|帮我|帮忙|帮个忙|帮|给我(?=把|将)|替我|为我|你|您|能不能|能否|可不可以"
    r"|可以(?!吗)|可否|是否可以|是不是可以|能(?=帮|把|将|给|不)|我想让|我要(?=你|您|把|将)|我想请|我希望|我需要|我想要?(?=把|将|你|您)|现在|首先|先|快点?"
    r"|赶紧|赶快|马上|立刻|立即|慢慢地?|小心地?|轻轻地?|嗨|喂|你好|您好|小机器人|机器人|机械臂|机械手|那么|那就|那(?=[,请把将你我])|用(?:夹爪|手|爪子|机械臂)|好的|好吧?|嗯|ok"
    r"|接着|再|最后|接下来|之后|然后|就|试着|试试|也|还|去(?=把|将|拿|抓|取)|来(?=把|将)|要不|不如|直接|一次性|全部(?=把|将)|统统|再次|重新|继续)[ ,:]*"
)
_POLITE_END: Final = re.compile(
    r"(?:好不好|好吗|好吧|行吗|行不行|可以吗|可不可以|行么|好么|吗|吧|呗|呀|啊|哦|喔|哈|嘛|呢|啦|咯|谢谢[你您]?|多谢|拜托了?|一下|就行了?|就好了?"
    r"|就可以了?|即可|了|[ ,!?。]+)$"
)
_STOP: Final = re.compile(
    r"(?:紧急|立刻|马上|赶紧|快|全部|都)*(?:停|停下|停下来|停止|停止(?:运动|动作|移动|工作|运行)|急停|暂停|站住|停住|停手|住手|刹车|中止|终止"
    r"|别动|不要动|不许动|不准动|别再动|不要再动)+"
)
_NOTHING: Final = re.compile(
    r"(?:等等?|等一下|等一等|等会儿?|稍等|算|算了|取消|不用|没事|谢谢[你您]?|多谢|什么(?:都|也)(?:不要|别|不用)做|没有|不|就这样|可以|干得好|真棒|好)+"
)
_NOT: Final = re.compile(
    r"(?:不(?!同|一样的|过|少|锈|透明|规则|停)|别(?!的|处|人)|勿|甭|禁止|切勿|无需|无须|避免|没|未|莫|休(?!息))"
)
_NOT_FINE: Final = re.compile(
    r"特别|分别|区别|类别|级别|性别|个别|差不多|好不好|行不行|要不要|能不能|可不可以|对不起|不好意思|不错|有没有|是不是"
)
_SPARE: Final = re.compile(
    r"(?:千万|绝对|一定)?(?:不要|别|不准|不许|不能|不可以|不应该|勿|切勿|禁止|不用|不必|甭|无需)(?:再|去|你)*"
    rf"(?:把|将)?(?:碰到|碰|动|触碰|触摸|摸|挪动|移动|{_TAKE}|挪|移)(?:到|掉|走)?(?P<what>.+)"
)
_CONDITION: Final = re.compile(
    r"如果|要是|假如|假设|除非|的时候|时候|等到|直到|万一|每次|每隔|一旦|当(?!中|前)|因为|否则|反复|重复|\d+次|[两三四五]次|若"
)
_CHOICE: Final = re.compile(r"或者|或是|还是|要么|或")
_HOME: Final = re.compile(
    r"(?:把|将|让)?(?:机械臂|手臂|手|臂)?(?:回|退|移|移动|收|返|放|去|走)(?:到|回|去)*(?:家|原点|原位|初始位置|起始位置|起点|初始状态|初始姿态|待机位置|零点)(?:去|来)?|复位|归位|归零|回去|收回(?:去|来)?"
)
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_MOVE_TO: Final = re.compile(
    rf"(?:把|让)?(?:机械臂|夹爪|手)?(?:移动|移|走|去|运动)(?:到|至)(?:坐标|位置|点)?[(]?(?:x=?)?(?P<x>{_NUMBER})米?[,、 ]+(?:y=?)?(?P<y>{_NUMBER})米?[,、 ]+(?:z=?)?(?P<z>{_NUMBER})(?P<unit>米|厘米|毫米|m|cm|mm)?[)]?"
)
_BY: Final = r"(?P<by>颜色|色彩|形状|种类|类别|类型|外形|样子)"
_SORT: Final = re.compile(
    rf"(?:把|将)?(?P<a>.*?)(?:都|全部)?(?:按照?|根据|依照?|以){_BY}(?:来|的不同|不同)?(?:分类|分开|分组|归类|整理|摆放|排列|排好|分好|放好|摆好|分|放|排)(?:好|开|一下)?(?P<b>.*)"
    rf"|(?:分类|整理|归类|分拣)(?:一下)?(?P<c>.+)|(?:把|将)(?P<d>.+?)(?:分类|归类|分开|分拣)(?:好)?"
    rf"|(?:把|将)?(?P<e>相同|同样|一样|同)(?:的)?(?P<f>颜色|形状|种类|色)的?(?:东西|物体|物品)?(?:放|摆|归)(?:在|到)?一起"
)
_TIDY: Final = re.compile(
    r"(?:收拾|清理|整理|清空|打扫|清)(?:一下|干净|好)*(?:桌子|桌面|台面|东西)?(?:上的东西)?"
    r"|(?:把|将)(?P<what>.+?)(?:都|全部|全)?(?:收拾|清理|整理|收|清空)(?:起来|好|干净|走)*"
)
_RELEASE: Final = re.compile(
    r"(?:放下(?:来|它|东西)?|松开|松手|放手|撒手|放开(?:它)?|(?:打开|张开|松开)(?:夹爪|爪子|手爪|手|夹子|手指)|(?:把|将)(?:它|东西|手里的东西)?(?:放下来?|松开|放开)|放到?桌(?:子|面)?上)"
)
_GIVE: Final = re.compile(
    r"(?:把|将)(?P<a>.+?)(?:递|拿|交|送|传|取)?(?:过来)?给我|(?:递|拿|交|送|传|取)?给我(?:递|拿|取|来|拿来|一?个(?=.))?(?P<b>.+)"
    r"|(?:把|将)(?P<c>.+?)(?:拿|递|取|送)过来|我(?:想)?要(?P<d>.+)"
)
_LOCAL: Final = r"(?:边|侧|面|方|半边|手边|边儿|头)"
_SHIFT: Final = re.compile(
    rf"(?:(?:把|将)?(?P<what>.*?))(?:再)?(?:往|向|朝)(?P<side>左|右|前|后)(?:{_LOCAL}|手边)?(?:移动|挪动|移|挪|推|放|摆|动|拿)?(?:过去)?(?P<n>(?:{_NUMBER}|[一二两三五十]+) ?(?:厘米|公分|毫米|米|cm|mm|m)|一点点?|一些|点|些|)(?:的距离|的地方)?"
)
_TO: Final = "到|进去|进|入|在|至|回|往|向|去|上|于|成"
_MOVED: Final = re.compile(
    rf"(?:把|将|让)?(?P<what>.*?)(?P<all>全都|都|全部|全|统统|一起|一个个|依次|逐个)?(?:给我)?(?P<verb>{_ANY})(?:起来|出来|走|下)?(?:并|再|然后|后)?(?:{_PUT})?(?:{_TO})(?P<where>.+)"
)
_TAKEN_TO: Final = re.compile(
    rf"(?:{_ANY})(?:一下)?(?P<what>.+?)(?:并|再|,)?(?:(?:{_PUT})(?:{_TO})|到|至|进|去|往)(?P<where>.+)"
)
_HELD_TO: Final = re.compile(
    rf"(?:把|将)?(?:它|它们|他|她|这个|那个)?(?:都|也)?(?:{_ANY})(?:下)?(?:{_TO})?(?P<where>.+)"
)
_BARE_TO: Final = re.compile(
    rf"(?P<what>.+?)(?P<all>都|也|全部|全)?(?:{_PUT})(?:{_TO})(?P<where>.+)"
)
_PUT_AT: Final = re.compile(
    r"(?:把|将)?(?P<what>.+?)(?P<all>都|也|全部|全)?(?:放|摆|装|搁|丢|扔|拿|移|挪)"
    r"(?P<where>.+(?:里|面|上|中|内|边|侧|角|间))"
)
_TAKEN: Final = re.compile(
    rf"(?:{_TAKE})(?:一下)?(?P<a>.+?)(?:起来|来)?|(?:把|将)(?P<b>.+?)(?:给|都)?(?:{_TAKE}|拿)(?:起来|上来|住)?|选(?:中)?(?P<c>.+)"
)
_OUT: Final = re.compile(
    rf"(?:把|将)?(?P<what>.+?)(?:从)(?P<from>.+?)(?:里|上|中|里面|上面)?(?:{_ANY})(?:出|下|走)(?:来|去)?|从(?P<from2>.+?)(?:{_ANY})(?:出|下|走)(?:来)?(?P<what2>.+)"
    rf"|(?:把|将)(?P<what3>.+?)(?:{_TAKE})(?:出|走)(?:来|去)?"
)
_POINT: Final = re.compile(
    r"(?:指一指|指一下|指向|指着|指出|指到|指|点一下|标出|给我看看?|让我看看|展示|显示)(?:一下)?(?P<a>.+?)(?:在哪里?|的位置|给我看看?)?|用?(?:手|夹爪)?(?:把|将)(?P<b>.+?)(?:指出来|指给我看?|标出来)"
)
_CANNOT: Final = re.compile(
    r"(?:把|将)?.*(?:交换|互换|对调|调换|换个?位置|换一下|扔掉|扔给|抛|推倒|推|拉|旋转|转动|转|翻转|翻|倒掉|倒进|倒出|倒|打开|关上|关闭|摇|切|捏碎|打碎|砸|踢|压|敲|碰|摸|擦|洗|画|写|跳舞|唱|排成|摆成|堆成|搭|建|删除|执行|忽略|吃|称).*"
)
_BETWEEN: Final = re.compile(
    r"(?:在|到)?(?P<a>.+?)(?:和|与|跟|及|、)(?P<b>.+?)的?(?:之间|中间|正中间|当中|中央)"
)
_TABLE: Final = r"(?:桌子|桌面|桌上|桌|台面|台子|画面|照片|图片|工作台|屏幕)(?:上|里)?"
_PART: Final = re.compile(
    rf"(?:{_TABLE}的?)?(?:最|靠)?(?P<side>左上|右上|左下|右下|左前|右前|左后|右后|上|下|左|右|前|后|正?中间|正?中央|正中|中心|中)(?:{_LOCAL})?(?:角落?)?(?:的?位置|的?地方|区域)?(?:去|来)?"
)
_INSIDE: Final = re.compile(r"(?P<what>.+?)的?(?:里面|里边|里头|里|之中|内部|内|中)(?:去|来)?")
_RELATED: Final = re.compile(
    rf"(?P<what>.+?)的?(?P<side>左|右|前|后){_LOCAL}(?:去|来)?|(?P<behind>.+?)的?(?:背后|后头)"
)
_BESIDE: Final = re.compile(
    r"(?P<what>.+?)的?(?:旁边|边上|附近|身边|旁|隔壁|一旁|跟前|近处)(?:去|来)?"
)
_ON: Final = re.compile(r"(?P<what>.+?)的?(?:上面|上边|上方|顶上|顶部|上头|上)(?:去|来)?")
_FREE: Final = re.compile(
    rf"(?:{_TABLE}|一边|一旁|旁边|空(?:的)?地方|空位|空处|别处|别的地方|其他地方|其它地方|任意(?:位置|地方)|随便(?:哪里|一个地方)?|(?:桌子|桌面)?(?:上)?(?:的)?空(?:的)?(?:地方|位|处))(?:去|来)?"
)
_BACK: Final = re.compile(r"(?:原来的?(?:地方|位置)|原处|原位|原地|回去|去)")
_SAME: Final = re.compile(
    r"(?:那里|那儿|里面|里|去|来|同一个?(?:地方|碗|托盘|盘子)(?:里|上)?|同样的地方|一起)"
)
_CONTAINERS: Final = re.compile(r"(?:容器|盒子里去)(?:里|里面|中)?")
_HERE: Final = re.compile(r"这里|这儿|这边|那边")
_THEM: Final = frozenset(
    (
        "它",
        "它们",
        "他",
        "她",
        "这个",
        "那个",
        "这些",
        "那些",
        "他们",
        "其",
        "手里的东西",
        "手上的东西",
        "它俩",
        "都",
    )
)
_SIDES: Final[dict[str, Side]] = {
    "左": (-1, 0), "右": (1, 0), "前": (0, -1), "后": (0, 1), "上": (0, 1), "下": (0, -1),
}  # fmt: skip
_WHOLE: Final = frozenset(("都", "全都", "全部", "全", "统统"))
_DIGITS: Final = {"一": 1, "二": 2, "两": 2, "三": 3, "五": 5, "十": 10, "十五": 15, "二十": 20}


def chinese_draft(text: str) -> Draft:
    """The clauses of an instruction in Chinese.

    Args:
        text: Folded, its quotations masked.
    """
    text = re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", text)
    draft = Draft()
    target = _bare(text)
    pieces = [target] if _MOVE_TO.fullmatch(target) else _pieces(text)
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
    parts = [part.replace("\uf8f2", ".") for part in _APART.split(text)]
    return [piece for part in parts if (piece := _bare(part))]


def _bare(piece: str) -> str:
    before = ""
    piece = piece.strip(" ,.!?:;。…~")
    while piece != before:
        before = piece
        piece = _POLITE.sub("", piece) or piece
        if not _question(piece):
            piece = _POLITE_END.sub("", piece) or piece
    return piece


def _clause(piece: str, draft: Draft, *, first: bool) -> None:
    spared = _SPARE.fullmatch(piece)
    if (whole := _whole_clause(piece, first=first)) is not None:
        draft.clauses.append(whole)
    elif spared is not None and not re.search(rf"(?:{_PUT})(?:{_TO})", piece):
        phrase = _thing(spared["what"])
        if phrase in (IT, "") or _NOT.search(phrase):
            draft.clauses.append(Unclear(reason="negated", words=piece))
        else:
            draft.spare.append(phrase)
    elif _NOT.search(_NOT_FINE.sub("", piece)):
        draft.clauses.append(Unclear(reason="negated", words=piece))
    else:
        draft.clauses.append(_commanded(piece, draft))


def _whole_clause(piece: str, *, first: bool) -> Clause | None:
    if _STOP.fullmatch(piece):
        return Stop()
    if _NOTHING.fullmatch(piece) or _POLITE.fullmatch(piece):
        return Nothing()
    if _HOME.fullmatch(piece):
        return Home()
    if (to := _MOVE_TO.fullmatch(piece)) is not None:
        scale = {"厘米": 0.01, "cm": 0.01, "毫米": 0.001, "mm": 0.001}.get(to["unit"] or "", 1.0)
        return MoveTo(x=float(to["x"]) * scale, y=float(to["y"]) * scale, z=float(to["z"]) * scale)
    if first and (asked := _question(piece)) is not None:
        return asked
    if _CONDITION.search(piece):
        return Unclear(reason="condition", words=piece)
    return Unclear(reason="choice", words=piece) if _CHOICE.search(piece) else None


def _commanded(piece: str, draft: Draft) -> Clause:
    """A clause that tells what to do."""
    if re.match(r"(?:我|他|她|我们|他们|牌子|上面|盒子)(?!想?要)", piece):
        return Unclear(reason="words", words=piece)
    for read in (_released, _tidied, _sorted, _shifted, _given, _pointed, _moved, _out, _taken):
        if (step := read(piece)) is not None:
            return step
    if _CANNOT.fullmatch(piece):
        return Unclear(reason="cannot", words=piece)
    told = bool(re.match(r"把|将", piece))
    if told or re.fullmatch(rf"(?:{_ANY}).+", piece):
        return Unclear(reason="where", words=piece)
    if re.fullmatch(rf"(?:{_ANY})", piece):
        return Unclear(reason="what", words=piece)
    return Unclear(reason="words", words=piece)


def _released(piece: str) -> Clause | None:
    if _RELEASE.fullmatch(piece):
        return Move(what=(), where=Destination(relation="free"))
    return None


def _sorted(piece: str) -> Clause | None:
    found = _SORT.fullmatch(piece)
    if found is None:
        return Sort(what=("所有东西",), by="colour") if piece in ("分类", "归类", "分拣") else None
    what = next((found[g] for g in "abcd" if found[g]), "") or "所有东西"
    if re.fullmatch(rf"(?:{_TABLE})?(?:上)?的?(?:东西|物体|物品)?|一下", what):
        what = "所有东西"
    by = found["by"] or found["f"] or "颜色"
    apart = len(_things(what)) > 1 and not found["by"]
    return Sort(what=_things(what), by="colour" if "色" in by and not apart else "kind")


def _tidied(piece: str) -> Clause | None:
    found = _TIDY.fullmatch(piece)
    if found is None or re.search(r"按|根据|依照", piece):
        return None
    what = found["what"] or "所有东西"
    if re.fullmatch(rf"{_TABLE}", what):
        what = "所有东西"
    return Move(what=_things(what), where=Destination(relation="containers"))


def _shifted(piece: str) -> Clause | None:
    found = _SHIFT.fullmatch(piece)
    if found is None:
        return None
    what = re.sub(rf"^(?:{_ANY})(?:动)?", "", found["what"]) if found["what"] else ""
    side = _SIDES[found["side"]]
    measured = re.fullmatch(rf"({_NUMBER}|[一二两三五十]+) ?(.+)", found["n"])
    if not found["n"]:
        return Move(what=_things(what or "它"), where=Destination(relation="part", side=side))
    distance = LITTLE
    if measured and not found["n"].startswith("一点") and not found["n"].startswith("一些"):
        count = float(_DIGITS.get(measured[1]) or measured[1])
        scale = {"厘": 0.01, "公": 0.01, "c": 0.01, "毫": 0.001}.get(measured[2][0], 1.0)
        distance = count * (0.001 if measured[2] == "mm" else scale)
    where = Destination(relation="shift", side=side, distance=distance)
    return Move(what=_things(what or "它"), where=where)


def _given(piece: str) -> Clause | None:
    found = _GIVE.fullmatch(piece)
    if found is None:
        return None
    what = next(found[g] for g in "abcd" if found[g])
    if re.search(rf"(?:{_ANY})(?:{_TO})|把|将", what) or _where(what) is None:
        return None
    return Move(what=_things(what), where=Destination(relation="person"))


def _pointed(piece: str) -> Clause | None:
    found = _POINT.fullmatch(piece)
    if found is None:
        return None
    return PointAt(what=_things(found["a"] or found["b"]))


def _moved(piece: str) -> Clause | None:
    """Something that goes somewhere, or what is held."""
    for form in (_MOVED, _TAKEN_TO, _BARE_TO, _PUT_AT):
        found = form.fullmatch(piece)
        if found is None:
            continue
        what, where = found["what"], _where(found["where"])
        what = re.sub(rf"^(?:{_TAKE})(?:一下)?|(?:起来|住|{_TAKE})$", "", what)
        if where is None:
            continue
        things = _things(what) if what else (IT,)
        if len(things) == 1 and found.groupdict().get("all") in _WHOLE and things[0] != IT:
            things = (_all_of(things[0]),)
        return Move(what=things, where=where)
    if (held := _HELD_TO.fullmatch(piece)) and (where := _where(held["where"])):
        return Move(what=(IT,), where=where) if where.relation != "to" else None
    return None


def _out(piece: str) -> Clause | None:
    found = _OUT.fullmatch(piece)
    if found is None:
        return None
    what = found["what"] or found["what2"] or found["what3"]
    origin = re.sub(r"(?:里面|上面|里|上|中)$", "", found["from"] or found["from2"] or "")
    phrase = f"{origin}里的{_thing(what)}" if origin else _thing(what)
    return Move(what=(phrase,), where=Destination(relation="free"))


def _taken(piece: str) -> Clause | None:
    found = _TAKEN.fullmatch(piece)
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
    return IT if phrase in _THEM else phrase


def _where(words: str) -> Destination | None:
    """A destination."""
    words = re.sub(r"^(?:到|在|进|入|去|了)+|(?:去吧|那边)$", "", words.strip()) or words
    if re.fullmatch(r"面前|跟前|我.*", words):
        return Destination(relation="person")
    if _HERE.fullmatch(words):
        return None
    if _BACK.fullmatch(words) and words != "去":
        return Destination(relation="back")
    if _SAME.fullmatch(words):
        return Destination(relation="same")
    if _FREE.fullmatch(words):
        return Destination(relation="free")
    if _CONTAINERS.fullmatch(words):
        return Destination(relation="containers")
    if (between := _BETWEEN.fullmatch(words)) is not None:
        return Destination(relation="between", phrases=(_thing(between["a"]), _thing(between["b"])))
    if (part := _PART.fullmatch(words)) is not None:
        return Destination(relation="part", side=_side(part["side"]))
    return _by_thing(words)


def _by_thing(words: str) -> Destination | None:
    relation: Relation = "to"
    phrase = words
    if (found := _BESIDE.fullmatch(words)) is not None:
        relation, phrase = "beside", found["what"]
    elif (found := _RELATED.fullmatch(words)) is not None:
        sides: dict[str, Relation] = {"左": "left", "右": "right", "前": "front", "后": "behind"}
        relation = sides[found["side"]] if found["side"] else "behind"
        phrase = found["what"] or found["behind"]
    elif (found := _ON.fullmatch(words)) is not None:
        relation, phrase = "on", found["what"]
    elif (found := _INSIDE.fullmatch(words)) is not None:
        relation, phrase = "in", found["what"]
    if not phrase or re.search(rf"把|将|(?:{_TAKE})|[{AND}]", phrase):
        return None
    if relation == "to" and len(phrase) > 14:
        return None
    return Destination(relation=relation, phrases=(_thing(phrase),))


def _side(words: str) -> Side:
    sides = [_SIDES[c] for c in words if c in _SIDES]
    return sum(s[0] for s in sides), sum(s[1] for s in sides)


_SEEN: Final = r"(?:你?(?:能)?(?:看到|看见|看得到|看得见|看))"
_QUESTIONS: Final = tuple(
    (about, re.compile(form))
    for about, form in (
        ("help", r"你?(?:会|能|可以)(?:做|干)(?:什么|啥|些什么)|你是谁|帮助|怎么用|有什么功能"),
        ("holding", r"(?:你)?(?:手里|手上|夹爪里?|爪子里?)?(?:拿着|抓着|夹着|握着)(?:的是)?(?:什么|啥|东西).*|(?:手里|手上|夹爪[里上]?)(?:有|是)(?:什么|啥|东西).*"),
        ("all", rf"(?:{_TABLE}|这里|这儿|面前|画面里|图里|图中|眼前|现在)*(?:都|上)*(?:有|是|放着|摆着)(?:些|哪些)?(?:什么|啥|哪些)(?:东西|物体|物品)?|(?:这|那)(?:都|些|里)*是(?:些)?(?:什么|啥)(?:东西)?|{_SEEN}(?:了)?(?:些)?(?:什么|啥|哪些东西|哪些)(?:东西|物体)?(?:了)?|(?:看一?看|看一?下|再看一?[看下眼次]|描述一?下?|看看|观察|看)(?:{_TABLE}|周围|四周|画面|图片)?(?:上)?(?:有什么|有啥)?(?:东西)?"),
        ("inside", r"(?P<p1>.+?)(?:里面|里|上面|上|中)(?:有|是|放着)(?:些)?(?:什么|啥)(?:东西)?"),
        ("beside", r"(?P<p2>.+?(?:左边|右边|前面|后面|旁边|左侧|右侧|左面|右面|前方|后方|附近))(?:是|有)(?:什么|啥|哪个)(?:东西)?"),
        ("count", rf"(?:{_TABLE}|这里|一共|总共)*(?:上|里)?(?:一共|总共)?(?:有|是)?(?:几|多少)(?:个|颗|只|盒|块)?(?P<p3>.+?)|(?P<p4>.+?)(?:一共|总共)?有(?:几|多少)(?:个|颗|只|盒|块)?|数一?数(?:有几个|有多少)?(?P<p5>.+)"),
        ("colour", r"(?P<p6>.+?)(?:是|有)(?:什么|哪种|啥)(?:颜色)(?:的)?"),
        ("label", r"(?P<p7>.+?)(?:上面?)?(?:写|印|标)(?:着|了|的)?(?:是)?(?:什么|啥)(?:字)?"),
        ("which", r"(?:谁|哪个|哪一个|哪只|哪块)(?:东西|物体)?是?(?P<p8>最.+)|(?P<p9>最.+?)(?:的)?(?:是|在)(?:谁|哪个|哪一个|哪里|哪儿|哪)|(?!这|那是)(?P<p15>.+?)是(?:个|一个)?(?:什么|啥)(?:东西)?"),
        ("where", r"(?P<p10>.+?)(?:在|放在|是在)(?:哪里|哪儿|哪|什么地方|什么位置)|(?:找到|找一?找|找一下|找)(?P<p11>.+)|哪里有(?P<p12>.+)"),
        ("exists", rf"(?:{_TABLE}|这里)?(?:上)?(?:有没有|是否有|{_SEEN}|能看到|看不看得到)(?P<p13>.+?)(?:吗|么|嘛)?|(?:{_TABLE}|这里)?(?:上)?有(?P<p14>.+?)(?:吗|么|嘛|没有)|(?P<p16>.+?)(?:还)?在(?:不在)?(?:{_TABLE})?(?:吗|么|不在)?"),
    )
)  # fmt: skip


def _question(piece: str) -> Ask | None:
    piece = re.sub(r"(?:呢|啊|呀|了)$", "", piece)
    if re.match(r"把|将", piece):
        return None
    for about, form in _QUESTIONS:
        if (found := form.fullmatch(piece)) is not None:
            phrase = next((g for g in found.groups() if g), "")
            phrase = re.sub(rf"^{_TABLE}的?", "", phrase) or phrase
            return Ask(about=about, phrase=_thing(phrase))  # type: ignore[arg-type]
    return None
