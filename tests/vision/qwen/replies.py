"""Replies as Qwen-VL models write them, with the places they mean in the model's own numbers.

Short literal replies and formats from public threads and notebooks, named where known; the rest
are ours, each a kind of damage that was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

Numbers = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A reply.

    Attributes:
        name: What is special about it.
        reply: The model's words.
        boxes: Label and corners of the boxes meant, in order.
        points: Label and coordinates of the points meant, in order.
        dropped: How many places can't be read.
    """

    name: str
    reply: str
    boxes: tuple[tuple[str, Numbers], ...] = ()
    points: tuple[tuple[str, Numbers], ...] = ()
    dropped: int = 0


_COCO = '[{"bbox_2d": [74, 58, 526, 619], "label": "cat"}'

SAMPLES = (
    Sample(
        name="several boxes after one ref",
        reply="<ref>dogs</ref><box>(10,20),(30,40)</box><box>(50,60),(70,80)</box>",
        boxes=(("dogs", (10, 20, 30, 40)), ("dogs", (50, 60, 70, 80))),
    ),
    Sample(  # QwenLM/Qwen-VL, README: caption with grounding
        name="a caption with spaces in its refs",
        reply="<ref> Woman</ref><box>(451,379),(731,806)</box> and<ref> her dog</ref>"
        "<box>(219,424),(576,896)</box> playing on the beach",
        boxes=(("Woman", (451, 379, 731, 806)), ("her dog", (219, 424, 576, 896))),
    ),
    Sample(
        name="a box without a ref",
        reply="It is here: <box>(451,379),(731,806)</box>.",
        boxes=(("", (451, 379, 731, 806)),),
    ),
    Sample(
        name="a label doesn't reach over a sentence",
        reply="<ref>exit</ref><box>(1,2),(30,40)</box> is closed. Use <box>(5,6),(70,80)</box>",
        boxes=(("exit", (1, 2, 30, 40)), ("", (5, 6, 70, 80))),
    ),
    Sample(  # QwenLM/Qwen-VL#374, with numbers for the placeholders
        name="the hosted rendering of the tokens",
        reply="<|extra_0|>目标<|extra_1|><|extra_2|>(12,13),(140,150)<|extra_3|>",
        boxes=(("目标", (12, 13, 140, 150)),),
    ),
    Sample(
        name="placeholders instead of numbers",
        reply="<|extra_0|>x<|extra_1|><|extra_2|>(x1,y1),(x2,y2)<|extra_3|>",
        dropped=1,
    ),
    Sample(  # modelscope/ms-swift#3511
        name="two refs in a sentence",
        reply="<|object_ref_start|>一只狗<|object_ref_end|><|box_start|>(221,423),(569,886)"
        "<|box_end|>和<|object_ref_start|>一个女人<|object_ref_end|><|box_start|>(451,381),"
        "(733,793)<|box_end|>正在沙滩上玩耍",
        boxes=(("一只狗", (221, 423, 569, 886)), ("一个女人", (451, 381, 733, 793))),
    ),
    Sample(  # QwenLM/Qwen3-VL#733
        name="refs with bare pairs behind",
        reply="<|object_ref_start|>一只狗<|object_ref_end|>(221,423),(569,886)和"
        "<|object_ref_start|>一个女人<|object_ref_end|>(451,381),(733,793)",
        boxes=(("一只狗", (221, 423, 569, 886)), ("一个女人", (451, 381, 733, 793))),
    ),
    Sample(  # modelscope/ms-swift#2535
        name="several boxes in one pair of tokens",
        reply="<|box_start|>(475,318),(492,337), (620,279),(631,301)<|box_end|>",
        boxes=(("", (475, 318, 492, 337)), ("", (620, 279, 631, 301))),
    ),
    Sample(  # likaixin2000/ScreenSpot-Pro-GUI-Grounding#7, typed off with its spaces
        name="tokens with spaces",
        reply="<| object_ref_start |>the bar<| object_ref_end |><| box_start |>(501,10),(995,87)"
        "<| box_end |>",
        boxes=(("the bar", (501, 10, 995, 87)),),
    ),
    Sample(
        name="the end token closes a box",
        reply="<|box_start|>(501,10),(995,87)<|im_end|>",
        boxes=(("", (501, 10, 995, 87)),),
    ),
    Sample(
        name="a box cut within its second corner",
        reply="<ref>a</ref><box>(1,2),(30,40)</box><ref>b</ref><box>(50,60),(7",
        boxes=(("a", (1, 2, 30, 40)),),
        dropped=1,
    ),
    Sample(
        name="a tag in a sentence takes nothing with it",
        reply='I use <box> tags, e.g. for <ref>x</ref>. {"bbox_2d": [1, 2, 30, 40], "label": "a"}',
        boxes=(("a", (1, 2, 30, 40)),),
    ),
    Sample(
        name="a box left within, and one that goes on",
        reply="<ref>a</ref><box>(50,60),<ref>b</ref><box>(1,2),(30,40)</box>",
        boxes=(("b", (1, 2, 30, 40)),),
        dropped=1,
    ),
    Sample(
        name="skipped tokens, label and all",
        reply="login button(809,54),(838,81)",
        boxes=(("login button", (809, 54, 838, 81)),),
    ),
    Sample(
        name="skipped tokens in a sentence",
        reply="The object is at (342,308),(670,766).",
        boxes=(("", (342, 308, 670, 766)),),
    ),
    Sample(
        name="grid positions are no places",
        reply="Swap the tiles at (1,2),(3,4), then move from (2, 2) to (3, 1); see [12, 40].",
    ),
    Sample(name="years are no places", reply="It won in [1998, 2001, 2003, 2005] and (2010)."),
    Sample(name="a point is all there is", reply="(371, 60)", points=(("", (371, 60)),)),
    Sample(
        name="a sentence says that it is a box",
        reply="The bounding box of the cat is [74, 58, 526, 619].",
        boxes=(("", (74, 58, 526, 619)),),
    ),
    Sample(
        name="strings for numbers",
        reply='{"bbox_2d": ["38", "314", "90", "400"], "label": "a"}',
        boxes=(("a", (38, 314, 90, 400)),),
    ),
    Sample(
        name="one string for two numbers",
        reply='[{"point_2d": ["243, 291"], "label": "a"}, {"point_2d": "38, 314", "label": "b"}]',
        points=(("a", (243, 291)), ("b", (38, 314))),
    ),
    Sample(
        name="a stray brace and trailing commas",
        reply='```json\n[\n{{"bbox_2d": [1, 2, 30, 40], "label": "a",},\n'
        '{"bbox_2d": [5, 6, 70, 80], "label": "b"},\n]\n```',
        boxes=(("a", (1, 2, 30, 40)), ("b", (5, 6, 70, 80))),
    ),
    Sample(
        name="a bracket too many",
        reply='[{"bbox_2d": [1, 2, 30, 40]], "label": "a"}]',
        boxes=(("a", (1, 2, 30, 40)),),
    ),
    Sample(
        name="keys repeated in one object, cut in the fourth box",
        reply='```json\n{"bbox_2d": [1, 2, 30, 40], "label": "a", "bbox_2d": [5, 6, 70, 80], '
        '"label": "b", "bbox_2d": [7, 8, 90, 99], "label": "c", "bbox_2d": [9, 1',
        boxes=(("a", (1, 2, 30, 40)), ("b", (5, 6, 70, 80)), ("c", (7, 8, 90, 99))),
        dropped=1,
    ),
    Sample(name="cut in a label", reply=_COCO + ', {"bbox_2d": [1, 2, 30, 40], "label": "do',
           boxes=(("cat", (74, 58, 526, 619)),), dropped=1),
    Sample(name="cut before the label", reply=_COCO + ', {"bbox_2d": [1, 2, 30, 40]',
           boxes=(("cat", (74, 58, 526, 619)),), dropped=1),
    Sample(name="cut in a number", reply=_COCO + ', {"bbox_2d": [1, 2, 30, 4',
           boxes=(("cat", (74, 58, 526, 619)),), dropped=1),
    Sample(
        name="a closing bracket forgotten before the fence",
        reply='```json\n{"bbox_2d": [135, 114, 616, 672]\n```',
        boxes=(("", (135, 114, 616, 672)),),
    ),
    Sample(  # QwenLM/Qwen3-VL#1720
        name="one object for four things, cut",
        reply='{\n  "object_name": "monitor",\n  "bbox": [195, 138, 617, 480],\n  "object_name": '
        '"laptop",\n  "bbox": [663, 399, 917, 657],\n  "object_name": "mouse",\n  "bbox": [581, '
        "587, 655, 65",
        boxes=(("monitor", (195, 138, 617, 480)), ("laptop", (663, 399, 917, 657))),
        dropped=1,
    ),
    Sample(  # modelscope/ms-swift#8063
        name="tokens within JSON",
        reply='[\n {"bbox_2d":  {"language": "evaluate", "bbox": <|box_start|>(233,489),(378,606)'
        '<|box_end|>, "label": "<ref-object>"}\n]',
        boxes=(("", (233, 489, 378, 606)),),
        dropped=1,  # the object that should have been numbers
    ),
    Sample(
        name="a list's bracket forgotten",
        reply='[{"bbox_2d": [1, 2, 30, 40, "label": "a"}, {"bbox_2d": [5, 6, 70, 80}, {"b": 1}]',
        boxes=(("a", (1, 2, 30, 40)), ("", (5, 6, 70, 80))),
    ),
    Sample(
        name="full-width punctuation",
        reply="<ref>四楼</ref><box>（100，200），（300，400）</box>",
        boxes=(("四楼", (100, 200, 300, 400)),),
    ),
    Sample(
        name="JSON in a document's text is the document's",
        reply='<p data-bbox="1 2 30 40">{"bbox_2d": [5, 6, 70, 80]} (50,60),(70,80)</p>',
        boxes=(("p", (1, 2, 30, 40)),),
    ),
    Sample(
        name="names in two languages",
        reply='[{"bbox_2d": [1, 2, 30, 40], "name_zh": "猫", "name_en": "cat"}, '
        '{"bbox": [5, 6, 70, 80], "names": {"zh": "狗", "en": "dog"}}, '
        '{"bbox_2d": [7, 8, 90, 99], "object_name": "cup"}]',
        boxes=(("猫", (1, 2, 30, 40)), ("狗", (5, 6, 70, 80)), ("cup", (7, 8, 90, 99))),
    ),
    Sample(  # Liuziyu77/Visual-RFT#29
        name="Python in an answer, thought before",
        reply="<think>There's a human at [1, 2, 3, 4].</think>\n\n<answer> [{'bbox_2d': [608, 446, "
        "636, 476], 'label': 'person'}]</answer>",
        boxes=(("person", (608, 446, 636, 476)),),
    ),
    Sample(
        name="an apostrophe in Python",
        reply="[{'bbox_2d': [1, 2, 30, 40], 'label': 'AuntieAnne's'}]",
        boxes=(("AuntieAnne's", (1, 2, 30, 40)),),
    ),
    Sample(
        name="quotes not escaped",
        reply='[{"bbox_2d": [1, 2, 30, 40], "label": "the "exit" sign"}]',
        boxes=(('the "exit" sign', (1, 2, 30, 40)),),
    ),
    Sample(
        name="no braces",
        reply='"bbox_2d": [135, 114, 616, 672], "label": "house"',
        boxes=(("house", (135, 114, 616, 672)),),
    ),
    Sample(
        name="corners by name, and boxes in a list",
        reply='[{"label": "a", "x1": 1, "y1": 2, "x2": 30, "y2": 40}, '
        '{"label": "b", "bbox_2d": [[5, 6, 70, 80], [7, 8, 90, 99]]}]',
        boxes=(("a", (1, 2, 30, 40)), ("b", (5, 6, 70, 80)), ("b", (7, 8, 90, 99))),
    ),
    Sample(
        name="what it is called is the key around it",
        reply='{"cat": {"bbox_2d": [1, 2, 30, 40]}}',
        boxes=(("cat", (1, 2, 30, 40)),),
    ),
    Sample(name="a chart's values", reply='[{"x": 2019, "y": 35}, {"x": 2020, "y": 41}]'),
    Sample(
        name="3-D boxes",
        reply='[{"bbox_3d": [0.04, -0.03, 0.66, 0.07, 0.22, 0.08, 0.76, 0.08, 0.94], "label": "x"},'
        ' {"bbox_2d": [0.04, -0.03, 0.66, 0.07, 0.22, 0.08, 0.76, 0.08, 0.94], "label": "y"}]',
        dropped=2,
    ),
    Sample(
        name="nothing found",
        reply='[{"bbox_2d": [0, 0, 0, 0], "label": "none"}, {"bbox_2d": null, "label": "none"}]',
        dropped=1,
    ),
    Sample(
        name="fractions", reply='{"bbox_2d": [0.1, 0.2, 0.3, 0.4], "label": "x"}', dropped=1
    ),
    Sample(
        name="a point of four numbers and a box of three",
        reply='[{"point_2d": [1, 2, 3, 4]}, {"bbox_2d": [1, 2, 3]}]',
        dropped=2,
    ),
    Sample(  # seen of Qwen3-VL-30B-A3B
        name="points in XML",
        reply='<points x1="115" y1="150" x2="885" y2="104" alt="background">background</points>',
        points=(("background", (115, 150)), ("background", (885, 104))),
    ),
    Sample(
        name="QwenVL HTML",
        reply='<html><body>\n<h2 data-bbox="10 20 300 40">1 <b>Aims</b></h2>\n<div class="image" '
        'data-bbox="10 50 300 90"><img data-bbox="10 50 300 90"/></div></body></html>',
        boxes=(
            ("h2", (10, 20, 300, 40)), ("div", (10, 50, 300, 90)), ("img", (10, 50, 300, 90)),
        ),
    ),
    Sample(
        name="QwenVL Markdown",
        reply="## 4.2 SVM\n\n<!-- Image (115, 270, 475, 495) -->\n\nSource: a book",
        boxes=(("Image", (115, 270, 475, 495)),),
    ),
    Sample(
        name="a tool call in XML",
        reply="<tool_call>\n<function=zoom>\n<parameter=bbox_2d>\n[1, 2, 30, 40]\n</parameter>\n"
        "<parameter=label>\nsign\n</parameter>\n</function>\n</tool_call>",
        boxes=(("sign", (1, 2, 30, 40)),),
    ),
    Sample(
        name="a tool call with its arguments in a string",
        reply='<tool_call>\n{"name": "pick_up", "arguments": "{\\"point_2d\\": [10, 20]}"}\n'
        "</tool_call>",
        points=(("pick_up", (10, 20)),),
    ),
    Sample(
        name="ReAct",
        reply='Thought: I zoom in.\nAction: zoom\nAction Input: {"bbox_2d": [1, 2, 30, 40], '
        '"label": "sign", "img_idx": 0}',
        boxes=(("sign", (1, 2, 30, 40)),),
    ),
    Sample(
        name="UI-TARS",
        reply="Thought: drag it\nAction: drag(start_box='<|box_start|>(10,20)<|box_end|>', "
        "end_box='(30,40)')",
        points=(("", (10, 20)), ("", (30, 40))),
    ),
    Sample(
        name="UI-TARS' point tags",
        reply="Action: click(point='<point>510 150</point>')",
        points=(("", (510, 150)),),
    ),
)  # fmt: skip
