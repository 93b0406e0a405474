"""What is asked of a guide in Chinese."""

from __future__ import annotations

import re
from typing import Final

from deixis.vision.embedded._question import Question
from deixis.vision.embedded._text import simplified
from deixis.vision.embedded.guiding._request import Request

_NUMBER: Final = r"[A-Za-z0-9一二三四五六七八九十]"
_CARRIER: Final = (
    rf"(?:{_NUMBER}{{1,2}}\s*号?(?!楼)|[东西南北中左右]侧?)?(?:病床|医用|客用?|观光|无障碍)?"
    r"(?:电梯|扶梯|自动扶梯|楼梯)(?:间|厅)?"
    rf"(?:\s*[A-Z0-9]{{1,2}}(?![A-Za-z0-9]))?|[东西南北正侧主]+门"
)
_KIND: Final = "(?:电梯|扶梯|自动扶梯|楼梯)"
_AND: Final = r"\s*(?:以及|还有|[和跟与及、])\s*"
# One or several: «A号电梯和B号电梯», «A、B号电梯», «电梯A和B».
_CARRIERS: Final = (
    rf"(?P<what>(?:{_NUMBER}{{1,2}}号?{_AND}){{0,7}}(?:{_CARRIER})"
    rf"(?:{_AND}(?:{_CARRIER}|[A-Z0-9]{{1,2}}(?![A-Za-z0-9]))){{0,7}})"
)
_BROKEN: Final = (
    r"(?:现在|今天|目前|已经|又|都|正在|暂时)*(?:坏掉?了?|停(?:了|用了?|运了?|电了?)|关(?:了|闭了?|着)"
    r"|不能(?:用|坐|乘|走)了?|用不了了?|(?:在)?(?:维修|检修|修理|保养)中?|在修|(?:出)?故障了?"
    r"|没(?:有)?开|不开(?:放)?|封(?:了|闭了?))"
)
_AVOID: Final = (
    re.compile(rf"(?:因为)?{_CARRIERS}{_BROKEN}"),
    re.compile(
        rf"(?:不(?:想|要|能|可以|愿意)?(?:再)?(?:坐|乘|搭|走|用|经过)|避开|绕开|别(?:坐|乘|走|用)){_CARRIERS}"
    ),
)
_ALLOW: Final = re.compile(
    rf"{_CARRIERS}(?:又|已经|都)*(?:修好了?|好了|恢复了?|能用了?|可以用了?|开了)"
)
_STEPS: Final = r"(?:楼梯|台阶|阶梯)(?:或(?:者)?(?:扶梯|台阶|楼梯))?"
_STEPS_AGAIN: Final = re.compile(rf"(?:可以|能)(?:走|爬|上){_STEPS}(?:了)?")
_STEP_FREE: Final = (
    re.compile(
        rf"(?:而且|并且|但是?|因为)?我?们?(?:不(?:想|能|要|便|方便|可以)?|没法|无法|别|避免|避开|没有|无)"
        rf"(?:走|爬|用|上|下)?{_STEPS}(?:的)?(?:路线|路)?"
    ),
    re.compile(
        r"(?:而且|并且|但是?|因为)?(?:我们?|他|她|(?:我)?(?:妈妈?|爸爸?|父亲|母亲|奶奶|爷爷|老人|病人|家人))?"
        r"(?<!借)(?:是)?(?:需要)?(?<![借租还要])(?:坐|用|推|乘)(?:着|的是)?(?:轮椅|婴儿车|童车)(?:的)?(?:人|过去|去|路线)?"
    ),
    re.compile(r"(?:我)?(?:拄着?|用着?)(?:拐杖?|双拐)"),
    re.compile(r"(?:走)?无障碍(?:的)?(?:路线|通道|路)?(?!卫生间|厕所|洗手间|电梯|停车)"),
    re.compile(r"轮椅(?:通道|路线|能走|可以走)?(?=怎么|$|[,，。])"),
)
_FOR_WHEELCHAIRS: Final = re.compile("无障碍|轮椅卫生间|残疾人(?:卫生间|厕所)")
_ENDS: Final = r"(?=[,，。;；?？!！\s]|出发|开始|怎么|怎样|如何|到|去|往|走|过去|应该|该|$)"
_FROM: Final = re.compile(
    rf"(?:改)?(?:从|自|由)(?P<what>[^,，。;；?？!！]+?)(?:这里|这儿|那里|那儿)?{_ENDS}(?:出发|开始)?(?:走)?"
)
_AT: Final = re.compile(
    r"(?:因为)?(?:我们?|俺|^)(?:人)?(?:现在|目前|正|已经|就|刚)*(?:在|到了|位于)(?P<what>[^,，。;；?？!！]+?)"
    r"(?:这里|这儿|门口|旁边|附近|里面?|外面?)?"
    r"(?=[,，。;；?？!！\s]|怎么|怎样|如何|想|要|去|到|应该|该|$)"
)
_WAY: Final = re.compile(
    r"怎么(?:走|去|过去|到|找|上去|下去|坐|回)|怎样(?:走|去|到)|如何(?:走|去|到|前往)|咋(?:走|去)"
    r"|[带领](?:我|我们)|指(?:一下)?路|路线|导航|最近的?|附近|离.*近"
    r"|(?:去|往|走|到|上)哪(?:里|儿|走)?(?!一?层|个|楼|科|一层)|多远|走多久|我要去|我想去|想去|要去|前往"
)
_WAY_OUT: Final = re.compile(
    r"(?:怎么|怎样|如何|咋)(?:才能|样)?(?:走)?(?:出去|离开|出医院|出大楼|出门)|从哪[里儿]?(?:出去|离开|出门)"
    r"|(?<![A-Za-z0-9号东西南北诊科急全防])出口(?:在)?(?:哪|怎么|什么地方)|^(?:出口|出去的路)[?？。]?$"
    r"|(?:想|要)(?:出去|离开(?:医院|这里)?)(?=$|[,，。;；?？!！])"
)
_RIDING: Final = re.compile(
    r"(?:哪(?:一?[部个座台]|几[部个])?|什么)(?P<what>电梯|扶梯|楼梯)(?:能|可以|会)?(?:直接|直)?(?:到|去|上|通|停|达)+"
    r"(?P<where>地下[一二三0-9]*[楼层]|[Bb]?[0-9一二三四五六七八九十]{1,3}(?:楼|层|[Ff]))"
)
_LOST: Final = re.compile("我们?(?:好像)?(?:迷路|走丢|走迷路)了?")
_CLOSER: Final = re.compile(
    r"[,，]?(?:哪(?:一?个|边|里)(?:离我?(?:这里)?)?(?:更|比较|最)?近(?:一点|一些|些)?|谁更?近)"
)
_BACK: Final = re.compile(r"(?:怎么|如何)?(?:走|原路)?(?:返回|回去|走回来?|回来|原路返回)")
_WHERE: Final = re.compile(r"哪|几楼|几层|什么地方|位置|找|怎么走")
_HOURS: Final = re.compile(
    r"几点|开门|关门|(?:开放|营业|上班|下班|服务|门诊|探视)时间|什么时候(?:开|关|上班|下班)|开着吗"
    r"|(?:开|开门|上班|营业|开放)(?:不开|吗)"
)
_WHEN: Final = re.compile(
    "今天|明天|今晚|周末|(?:周|星期|礼拜)[一二三四五六日天末]|节假日|早上|上午|中午|下午|晚上|夜里|夜间|半夜"
)
_WHAT_DEPARTMENT: Final = re.compile("哪个?科|什么科")
_AGAIN: Final = re.compile(r"^\s*(?:那|还有|然后|再|另外|接着|那么|另|或者)|呢[?？]?$")
_DIFFER: Final = re.compile(r"对比|比较|不同|不一样|区别|差别|差异|一致|对不上|对得上|相符|缺")
_MAP: Final = re.compile("地图")
_CARD: Final = re.compile(
    r"(?:用)?(?:中文|汉语|普通话)(?:怎么|如何)(?:说|讲)|(?<!英文)(?<!英语)(?:怎么|如何)(?:说|讲|表达)(?!明)|卡片|沟通卡"
    r"|(?:给|让)(?:医生|护士|工作人员|医务人员|他们|别人)看"
)
_ADVICE: Final = re.compile(
    r"(?:吃|服|用|开|喝|抹|涂)(?:点儿?|些)?(?:什么|哪种|多少|几[片粒颗])药?|(?:能|可以|该|应该|要)(?:吃|服用?|停)\w{0,6}(?:药|片|吗)"
    r"|怎么治|如何治|治疗方法|严重(?:吗|不)|要紧吗|危险吗|传染吗|(?:是不是|得了什么|什么)病(?:$|[吗呢了?？])|诊断"
)
_CARD_FRAME: Final = re.compile(
    rf"(?:[做写]成)?(?:{_CARD.pattern})|请问|请|帮我|做(?:一张|个)|写(?:一张|个)|给我|一张|我想|这个|那个|[?？。!！，,“”\"]|用英[语文]"
)
_QUOTED: Final = re.compile(r"[“\"‘「『](.+?)[”\"’」』]")
_MORE_FRAME: Final = re.compile(
    r"^(?:那|那么|还有|然后|再|另外|接着|或者|带我去?|带我们去?|领我去?|我要去|我想去|请带我去|离我|最近的?|附近的?|去往|前往|往|到"
    r"|请问|路线是?|导航到?|是|这里|这边|改|换成|换|走|坐|和|有没有|在?哪[里儿]?|怎么|就|应该)+"
    r"|(?:呢|最近|那里|那儿|那边|的路线|路线|怎么走|怎么去|怎么过去|怎么到|如何走|如何去|怎样走|过去|多远|几点开门|几点关门|几点"
    r"|什么时候|怎么办|咋办|(?:怎么|如何)?(?:返回|回去|回来)|开门|关门|(?:开放|营业|上班)时间|去哪里?|哪里走|往哪走?|到哪里?|怎么|吗|谢谢|出发|走|开放|应该|该|在|开|了|的|时间)+$"
)
# «了» and «要» are taken off as frames, and «生» alone says nothing.
_IN_LABOUR: Final = re.compile("(?<!不)[要快]生(?:孩子|宝宝|小孩)?了(?![气病])")
_VERY: Final = re.compile(
    "(?:很|特别|非常|有一?点儿?|一直|突然|好像|老是|总是|经常|最近)+(?=[痛疼晕麻肿痒酸闷难不发咳流出])"
)
_ANAPHORA: Final = frozenset(
    "那里 那儿 那边 那 它 这里 这个 那个 谢谢 你好 您好 好 好的 回去 返回 原路 路 请 谢 回来 改 换 "
    "怎么 应该 改成 可以 行 走 去 怎么样 过去 是 有 也 都 还 吧 多谢 请问".split()
)  # fmt: skip


def request_zh(text: str) -> Request:
    """Takes apart what is said to a guide in Chinese."""
    said = simplified("".join(text.split()) if text.isascii() else text.strip())
    if _DIFFER.search(said) and _MAP.search(said):
        return Request(kind="differences", question=text)
    if _CARD.search(said):
        return Request(kind="card", question=text, goal=_to_say(said))
    rest, allow = _all(said, _ALLOW)
    rest, step_free = _step_free(rest)
    avoid: tuple[str, ...] = ()
    for pattern in _AVOID:
        rest, found = _all(rest, pattern)
        avoid = (*avoid, *found)
    rest = _LOST.sub("，", rest)
    nearest, rest = _CLOSER.search(rest) is not None, _CLOSER.sub("", rest)
    rest, start = _start(rest)
    question = rest.strip("，,。;；、 ")
    hours = bool(_HOURS.search(question))
    goal = goal_in(_WHEN.sub("", question) if hours else question)
    riding = _RIDING.search(rest)
    if riding is not None:
        goal = f"{riding['where']}{riding['what']}"
    leaving = _WAY_OUT.search(rest) is not None
    if leaving:
        question, goal = "出口在哪里？", "正门"
    if start and not goal and _WHAT_DEPARTMENT.search(said):
        # «我在发烧，去哪个科？»: what looked like a place is what ails them.
        question, goal, start = said, start, None
    return Request(
        question=question,
        goal=goal,
        # Who says where they are wants to be led.
        way=leaving or bool(_WAY.search(rest)) or bool(start and goal and not hours),
        back=bool(_BACK.search(said)),
        again=bool(_AGAIN.search(said)) or (bool(goal) and question.rstrip("。！!") == goal),
        where=bool(_WHERE.search(said)),
        hours=hours,
        advice=bool(_ADVICE.search(said)),
        among="nearest" if nearest else "riding" if riding else "",
        start=start,
        step_free=step_free,
        avoid=avoid,
        allow=allow,
    )


def goal_in(question: str) -> str:
    """What of a question names what is sought."""
    question = _IN_LABOUR.sub("生孩子", question)
    clauses = re.split(r"[,，。;；?？!！、\s]+", question)
    terms: list[str] = []
    for clause in clauses:
        terms += (
            Question(text=_unframed(clause)).terms
            if re.search(r"[\u3400-\u9fff]", clause)
            else ([clause] if clause else [])
        )
    kept = [bare for term in terms if (bare := _unframed(term)) and bare not in _ANAPHORA]
    return _VERY.sub("", " ".join(dict.fromkeys(kept)))


def _unframed(clause: str) -> str:
    while (bare := _MORE_FRAME.sub("", clause)) != clause:
        clause = bare
    return clause


def _all(rest: str, pattern: re.Pattern[str]) -> tuple[str, tuple[str, ...]]:
    found: list[str] = []
    while (match := pattern.search(rest)) is not None:
        found += _each(match["what"])
        rest = f"{rest[: match.start()]}，{rest[match.end() :]}"
    return rest, tuple(dict.fromkeys(found))


def _each(listed: str) -> list[str]:
    """The names of a list: A号电梯 and B号电梯, where it says «A、B号电梯»."""
    names = [name.strip() for name in re.split(_AND, listed.strip())]
    kind = next((found.group() for name in names if (found := re.search(_KIND, name))), "")
    bare = re.compile(rf"{_NUMBER}{{1,2}}号?")
    return [f"{name}{kind}" if bare.fullmatch(name) else name for name in names]


def _step_free(rest: str) -> tuple[str, bool | None]:
    again = _STEPS_AGAIN.search(rest)
    negated = again is not None and rest[: again.start()].endswith(("不", "没"))
    if again is not None and not negated:
        return _STEPS_AGAIN.sub("，", rest), False
    wanted = False
    for pattern in _STEP_FREE:
        left = pattern.sub("，", rest)
        wanted, rest = wanted or left != rest, left
    return rest, True if wanted or _FOR_WHEELCHAIRS.search(rest) else None


def _start(rest: str) -> tuple[str, str | None]:
    for pattern in (_AT, _FROM):
        found = pattern.search(rest)
        if found is None or re.match(r"哪|什么|几", found["what"]):
            continue
        rest = f"{rest[: found.start()]}，{rest[found.end() :]}"
        what = found["what"].strip()
        return rest, None if what in ("这", "这里", "这儿", "此") else what
    return rest, None


def _to_say(said: str) -> str:
    if quoted := _QUOTED.search(said):
        return quoted.group(1).strip()
    return _CARD_FRAME.sub("", said).strip("，, 的")
