"""What is asked of a guide in English."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from deixis.vision.embedded._text import FRAME_WORDS, fold, stem
from deixis.vision.embedded.guiding._request import Request

_I: Final = re.IGNORECASE
# A lift or the like by its name: «lift B», «the east stairs», «elevator 2».
_CARRIER: Final = (
    r"(?:the )?(?:(?!from |via |take |using |use |by |with |without |that |and |or |if |is |at |to "
    r"|near |beside |nor |neither |both |all |but )"
    r"[a-z0-9&'-]+ ){0,2}?(?:lift|elevator|escalator|staircase|stairway|stairwell|stairs?|ramp"
    r"|entrance|door)s?(?: (?:no\.? ?|number )?(?-i:[A-Z0-9]{1,2})\b)?"
)
_MARK: Final = r"(?-i:(?!I\b)[A-Z0-9]{1,2})\b"
_AND: Final = r"(?:, ?(?:and |or |nor )?| (?:and|or|nor|&) )(?:also )?"
# One or several: «lift A and lift B», «lifts A, B and C».
_CARRIERS: Final = rf"(?:both |all )?(?P<what>{_CARRIER}(?:{_AND}(?:{_CARRIER}|{_MARK})){{0,7}})"
# Of «I'm at lift A and lift B is broken» only the second is.
_NOT_AFTER: Final = "".join(
    rf"(?<!\b{word} {the})"
    for word in ("at", "from", "near", "to", "beside", "by")
    for the in ("", "the ")
)
_BROKEN: Final = (
    r"(?:(?:is|are|was|were|has been|'s|seems?(?: to be)?|looks) (?:currently |still |now |all )?"
    r"(?:closed|broken(?: down)?|out of (?:order|service|use)|down|not (?:working|running|in use)"
    r"|blocked|shut|stuck|under (?:repair|maintenance)|being (?:repaired|fixed|cleaned))"
    r"|(?:isn't|aren't|is not|are not) (?:working|running|in use|open)"
    r"|(?:does not|doesn't|do not|don't) (?:work|run)|broke(?: down)?)(?: (?:today|now|again))?"
)
_AVOID: Final = (
    re.compile(
        rf"\bneither (?:of )?{_CARRIERS} "
        r"(?:works?\b|runs?\b|can be used|(?:is|are) (?:working|running|open|in use|usable))",
        _I,
    ),
    re.compile(rf"\b{_NOT_AFTER}{_CARRIERS} ?{_BROKEN}", _I),
    re.compile(
        r"\b(?:avoid(?:ing)?|without(?: using| taking)?|not (?:via|through|by|using|taking)"
        r"|(?:don't|do not|can't|cannot|can not|won't) (?:want to )?(?:use|take)"
        rf"|other than|except(?: for)?|skip(?:ping)?) {_CARRIERS}",
        _I,
    ),
)
_ALLOW: Final = re.compile(
    rf"\b{_CARRIERS} (?:works|(?:both |all )?work\b"
    r"|(?:is|are) (?:fixed|repaired|open|working|running|back))"
    r"(?: (?:again|now|in service))*",
    _I,
)
_STEPS: Final = (
    r"(?:any |the )?(?:stairs|steps|stairways?|staircases?|climbing)(?! (?-i:[A-Z0-9]{1,2})\b)"
    r"(?:,? (?:or|and) (?:the |any )?(?:escalators?|steps|stairs))?"
)
_WHO: Final = (
    r"(?:(?:because |since |as |but |and )?(?:i(?:'m| am)?|we(?:'re| are)?|(?:he|she)(?:'s| is)?"
    r"|(?:my|our) \w+(?:'s| is)?) (?:\w+ )??)?"
)
_STEP_FREE: Final = (
    re.compile(
        rf"\b{_WHO}(?:without|no|avoid(?:ing)?|not? (?:use|using|take|taking)"
        r"|(?:can't|cannot|can not|don't want to|do not want to|don't|do not|not able to"
        r"|unable to|would rather not) (?:use|climb|take|do|manage|walk(?: up)?|go up))"
        rf" {_STEPS}",
        _I,
    ),
    re.compile(
        r"\b(?:and |but )?(?:a )?(?:(?:step|stair|barrier)[- ]free)\b(?: (?:please|way))?", _I
    ),
    re.compile(
        r"\b(?<!borrow a )(?<!rent a )(?<!hire a )(?<!get a )(?<!need a )(?<!find a )"
        rf"{_WHO}(?:in|with|using|use|uses|by|on|push(?:ing)?|have|has) (?:a |the |my |her |his )?"
        r"(?:(?:electric |manual )?wheelchair|pram|stroller|buggy|pushchair|walking frame|crutches)"
        r"\b(?: user)?",
        _I,
    ),
    re.compile(r"\b(?:for (?:a )?)?wheelchair (?:user|accessible (?:route|way)|route|way)s?\b", _I),
    re.compile(r"\baccessible (?:route|way|path)\b", _I),
    re.compile(
        r"(?<=[.,;?!])\s*(?:an? |my )?(?:wheelchair|pram|stroller)(?: user)?(?: please)?"
        r"(?=\s*(?:[.,;?!]|$))",
        _I,
    ),
)
_FOR_WHEELCHAIRS: Final = re.compile(
    r"\b(?:accessible|disabled|wheelchair)(?: accessible)?"
    r" (?:toilet|bathroom|restroom|washroom|wc|loo|entrance|parking|lift|elevator|ramp)",
    _I,
)
_STEPS_AGAIN: Final = re.compile(
    rf"\b{_STEPS} (?:are|is) (?:ok(?:ay)?|fine|no problem|allowed|possible)(?: (?:now|too|again))?"
    rf"|\b{_WHO}can (?:use|take|climb) {_STEPS}(?: (?:now|too|again))?|\bwith(?= (?:the )?stairs\b)"
    r" (?:the )?stairs",
    _I,
)
# Not a place to come from: what one suffers from, is transferred from, is discharged from.
_NOT_FROM: Final = re.compile(
    r"(?:suffer(?:s|ing|ed)?|fell|fallen|falls?|recover(?:s|ing|ed|y)?|transfer(?:red)?|discharged?|referr?(?:ed|al)"
    r"|report|results?|pain|letter|far|away|bleed(?:ing|s)?|call|message|back|different)$",
    _I,
)
_ENDS: Final = r"(?=\s*(?:[,.;?!]| to | how | where | what | which | in a | instead|please|$))"
_FROM: Final = re.compile(
    r"\b(?:(?:starting|start|coming|come|going|walking|leaving)(?: out)? )?from "
    rf"(?P<what>[^,.;?!]+?){_ENDS}",
    _I,
)
_AT: Final = re.compile(
    r"\b(?:(?:and|but|because|since|as) )?(?:i'm|i am|we're|we are|im)"
    r"(?: (?:now|currently|right now|still|just|already|standing|sitting|waiting|here))*"
    r" (?:at|in|by|near|next to|beside|outside(?: of)?|in front of|on|inside) "
    r"(?P<what>[^,.;?!]+?)(?=\s*(?:[,.;?!]| and | how | where | what | which | but "
    r"| so | to | instead|$))",
    _I,
)
_BARE_AT: Final = re.compile(
    r"(?:^|[.,;!?])\s*(?:and )?(?:at|near|next to|beside|outside|in front of) "
    r"(?P<what>[^,.;?!]+?)(?=\s*(?:[,.;?!]|how |where |$))",
    _I,
)
_NO_PLACE: Final = re.compile(
    r"(?:(?:a |an |some |so much |great |severe |bad |the )*"
    r"(?:pain|labou?r|trouble|hurry|rush|risk|medication|hospital|need|shock|love|holiday|time"
    r"|agony|distress|panic|tears|drugs|my \w+s|phone|way|wheelchair|night|home|moment|least"
    r"|first|once|noon|weekends?)\b|my (?:\d|thirties|twenties|forties|fifties))",
    _I,
)
_WAY: Final = re.compile(
    r"\bhow (?:do|can|could|would|should|shall|might|does) (?:i|we|you|one|he|she|they|someone)"
    r" (?:best |quickly )?(?:get|go|reach|walk|find|come|make it|travel)\b"
    r"|\bhow to (?:get|go|reach|walk|find)\b|^(?:and )?how\?*$|\bhow (?:far|long)\b"
    r"|\band how\b"
    r"|\bwhere (?:do|should|can|must|shall|would|could) (?:i|we) (?:go|walk|head)\b"
    r"|\bwhere to go\b|\b(?:take|bring|guide|lead|navigate|walk|direct) (?:me|us)\b"
    r"|\b(?:show|tell|give) (?:me|us) (?:the |a )?(?:way|how|route|directions|path)"
    r"|\b(?:directions?|route|navigate|navigation)\b|\bway (?:to|from|there)\b"
    r"|\bwhich way\b|\bwhat(?:'s| is) the (?:best |shortest |quickest )?way\b"
    r"|\bnearest\b|\bclosest\b|\bnearby\b|\b(?:near|around) (?:here|me)\b|\bclose by\b"
    r"|\b(?:want|need|have|like|trying|got|going|supposed) to (?:go|get|be)\b"
    r"|\bget (?:to|there)\b|\bgo to\b",
    _I,
)
_OUT_OF: Final = r"(?: (?:of )?(?:here|(?:the|this) (?:building|hospital|place)))?(?: from here)?"
_WAY_OUT: Final = re.compile(
    r"\bhow (?:do|can|could|would|should) (?:i|we|you) (?:get out(?:side)?|go out(?:side)?|exit"
    rf"|leave){_OUT_OF}(?=\s*[,.;?!]|\s*$)"
    r"|\bwhere(?:'s| is| are|) (?:the |an )?(?:nearest |closest )?(?:exits?|ways? out)"
    rf"{_OUT_OF}(?=\s*[,.;?!]|\s*$)"
    r"|\b(?:show me|tell me|find|what is|what's) the (?:exit|way out)\b"
    r"|^\s*(?:the )?(?:exit|way out)(?: please)?[\s.?!]*$"
    r"|\b(?:want|need|like|trying|have) to (?:get out|go out(?:side)?|leave|exit)"
    rf"{_OUT_OF}(?: now)?(?=\s*[,.;?!]|\s*$)",
    _I,
)
_FLOOR: Final = (
    r"\d{1,2} ?/?f|b\d|(?:floor|level) \d{1,2}|(?:\w+|\d{1,2}(?:st|nd|rd|th)) floor|basement"
)
_RIDING: Final = re.compile(
    r"\b(?:which|what) (?P<what>lift|elevator|escalator|stair(?:case|way|s)?)s? "
    r"(?:goes?|leads?|runs?|stops?|(?:can|do|should|must|will) (?:i|we) (?:take|use)"
    r"|takes? (?:me|us|you))(?: up| down)? (?:all the way )?(?:to|at|on) "
    rf"(?:get to |reach )?(?:the )?(?P<where>(?:{_FLOOR}))\b",
    _I,
)
_LOST: Final = re.compile(
    r"\b(?:i think )?(?:i'm|i am|we're|we are|(?:i|we) (?:got|get|have got))"
    r"(?: (?:a bit|totally|completely|so|quite))? lost\b(?: here)?",
    _I,
)
_CLOSER: Final = re.compile(
    r"[,.;]?\s*\b(?:which|what)(?: one| of them| of these| of the two)? is "
    r"(?:the )?(?:closer|nearer|nearest|closest)(?: one)?(?: to (?:me|here))?",
    _I,
)
_BACK: Final = re.compile(
    r"\b(?:(?:get|go|way|walk|find my way|route|come) back|return)(?: there| again)?\b(?! to )", _I
)
_BACK_TO: Final = re.compile(r"\bback to ", _I)
_WHERE: Final = re.compile(
    r"\bwhere\b|\bwhere's|\bwhich (?:floor|level|department)|\bwhat (?:floor|level|department)"
    r"|\bfind\b|\blooking for\b|\bon (?:what|which) floor",
    _I,
)
_HOURS: Final = re.compile(
    r"\b(?:opening|business|office|visiting) (?:hours|times?)|\b(?:open|opens|close|closes)\b"
    r"|\bhours\b|\bwhat time\b",
    _I,
)
_OPEN_WHEN: Final = re.compile(
    r"\b(?:open|opens|opening|closed?|closes|hours)\b(?!\s+(?:hours )?(?:of|for)\b).*$", _I
)
_WHAT_DEPARTMENT: Final = re.compile(r"\b(?:which|what) (?:department|doctor|clinic)\b", _I)
_AGAIN: Final = re.compile(r"^\s*(?:and|or|what about|how about|now|then|also|next)\b", _I)
_DIFFER: Final = re.compile(
    r"\b(?:differ\w*|compar\w+|mismatch\w*|match(?:es)?|agrees?|disagrees?|contradict\w*|same as"
    r"|(?:is|are) missing|consistent|up to date|correspond)\b",
    _I,
)
_ADVICE: Final = re.compile(
    r"\b(?:should|must|do) i (?:eat|drink|apply|be worried|worry|have to worry)\b"
    r"|\b(?:should|can|could|may|must|do) i (?:stop )?tak(?:e|ing)\b"
    r"(?! (?:the |an? )?(?:stairs|lift|elevator|escalator|bus|taxi|metro|photos?|pictures?))"
    r"|\b(?:what|which) (?:medicines?|medication|pills?|drugs?|treatment|dose|dosage)\b"
    r"|\bhow (?:serious|dangerous|bad|much (?:\w+ )?should i take)\b"
    r"|\b(?:is|are) (?:it|this|that|my [\w ]+?) (?:serious|dangerous|contagious|normal|cancer)\b"
    r"|\bwhat(?:'s| is) wrong with me\b|\bdo i have (?:a |an )?\w+\?|\bdiagnos",
    _I,
)
_MAP: Final = re.compile(r"\bmap\b", _I)
_CARD: Final = re.compile(
    r"\bhow (?:do|can|would|should|could) (?:i|you|we|one) "
    r"(?:say|ask|tell (?:them|the \w+|someone))\b"
    r"|\bhow to (?:say|ask)\b"
    r"|\bphrase ?cards?\b|\b(?:show|hand|give) (?:this |that |it |something )?to (?:the |a )?"
    r"(?:staff|nurses?|doctors?|someone|somebody|them|people|locals?|receptionists?)\b"
    r"|\bshow (?:the |a )?(?:staff|nurse|doctor|receptionist)\b"
    r"|\bwhat (?:do|can|should|would) i (?:say|show) to\b"
    r"|\b(?:make|give|write|show|need|want|would like) (?:me )?a (?:phrase )?card\b|\bin chinese\b",
    _I,
)
_CARD_FRAME: Final = re.compile(
    r"^(?:please|(?:can|could|would|will) you(?: please)?|(?:make|write|create|give|show)(?: me)?"
    r"|(?:i |we )?(?:need|want|would like)(?= (?:a|the|this) (?:phrase )?card)"
    r"|(?:a|the|this|another) (?:phrase )?card|to (?:the )?staff|(?:that|which|it) (?:says?|means?)"
    r"|saying|means?|that|for|with)\b[\s,:;]*|[\s,:;]*\b(?:please|means?)$|^[\s,:;]+|[\s,:;]+$",
    _I,
)
_NOTHING_SAID: Final = frozenset(
    "this that it them a an the one card something to for in me you i us staff show say".split()
)
_QUOTED: Final = re.compile(r"[“\"‘「『](.+?)[”\"’」』]|(?<!\w)'(.+)'(?!\w)")
_TOKEN: Final = re.compile(r"[^\s,.;:?!“”\"‘()（），。？！；：、]+")
_MORE_FRAME: Final = frozenset(
    "route path nearest closest far navigate navigation reach bring lead there instead "
    "ok okay yes no well then also next again way ways walk head open opens opening close "
    "closes hours hour time times until when tell thanks thank hello good morning afternoon "
    "evening department one ones same thing things building shortest quickest best fastest "
    "trying long away because but supposed quickly best map sorry great fine cool bye still "
    "while it's try order inside per nearby".split()
)
_THANKS: Final = re.compile(r"^\s*(?:thank|thanks|ok|okay|great|hi|hello|bye|good)\b", _I)


@dataclass
class _Rest:
    """Words that are left, as pieces are taken out of them."""

    text: str
    taken: list[str] = field(default_factory=list[str])

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Takes out the first place that a pattern fits; what it fits, or None."""
        found = pattern.search(self.text)
        if found is not None:
            self.cut(found)
        return found

    def cut(self, found: re.Match[str]) -> None:
        """Takes out what was found."""
        self.taken.append(found.group())
        self.text = f"{self.text[: found.start()]} {self.text[found.end() :]}"


def request_en(text: str) -> Request:
    """Takes apart what is said to a guide in English."""
    said = " ".join(text.replace("’", "'").split())
    if _DIFFER.search(said) and _MAP.search(said):
        return Request(kind="differences", question=text)
    if _CARD.search(said):
        return Request(kind="card", question=text, goal=_to_say(said))
    rest = _Rest(said)
    neither = _all(rest, _AVOID[0])
    allow = _all(rest, _ALLOW)
    step_free = _step_free(rest)
    avoid = (*neither, *(what for pattern in _AVOID[1:] for what in _all(rest, pattern)))
    rest.take(_LOST)
    nearest = rest.take(_CLOSER) is not None
    start = _start(rest)
    leaving = _WAY_OUT.search(rest.text) is not None
    back = rest.take(_BACK) is not None
    question = _tidy(_BACK_TO.sub("to ", rest.text))
    hours = bool(_HOURS.search(question))
    goal = goal_in(_OPEN_WHEN.sub("", question) if hours else question) or goal_in(question)
    if leaving:
        question, goal = "Where is the exit?", "main entrance"
    riding = _RIDING.search(rest.text)
    if riding is not None:
        goal = f"{riding['what']} {riding['where']}"
    if start and not goal and _WHAT_DEPARTMENT.search(said):
        # «I'm in agony, which department?»: what looked like a place is what ails them.
        question, goal, start = said, start, None
    return Request(
        question=question,
        goal=goal,
        # Who says where they are wants to be led.
        way=leaving or bool(_WAY.search(said)) or bool(start and goal and not hours),
        back=back,
        again=_adds(said, question, goal),
        where=bool(_WHERE.search(said)),
        hours=hours,
        advice=bool(_ADVICE.search(said)),
        among="nearest" if nearest else "riding" if riding else "",
        start=start,
        step_free=step_free,
        avoid=avoid,
        allow=allow,
    )


def _adds(said: str, question: str, goal: str) -> bool:
    """Whether it only adds to what was asked before: «and the pharmacy?», «ENT»."""
    bare = bool(goal) and _bare(question.rstrip(" .?!")) == goal
    return bare or (bool(_AGAIN.search(said)) and not _THANKS.search(said))


def goal_in(question: str) -> str:
    """The words of a question between those that only frame it."""
    tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(question)]
    telling = [not _frames(question[a:b]) for a, b in tokens]
    if not any(telling):
        return ""
    first = telling.index(True)
    last = len(telling) - telling[::-1].index(True) - 1
    return question[tokens[first][0] : tokens[last][1]].strip()


def _frames(token: str) -> bool:
    folded = fold(token).strip("'")
    return folded in _MORE_FRAME or stem(folded) in FRAME_WORDS or folded.endswith(("'m", "'re"))


def _all(rest: _Rest, pattern: re.Pattern[str]) -> tuple[str, ...]:
    found: list[str] = []
    while (match := rest.take(pattern)) is not None:
        found += _each(match["what"])
    return tuple(dict.fromkeys(found))


def _each(listed: str) -> list[str]:
    """The names of a list: lift A and lift B, where it says «lifts A and B»."""
    names = [_bare(name) for name in re.split(_AND, listed, flags=_I)]
    kind = re.sub(r"(?-i:\b[A-Z0-9]{1,2})$", "", names[0]).strip()
    if len(names) > 1 and kind != names[0]:
        kind = kind[:-1] if kind.endswith("s") and not kind.endswith("airs") else kind
    marks = [f"{kind} {name}" if re.fullmatch(_MARK, name) else name for name in names[1:]]
    first = f"{kind}{names[0][len(kind) :].removeprefix('s')}" if marks else names[0]
    return [first, *marks]


def _step_free(rest: _Rest) -> bool | None:
    if rest.take(_STEPS_AGAIN) is not None:
        return False
    taken = [match for pattern in _STEP_FREE if (match := rest.take(pattern)) is not None]
    return True if taken or _FOR_WHEELCHAIRS.search(rest.text) else None


def _start(rest: _Rest) -> str | None:
    for pattern in (_AT, _FROM, _BARE_AT):
        for found in pattern.finditer(rest.text):
            what = _bare(found["what"])
            if _NOT_FROM.search(rest.text[: found.start()].rstrip()) or _NO_PLACE.match(what):
                continue
            rest.cut(found)
            return None if fold(what) in ("here", "this floor", "this place") else what
    return None


def _to_say(said: str) -> str:
    """What a card is to say; empty where it is what was spoken of before."""
    if quoted := _QUOTED.search(said):
        return (quoted[1] or quoted[2]).strip()
    if re.search(r"\b(?:show|hand|give|say) (?:this|that|it)\b", said, _I):
        return ""
    bare = _CARD.sub(" ", said).strip("?.! ")
    while (less := _CARD_FRAME.sub("", bare)) != bare:
        bare = less
    bare = _tidy(bare).rstrip("?.! ")
    return "" if _NOTHING_SAID.issuperset(_TOKEN.findall(fold(bare))) else bare


def _bare(what: str) -> str:
    return re.sub(r"^(?:the|a|an|my|our)\s+", "", what.strip(), flags=_I)


def _tidy(text: str) -> str:
    closed = re.sub(r"\s+([,.;:?!])", r"\1", " ".join(text.split()))
    closed = re.sub(r"\b(?:instead|please)\b", "", closed, flags=_I)
    closed = re.sub(r"(?:[,;.:]\s*)+(?=[,;.?!:]|$)", "", " ".join(closed.split()))
    return re.sub(r"^(?:[,;.:!?\s]|(?:and|but|so)\b(?=\s*[,;.?!]|\s*$))+", "", closed).strip()
