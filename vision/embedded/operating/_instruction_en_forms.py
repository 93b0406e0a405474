"""How things are said to an arm in English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from deixis.vision.embedded.operating._instruction import AND, EXCEPT, Side

SPOKEN: Final = (
    (r"\b(do|does|should|must|would|could|is|are|was|were|wo|ca)n'?t\b", r"\1 not"),
    (r"\b(?:wo|ca|cannot) not\b|\bcannot\b", "can not"),
    (r"\b(what|where|who|how|that|there|it|here)'s\b", r"\1 is"),
    (r"\bi'd\b", "i would"),
    (r"\blet's\b", ""),
    (
        r"\bwhy (?:do|would|could) you not\b|\bwhy do not you\b|\bwhy not\b|\b(?:do not"
        r"|never) forget to\b", ""),
    (r",?\s*\bif (?:you (?:can|could|please|like|would|want|do not mind)|possible)\b,?", " "),
    (r"\bwithout (?:\w+ing)\b", ", do not touch"),
    (r"\b(everything|anything|all(?: \w+){0,3}?) but (?!do\b|not\b)", rf"\1 {EXCEPT} "),
    (
        r",?\s*\b(?:but not|except(?: for)?|other than|apart from|aside from|excluding)\b",
        f" {EXCEPT} ",
    ),
    (r"\b(between .+?) and ", rf"\1 {AND} "),
    (r"\bon ?to\b", "onto"),
    (r"\bin to\b", "into"),
)  # fmt: skip
APART: Final = re.compile(
    r"\s*(?:[.;!?\n]+(?:\s+|$)"
    r"|,?\s*(?:\band\s+)?\b(?:then|after (?:that|this|which)|afterwards?|finally|lastly)\b,?\s+"
    r"|,?\s+(?:and also|and|plus|as well as)\s+|\s*&\s*"
    r"|,?\s+but\s+(?=(?:please\s+)?(?:do not|never|leave|avoid)\b)|,\s*)\s*"
)
POLITE: Final = re.compile(
    r"^(?:would you mind|how about|what about|um+|uh+|er+m?|hmm+|oh|ah|hey|hi|hello|ok(?:ay)?"
    r"|well|so|now|alright|all right|first(?:ly| of all)?|second(?:ly)?"
    r"|next(?! to)|then|also|and|please|kindly|robot|mr\.? robot|dear \w+|arm|deixis"
    r"|(?:can|could|would|will) you(?! (?:see|find|spot|detect|tell))(?: (?:please|kindly|maybe))?"
    r"|i (?:want|need|would like) you to|i (?:would like|want) to see you"
    r"|you (?:should|must|can|could|have to|need to)(?! not)|go ahead and|try (?:to|and)"
    r"|help me(?: to)?|just|quickly|carefully|gently|slowly|maybe|do me a favou?r and|be so kind"
    r"(?: as)? to|i would like to have|let us|it is time to|your (?:task|job) is to|i said"
    r"|to(?= \w)|again|start by|begin by|yes|sure|great|good)\b[\s,:!]*"
)
POLITE_END: Final = re.compile(
    r"[\s,]*(?:\b(?:please|for me|for us|thanks?(?: you)?(?: very much| a lot)?|now|will you"
    r"|would you|could you|can you|ok(?:ay)?|carefully|slowly|gently|again|quickly|first|um+|uh+"
    r"|right away|right now|immediately|my friend|afterwards?|at once|one by one)\b|, ?robot\b"
    r"|[.!?]+)\s*$"
)
DOING: Final = re.compile(r"(?:would you mind|how about|what about|(?:start|begin) by) (\w+ing)\b")
ALSO: Final = re.compile(r"\s+(?:too|as well|also)$")
STOP: Final = re.compile(
    r"(?:(?:emergency )?stop|halt|freeze|abort|cease|hold it|whoa|e-stop)(?: (?:it|now|that|this|"
    r"the (?:arm|robot)|everything|moving|at once|right (?:now|there)|all(?: motion)?|immediately"
    r"|what you are doing|doing that))*|(?:do not|stop) (?:you )?(?:move|moving)(?: any ?more)?"
    r"|(?:stand|stay|keep|hold) still|stay (?:there|where you are)"
)
NOTHING: Final = re.compile(
    r"wait(?: a (?:second|moment|minute|bit))?|hold on|never ?mind|cancel(?: (?:it|that|this))?"
    r"|forget (?:it|that)|thanks?(?: you)?|do nothing|that is (?:all|it)|no|nothing|good (?:job"
    r"|work)"
    r"|well done|that would be (?:all|great|nice|good)"
)
NOT: Final = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|avoid|refrain|instead of|rather than|without"
    r"|nobody|forbidden|alone|stop|dont)\b"
)
SPARE: Final = re.compile(
    r"(?:(?:you )?(?:must|should|can|do) not|never|avoid|not)(?: (?:ever|to|you|dare|please))*"
    r" (?:touch|move|pick up|pick|grab|take|lift|disturb|grasp|hit|knock over|use"
    r"|bump into)(?:ing)?"
    r" (?P<what>.+)|leave (?P<left>.+?) (?:alone|where (?:it is|they are)|in (?:its )?place|there"
    r"|as (?:it is|they are)|untouched|be)"
)
CONDITION: Final = re.compile(
    r"\b(?:if|when(?:ever)?|unless|until|while|once|as soon as|in case|every time|before|after"
    r"|because|otherwise|twice|times|every (?:second|minute)|forever|repeat(?:edly)?)\b"
)
CHOICE: Final = re.compile(r"\b(?:or|either)\b")
HOME: Final = re.compile(
    r"(?:go|move|come|return|drive|get)(?: the arm)?(?: back)?(?: to)?(?: (?:the|your))?"
    r" (?:home|rest(?:ing)?|start(?:ing)?|initial)(?: (?:position|pose|place))?|home|go back"
    r"|retreat"
    r"|(?:move|bring|take|send|put) (?:the |your )?(?:robot "
    r"|robotic )?arm (?:back )?(?:to )?(?:its |the )?"
    r"(?:home|rest(?:ing)?|start(?:ing)?)(?: (?:position|pose|place))?"
)
NUMBER: Final = r"-?\d+(?:\.\d+)?"
MOVE_TO: Final = re.compile(
    rf"(?:move|go|drive|bring|take)(?: (?:the |your )?(?:arm|gripper|hand|tool|robot))? to"
    rf"(?: the)?(?: (?:position|point|coordinates?|place))? ?\(?(?:x ?=? ?)?(?P<x>{NUMBER})(?: ?m)?"
    rf"(?:, ?| )(?:y ?=? ?)?(?P<y>{NUMBER})(?: ?m)?(?:, ?| )(?:z ?=? ?)?(?P<z>{NUMBER})"
    r" ?(?P<unit>m|met(?:re|er)s?|cm|centimet(?:re|er)s?|mm)?\)?"
)
SORT: Final = re.compile(
    r"(?:sort|group|organi[sz]e|arrange|separate|classify|order|divide)(?: out"
    r"| up)?(?P<what> .+?)??"
    r"(?: (?:by|according to|based on|in)(?: (?:the|their))? (?P<by>colou?rs?|shapes?|kinds?"
    r"|types?|forms?)"
    r"(?: groups?)?)?"
)
TIDY: Final = re.compile(
    r"(?:tidy|clean|clear)(?: (?:up|off|away))*(?P<what> .+?)?(?: (?:up|off|away))*"
)
ALL_OF_IT: Final = re.compile(
    r"(?:the |this |my |your )?(?:table|desk|table ?top|mess|place|scene|workspace|surface)"
    r"|up|everything|it all|all"
)
RELEASE: Final = re.compile(
    r"(?:let go(?: of (?:it|that|them|the .+))?|release(?: (?:it|the .+))?|drop it|let it go"
    r"|put (?:it )?down"
    r"|open (?:the |your )?(?:gripper|hand|fingers?|claw)|put it down)"
)
GIVE: Final = re.compile(
    r"(?:give|hand|pass|bring|get|fetch)(?: (?:me|us)(?: over)?)(?: with)? (?P<a>.+)"
    r"|(?:give|hand(?: over)?|pass|bring|take|get) (?P<b>.+?) (?:over )?to (?:me|us)"
    r"|i (?:would like|want|need|will have) (?P<c>.+)|(?:give|hand over) (?P<d>.+)"
)
PUT: Final = (
    "put|place|set|lay|drop|move|transfer|shift|stick|stack|store|stash|deposit|pop|relocate"
    "|position|dump|add|return|load|insert|deliver|send|gather|pile|throw away"
)
EITHER: Final = "bring|carry"
PICK: Final = (
    "pick up|pick|grab|grasp|take hold of|take up|take|get|fetch|collect|lift up|lift|hold"
    "|raise|grip"
    "|seize|catch|pluck"
)
VERB: Final = re.compile(
    rf"(?:(?P<either>{EITHER})|(?P<remove>remove|unload|take out|get out)"
    rf"|(?P<pick>{PICK})|(?P<put>{PUT})"
    r"|(?P<point>point (?:out|at|to(?:wards?)?|me to)|point|show(?: me)?(?! (?:what|where|how))"
    r"|indicate|highlight)"
    r"|(?P<cannot>throw|toss|push|pull|slide|rotate|turn|spin|flip|open|close|pour|shake|cut|break"
    r"|crush|squeeze|kick|roll|juggle|swap|switch|exchange|eat|wash|wipe|draw|write|wave|dance"
    r"|fold|press|hit|knock|poke|touch|tap|balance|build|align|line|paint|hide|burn|destroy|smash"
    r"|say|sing|play|make|run|execute|delete|disable|ignore|forget|reset|charge|weigh|measure))"
    r"(?=\s|$)\s*(?P<rest>.*)"
)
PARTS: Final = (
    r"(?P<p>(?:top|upper|bottom|lower|front|back|rear|left|right|middle|centre|center)"
    r"(?:[ -](?:left|right|front|back))?)(?:-hand)?(?: (?:side|part|half|edge|end|corner|area"
    r"|hand))*"
    r"(?: of (?:the |my |your )?(?:table|picture|image|desk|workspace|surface|photo"
    r"|scene)(?: ?top)?)?"
)
PART: Final = re.compile(
    r"^(?P<what>.*?)\s*\b(?:(?:over )?(?:on|to|at|in|into|onto|towards?)(?: (?:the|your|my))?"
    rf"(?: (?:far|very|extreme))? {PARTS}|(?P<q>left|right|forwards?|backwards?|back|away from me"
    r"|closer(?: to me)?|nearer(?: to me)?|closer to you))$"
)
LENGTH: Final = (
    rf"(?:by |about |around )*(?:(?P<n%s>{NUMBER}|one|two|three|five|ten|twenty) ?"
    r"(?P<u%s>cm|centimet(?:re|er)s?|mm|millimet(?:re|er)s?|m|met(?:re|er)s?|inch(?:es)?)"
    r"|(?P<l%s>a (?:little|bit|tad|touch)(?: bit)?(?: more)?|slightly|a few centimet(?:re|er)s))"
)
WAY: Final = (
    r"(?:(?:to|towards?) )?(?:(?:the|your|my) )?(?P<d%s>left|right|forwards?|front|backwards?|back"
    r"|away)(?: (?:side|from me|from you))?"
)
SHIFT: Final = tuple(
    re.compile(form)
    for form in (
        rf"^(?P<what>.*?)\s*\b{LENGTH % (1, 1, 1)} (?:more |further )?{WAY % 1}$",
        rf"^(?P<what>.*?)\s*\b(?:more |further )?{WAY % 1} {LENGTH % (1, 1, 1)}$",
    )
)
BETWEEN: Final = re.compile(
    rf"^(?P<what>.*?)\s*\b(?:in |into )?(?:the )?(?:middle |space |gap )?(?:in |of )?between "
    rf"(?P<a>.+?) {AND} (?P<b>.+)$"
)
FREE: Final = re.compile(
    r"^(?P<what>.*?)\s*\b(?:(?:back )?(?:down )?(?:on|onto|to) (?:the |my )?(?:table|desk"
    r"|table ?top|surface)|aside|anywhere(?: else)?|somewhere(?: else| free| empty)?"
    r"|to (?:the|one) side"
    r"|out of the way|(?:on|to|in) (?:a|an|any) (?:free|empty) (?:spot|place|space)|down"
    r"|(?P<tidy>away|into (?:the )?containers?|in (?:the )?containers?)"
    r"|(?P<back>back(?: where it was)?"
    r"|where (?:it was|it came from)))$"
)
RELATED: Final = re.compile(
    r"\b(?:(?:to|on|at|towards?) )?(?:the )?(?P<d>left|right)(?:[- ]hand)?(?: side)? (?:of|from) "
    r"|\b(?P<front>in (?:the )?front of) |\b(?P<behind>behind|in back of|at the back of) "
    r"|\b(?P<beside>(?:right |just |directly )?(?:next to|beside|by|near(?: to)?|close to|closer to"
    r"|alongside|adjacent to)) "
)
STRONG: Final = re.compile(
    r"\b(?:(?P<on>on top of|onto|on|upon)|(?P<in>into|inside(?: of)?|in|within)"
    r"|(?P<to>over to|to|towards?|at)) (?!(?:front|back) of )"
)
WHICH: Final = re.compile(
    r"\b(?:(?:that|which) (?:is|are|was|were|stands?|lies?|sits?)|standing|lying|sitting)"
    r"(?: (?:right|just|directly))?\s*$"
)
NOWHERE: Final = re.compile(r"(?:over )?(?:here|there)$")
SAME: Final = re.compile(
    r"^(?P<what>.*?)\s*\b(?:(?:in |on |over )?there|(?:in|on|to|into|onto|at) the same "
    r"(?:place|one|bowl|tray|spot|container|side))$"
)
TRAILING: Final = re.compile(
    r"\s+(?:over t?here|t?here|down|back|up|over|all|both|directly|(?<!the )right|straight|each"
    r"|altogether|together)$"
)
PLAIN_TO: Final = re.compile(
    r"\b(?:out of|off of|off|from(?: inside)?)\b(?! (?:the )?(?:left|right|front|back|top|bottom))"
)
OFF: Final = re.compile(r"\b(?:out of|off(?: of)?|from)\b")
THEM: Final = frozenset(
    "it them that this these those all-of-them all-of-it both they him her both-of-them".split()
)
SIDES: Final[dict[str, Side]] = {
    "left": (-1, 0), "right": (1, 0), "front": (0, -1), "forward": (0, -1), "bottom": (0, -1),
    "lower": (0, -1), "closer": (0, -1), "nearer": (0, -1), "back": (0, 1), "rear": (0, 1),
    "top": (0, 1), "upper": (0, 1), "backward": (0, 1), "away": (0, 1),
}  # fmt: skip
METRES: Final = {"c": 0.01, "m": 1.0, "mm": 0.001, "i": 0.0254}
COUNTS: Final = {"one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "twenty": 20}
ABOUT: Final[Sequence[tuple[str, str]]] = (
    ("help",
        r"(?:help|who are you|what (?:can|could) (?:you|i) (?:do|say|ask).*|what are you"
        r"|how does this work)"),
    ("holding", r"(?:what (?:are you|is the (?:arm|gripper|robot)) (?:holding|carrying)"
                r"|what is in (?:your|the) (?:hand|gripper|claw)|are you holding (?:anything"
                r"|something))"),
    ("all",
        r"(?:what (?:is|are|do you see|can you see|objects?|things?|all|else)(?: there"
        r"| are there| can you see"
            r"| do you see| is there)*(?: (?:on|in|at) (?:the|this|my) (?:table|desk|picture"
            r"|image|scene|front of you))?"
            r"|what do you see.*|what is (?:there|here|in front of you|on the table)"
            r"|describe (?:the|this|what).*|list (?:all|every|the|what).*|look(?: again| around"
            r"| at (?:the|this) (?:table|picture|scene))?"
            r"|have a look|take a (?:picture|photo|look)|tell me what (?:you see|is (?:there"
            r"|on the table)))"),
    ("inside", r"what is (?:in|on|inside) (?P<p1>.+)"),
    ("count",
        r"(?:how many (?P<p2>.+?)(?: (?:are|do|can|is) (?:there|you (?:see|count)|on|in|lying"
        r"|standing).*)?"
              r"|count (?P<p3>.+?)(?: on the table)?)"),
    ("colour", r"(?:what|which) colou?r (?:is|are|does|do) (?P<p4>.+?)(?: have)?"),
    ("label",
        r"(?:what does (?P<p5>.+?) say|what is (?:written|printed) on (?P<p6>.+)"
        r"|read (?P<p7>.+))"),
    ("beside",
        r"what is (?P<p8>(?:to the )?(?:left|right) of .+|next to .+|behind .+|in front of .+)"),
    ("where",
        r"(?:tell me |do you know )?where (?:is|are) (?P<p9>.+?)(?: (?:is|are))?|(?:find"
        r"|locate|look for|search for|where) (?P<p10>.+)"),
    ("exists", r"(?:can|could|do) you (?:still )?(?:see|find|spot|detect) (?P<p11>.+)"
               r"|(?:is|are) there (?:any )?(?P<p12>.+?)(?: on the table| there| here)?"),
    ("which",
        r"(?:which|what)(?: one| thing| object)? is (?P<p13>the .*?(?:est|most|nearest|closest"
        r"|first|last)\b.*)"),
)  # fmt: skip
QUESTIONS: Final = tuple((about, re.compile(form)) for about, form in ABOUT)
ORDER_OF: Final = ("help", "holding", "all", "beside", "which", "inside")
