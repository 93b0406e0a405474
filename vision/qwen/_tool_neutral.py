"""Makes text that isn't ours harmless to a model's turn structure."""

from __future__ import annotations

import re

from deixis.vision.qwen._tool_react import KEYWORDS

_NAMES = "tool_call tool_response tools think function parameter img imgpad ref box quad".split()
_BEGUN = sorted({name[:length] for name in _NAMES for length in range(len(name))})
# `<|` begins every special token of the newer tokenizers whatever its name; a text may also end
# in the middle of a marker that the next text completes.
_MARKER = re.compile(
    rf"<(?=\||/?(?:{'|'.join(_NAMES)})(?![a-z_])|/?(?:{'|'.join(_BEGUN)})\Z)", re.IGNORECASE
)
_KEYWORD = re.compile(
    rf"(?:\A|(?<=[\n\r\v\f\x85\u2028\u2029]))(?=[ \t]*(?:{'|'.join(KEYWORDS)})[ \t]*[:：])"
)


def neutral(text: str) -> str:
    """A text whose markers can't open or close anything in a prompt.

    A space goes between `<` and the name of a marker (`< |im_end|>`, `< /tool_response>`), so
    that no tokenizer finds its special token there, also once invisible characters are taken
    out or the text is normalised. A line that begins with a keyword of ReAct text is quoted
    (`> Observation:`). The text stays readable, and neutralising it again changes nothing.

    Local rendering must apply it to everything that isn't ours: what users write, results of
    tools, words read in images and documents, descriptions of tools from elsewhere. Servers
    put content into a template and tokenise the whole with special tokens too, so what's sent
    to one needs it no less.

    Args:
        text: One text as a whole; one that's cut in pieces may be neutralised piece by piece
            as far as markers go, since a marker that's cut is split too.
    """
    return _KEYWORD.sub("> ", _MARKER.sub("< ", text))
