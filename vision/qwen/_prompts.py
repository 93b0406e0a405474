"""How each family is best asked for places: as its authors ask.

Boxes, and from Qwen2.5 on points, lines and documents, follow their examples: the README and
TUTORIAL of QwenLM/Qwen-VL, the cookbooks of QwenLM/Qwen3-VL (2d_grounding, ocr, document_parsing,
spatial_understanding), the posts on Qwen2-VL and Qwen2.5-VL. The other requests, and the Chinese
ones but 框出图中…的位置, are ours in the same manner. The word "bbox" steadies the keys that 2.5
and later answer with.
"""

from __future__ import annotations

from collections.abc import Mapping

from deixis.vision._dialect import AskKind
from deixis.vision.qwen._families import Family

_Prompts = Mapping[AskKind, str]
# `{}` is the phrase; `{q}` the phrase in quotation marks.
_TAGGED_EN: _Prompts = {
    "boxes": "Generate the bounding box of {} with grounding:",
    "points": "Point to {} with grounding:",
    "lines": "OCR with grounding:",
    "document": "Read the text of the document in order, with grounding:",
}
_TAGGED_ZH: _Prompts = {
    "boxes": "框出图中{}的位置",
    "points": "指出图中{}的位置",
    "lines": "框出图中每一行文字的位置，并读出文字",
    "document": "按顺序读出文档中的文字，并框出每一段的位置",
}
_FIND_EN: _Prompts = {**_TAGGED_EN, "boxes": "Find {} with grounding:"}
_JSON_EN: _Prompts = {
    "boxes": (
        "Outline the position of each instance of {} and output all the bbox coordinates in JSON "
        "format."
    ),
    "points": (
        "Locate {} in the image with points and output the point coordinates in JSON format."
    ),
    "lines": "Spotting all the text in the image with line-level, and output in JSON format.",
    "document": "QwenVL HTML",
}
_JSON_ZH: _Prompts = {
    "boxes": "框出图中所有{}的位置，以JSON格式输出全部bbox坐标。",
    "points": "以点的形式定位图中的{}，以JSON格式输出point坐标。",
    "lines": "定位图中所有的文字行，以JSON格式输出bbox坐标和文字内容。",
    "document": "QwenVL HTML",
}
_LOCATE_EN: _Prompts = {
    **_JSON_EN,
    "boxes": (
        "locate every instance that belongs to the following categories: {q}. Report bbox "
        "coordinates in JSON format."
    ),
}
_LOCATE_ZH: _Prompts = {
    **_JSON_ZH,
    "boxes": "定位图中属于以下类别的每一个实例：{q}。以JSON格式输出bbox坐标。",
}
_BY_FAMILY: dict[Family, tuple[_Prompts, _Prompts]] = {
    "qwen-vl": (_TAGGED_EN, _TAGGED_ZH),
    "qwen2-vl": (_FIND_EN, _TAGGED_ZH),
    "qwen2.5-vl": (_JSON_EN, _JSON_ZH),
    "qwen3-vl": (_LOCATE_EN, _LOCATE_ZH),
    "qwen3.5-vl": (_LOCATE_EN, _LOCATE_ZH),
}


def prompt(family: Family, kind: AskKind, phrase: str, *, language: str) -> str:
    """The request for places.

    Args:
        family: Whom to ask.
        kind: Boxes, points, lines of text, or a document.
        phrase: What to find, kept to one line; quotation marks within it become single ones
            where it is quoted. Put after the request where the request has no place for it.
        language: `zh…` for Chinese; English otherwise.
    """
    english, chinese = _BY_FAMILY[family]
    asked = (chinese if language.lower().startswith("zh") else english)[kind]
    said = " ".join(phrase.split())
    if "{" not in asked:
        return f"{asked} {said}".rstrip()
    quoted = '"' + said.replace('"', "'") + '"'
    return asked.replace("{q}", quoted) if "{q}" in asked else asked.replace("{}", said)
