"""The words by which a team is told what to read and what to do with it, in English and Chinese."""

from __future__ import annotations

import re
from typing import Final

_POLITE: Final = (
    r"(?:please|kindly|can you|could you|would you|will you|i (?:want|need|would like) you to"
    r"|i'd like you to|first|now|just|then|next|and|also|help me|ok|okay|hi|hello|hey|so|go and"
    r"|请问?|请你|麻烦你?|帮我|帮忙|给我|你|先|再|然后|接着|最后|并且?|现在|能不能|能|可以"
    r"|[\s,，、:：]+)*"
)
PRONE: Final = re.compile(rf"^{_POLITE}", re.IGNORECASE)
"""What may stand before the words that matter."""

LABEL_EN: Final = (
    r"(?:labels?|prescriptions?|pictures?|photos?|images?|notes?|slips?|papers?|signs?|sheets?"
    r"|scripts?|leaflets?|cards?|lists?|stickers?|tags?|packages?|orders?|receipts?|documents?)"
)
LABEL_ZH: Final = (
    r"(?:标签|处方笺?|药方|药单|单子|图片?|照片|相片|纸条|便条|字条|纸|说明书|清单|牌子|标志|卡片"
    r"|包装|药盒上?)"
)
_NOUN_EN: Final = (
    r"(?:medicines?|medications?|medicaments?|drugs?|pills?|tablets?|box(?:es)?|ones?|things?"
    r"|items?|packets?|packages?|products?|objects?|everything|anything)"
)
_NOUN_ZH: Final = r"(?:药品|药物|药盒|药片|药|东西|物品|盒子|那个|那种)"
_THE: Final = (
    r"(?:the|that|this|those|these|whatever|whichever|any|every|each|all(?: of)?(?: the)?)"
)
_OF_LABEL: Final = rf"(?:the|this|that|these|my|its|his|her) (?:\w+ )?{LABEL_EN}"
_NAMES: Final = (
    r"(?:names?|says?|mentions?|lists?|shows?|prescribes?|asks? for|calls? for|tells?|is for"
    r"|is about|reads?|states?)"
)
_WRITTEN: Final = (
    r"(?:named|written|printed|listed|mentioned|prescribed|shown|given|told|described|labell?ed)"
)

TOLD_EN: Final = re.compile(
    rf"\b(?:(?:both|all)(?: of)? )?(?:{_THE} )?(?:same )?(?:"
    rf"{_NOUN_EN} (?:that |which )?(?:(?:is|are|was|were) )?(?:{_WRITTEN} )?(?:on|in|by|from|off)"
    rf" {_OF_LABEL}"
    rf"|{_NOUN_EN} (?:that |which )?{_OF_LABEL} {_NAMES}"
    rf"|{_NOUN_EN} (?:that |which )?(?:it|they) {_NAMES}"
    rf"|(?:prescribed|named|listed|matching|corresponding) {_NOUN_EN}"
    rf"|{_NOUN_EN} with (?:that|this|the same|its) name(?: on (?:it|them))?"
    rf"|{_NOUN_EN} (?:that |which )?(?:is|are|was|were) prescribed"
    rf")|what(?:ever)?(?:'s)? (?:(?:is|are|it is) )?(?:{_WRITTEN} )?(?:on|in) {_OF_LABEL}"
    rf"|what(?:ever)? (?:{_OF_LABEL}|it) {_NAMES}|what(?:ever)? (?:is|was) prescribed",
    re.IGNORECASE,
)
"""What says of itself that it is named on a label: «the medicine on this label»."""

TOLD_ZH: Final = re.compile(
    rf"(?:这|那)?(?:张|个|份)?{LABEL_ZH}(?:上|里|中)?(?:面)?(?:所?(?:写|开|印|标|说|列|提到|要求|指|示))?"
    rf"(?:着|了|明|出)?的(?:那|这|所有|全部|两|几)*(?:种|个|些|款|盒|样)?{_NOUN_ZH}"
    rf"|(?:上面|里面)(?:所?(?:写|开|印|标|说|列))(?:着|了|明)?的(?:那|这|所有)*(?:种|个|些|款|盒)?{_NOUN_ZH}"
    rf"|(?:所)?开的(?:那)?(?:种|个|些)?(?:药品|药物|药)|(?:对应|相应|同名)的{_NOUN_ZH}"
)

SHORT_EN: Final = re.compile(
    rf"(?:both |all )?(?:of )?(?:the|that|this|those|these)(?: same)? {_NOUN_EN}|that|this|these"
    r"|those|them|it|both(?: of them)?|all of them",
    re.IGNORECASE,
)
"""What can mean something that was read before."""

SHORT_ZH: Final = re.compile(
    rf"(?:这|那|该|此|同一?)(?:两|几)?(?:种|个|些|款|盒|瓶|样)?{_NOUN_ZH}?|它们?|药品?|药物|药盒"
)
PRONOUN_EN: Final = re.compile(
    r"\b(?:both of them|all of them|both|them|it|these|those|that|this)\b", re.IGNORECASE
)
PRONOUN_ZH: Final = re.compile(
    rf"(?:这|那|该)(?:两|几)?(?:种|个|些|款|盒|样)?{_NOUN_ZH}?|它们|它|都(?=放|拿|移)"
)
SEVERAL: Final = re.compile(
    r"\b(?:both|all|every|each|them|those|these|they|everything|medicines|medications|drugs|boxes|ones"
    r"|things|items|products|pills)\b|它们|这些|那些|[这那]?两|几种|所有|全部|都",
    re.IGNORECASE,
)
"""More than one is meant."""

READ: Final = re.compile(
    r"(?:read|scan|see|look (?:at|up|on)|look|check|find out|work out|figure out|tell me|identify"
    r"|recogni[sz]e|according to|based on|going by|say|what|which|whose|who|when|how|is|are|does"
    r"|do|did|translate|transcribe)\b"
    r"|(?:按照?|根据|照着|依照|读|念|看看|看一看|看一下|看下|看|查看|查一下|认|识别|辨认|告诉|这是|那是|上面|翻译|确认|说说)"
    rf"|(?:这|那)?(?:张|个|份)?{LABEL_ZH}.*(?:什么|哪|啥|多少|几)|.*(?:什么药|哪种药|哪些药|药名)",
    re.IGNORECASE,
)
"""How a part begins that is to be read."""

MEDICINE: Final = re.compile(
    r"medicine|medication|drug|pill|tablet|prescri|\blabels?\b|药|处方|标签", re.IGNORECASE
)
PRESCRIPTION: Final = re.compile(r"prescri|处方|药方|药单", re.IGNORECASE)
FIND: Final = re.compile(
    rf"(?:find|locate|use|using)\b.*\b(?:{_NOUN_EN}|{LABEL_EN})\b|找.*药", re.IGNORECASE
)
"""To be read where there is something to read, and something is done with it after."""

READABLE: Final = re.compile(
    rf"\b(?:{LABEL_EN}|text|words?|writing|letters|print(?:ed)?|written|say)\b|{LABEL_ZH}|文字|字|写",
    re.IGNORECASE,
)
EACH: Final = re.compile(
    rf"\b(?:each|every|all|both) (?:of )?(?:these |the |those |my )?(?:{LABEL_EN}|of them|one)"
    rf"|\bread (?:them all|these|them|both|all)\b|\b(?:these|those) {LABEL_EN}"
    r"|每(?:张|个|块|一)|各(?:张|个|块)|分别|这些|这几|那些|所有",
    re.IGNORECASE,
)
"""Each picture is meant, one by one."""

DO: Final = re.compile(
    r"(?:put|place|set|lay|drop|move|transfer|shift|pick|take|grab|grasp|get|fetch|bring|give"
    r"|hand|pass|lift|raise|hold|point|sort|stack|stop|halt|remove|deliver|deposit|pop|clear"
    r"|tidy|release|let go|go home)\b"
    r"|把|将|放|拿|取(?!药)|抓|夹|捡|移|搬|递|举|指|停|拾|收拾|松开|全部放",
    re.IGNORECASE,
)
"""How a part begins that is to be done."""

_BEGINS: Final = (
    r"(?:please |kindly |now |also |then |you )*(?:put|place|set|lay|drop|move|pick|take|grab|get"
    r"|fetch|bring|give|hand|pass|lift|point|sort|stack|stop|remove|deliver|read|see|look|check"
    r"|find|tell|what|which|where|how|show|transfer|hold|identify|translate)\b"
)
APART: Final = re.compile(
    r"(?P<end>[!?;。！？；\n]+|\.(?=\s|$))\s*"
    r"|,?\s*\b(?:and )?(?:then|after (?:that|this|which)|afterwards)\b,?\s*"
    rf"|,?\s+(?:and|so)\s+(?={_BEGINS})|,\s*(?={_BEGINS})"
    rf"|(?<=(?:按照|根据|照着|依照).{{2}})(?:上的?说明|的要求)?\s*(?=把|将)"
    r"|[,，]?\s*(?:然后|接着|随后|之后|并且|再(?=把|将|放|拿|取|告|读|看)|并(?=把|将|放|拿|取))|[,，](?=[\u4e00-\u9fff])",
    re.IGNORECASE,
)
"""Between the parts of what is said."""

ON_THING_EN: Final = re.compile(
    r"\b(?:of|on|from|off)(?: (?:the )?(?:top|front|side) of)? (?P<a>the .+?)\s*$"
    r"|^(?:read|see what is on) (?!.*\b(?:of|on|from|off)\b)(?P<b>the .+?)\s*$",
    re.IGNORECASE,
)
ON_THING_ZH: Final = re.compile(
    r"(?:读|念|看看?)?(?:一下)?(?P<a>[^读念看]+?)(?:上面?|里)?的?(?:标签|文字|字|印的)"
)
STOP: Final = re.compile(r"stop|halt|停|别动|急停", re.IGNORECASE)
