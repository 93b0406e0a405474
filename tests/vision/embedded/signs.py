"""Drawn-up signs whose floors are known, in the layouts of hospitals, malls and stations.

The truth of a line is the value of its floor, None where the sign says none, or `ANY` where either
would do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.vision.embedded.photos import H, Photo, Sheet, photograph

ANY = "any"

NAMES = (
    "内科 外科 儿科 骨科 眼科 妇产科 皮肤科 口腔科 耳鼻喉科 神经内科 心血管内科 呼吸内科 消化内科 "
    "肾内科 血液科 内分泌科 风湿免疫科 康复医学科 泌尿外科 胸外科 普通外科 神经外科 肿瘤科 中医科 "
    "针灸科 体检中心 检验科 放射科 超声科 心电图室 药房 收费处 挂号处 急诊 输液室 手术室 病案室 "
    "会议室 卫生间 母婴室 电影院 超市 美食广场 女装 男装 童装 家居 运动户外 珠宝 化妆品 "
    "妇产科/计划生育 门诊检验/采血 心脏血管功能检查区 超声心动图/心电图"
).split()
LONG = (
    "护理治疗中心（无菌换药室/注射治疗室/静脉治疗室）",
    "动态血压监测/动态心电监测/平板运动实验",
    "门诊药房、门诊收费处、门诊挂号处、门诊咨询台",
)
ENGLISH = (
    "Cardiology|Orthopedics|Pediatrics|Dermatology|Internal Medicine|Laboratory|Radiology|"
    "Pharmacy|Registration|Emergency|Restroom|Food Court|Cinema|Ultrasound|Dental Clinic"
).split("|")
_HAN = "零一二三四五六七八九十"

Layout = Callable[[random.Random], Sheet]


def wordings(rng: random.Random) -> Callable[[int], str]:
    """One of the ways that signs write their floors."""
    han = dict(enumerate(_HAN))
    ways: list[Callable[[int], str]] = [
        lambda n: f"{n}F" if n > 0 else f"B{-n}",
        lambda n: f"{n}F" if n > 0 else f"B{-n}F",
        lambda n: f"{n}楼" if n > 0 else f"负{-n}楼",
        lambda n: f"{han[n]}楼" if n > 0 else f"负{han[-n]}楼",
        lambda n: f"{han[n]}层" if n > 0 else f"地下{han[-n]}层",
        lambda n: f"{n}F {han[n]}楼" if n > 0 else f"B{-n} 负{han[-n]}楼",
        lambda n: f"L{n}" if n > 0 else f"B{-n}",
        lambda n: f"F{n}" if n > 0 else f"B{-n}",
        lambda n: f"{n}/F" if n > 0 else f"B{-n}/F",
    ]
    return rng.choice(ways)


def floors_of(rng: random.Random, count: int) -> list[int]:
    """Floors one above the other, from the top or from the bottom."""
    lowest = rng.choice([-2, -1, 1, 1, 1, 2])
    run = [n for n in range(lowest, lowest + count + 1) if n][:count]
    return run if rng.random() < 0.25 else run[::-1]


def _names(rng: random.Random, count: int) -> list[str]:
    return [rng.choice(NAMES) for _ in range(count)]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a directory with labels beside their blocks is set."""

    align: str = "middle"
    right: bool = False
    columns: int = 3
    gap: tuple[float, float] = (0.7, 1.8)
    ragged: bool = False
    english: bool = False
    twins: bool = False
    drawn: str = ""
    sizes: tuple[int, int] = (1, 6)
    floors: tuple[int, int] = (3, 6)
    title: bool = True
    footer: bool = True
    hide: int = 0
    missing: bool = False
    scale: tuple[float, float] = (1.0, 2.4)


def _block(
    rng: random.Random, sheet: Sheet, style: Style, left: float, top: float, floor: str | None
) -> tuple[float, float, float]:
    """Writes a block; gives the middles of its first and last row and where it ends."""
    pitch = H * 1.3
    count = rng.randint(*style.sizes)
    step = 9.0 * H
    y = first = top + H / 2
    last = y
    for row in range(count):
        last = y
        if style.ragged and rng.random() < 0.15:
            sheet.add(rng.choice(LONG), left, y, floor)
        else:
            filled = style.columns
            if row and (style.ragged or row == count - 1):
                filled = rng.randint(1, style.columns)
            for column in range(filled):
                sheet.add(rng.choice(NAMES), left + column * step, y, floor)
                if style.english:
                    text = rng.choice(ENGLISH)
                    sheet.add(text, left + column * step, y + 0.85 * H, floor, 0.55 * H)
        if style.english:
            last = y + 0.85 * H
        y += pitch + (0.85 * H if style.english else 0)
    return first, last, y - pitch + H


def _side(rng: random.Random, sheet: Sheet, style: Style, x: float, top: float) -> float:
    """One panel of blocks with labels at their side; gives where it ends."""
    write = wordings(rng)
    numbers = floors_of(rng, rng.randint(*style.floors))
    gap = rng.uniform(*style.gap) * H
    scale = rng.uniform(*style.scale)
    wide = style.columns * 9.0 * H
    left = x if style.right else x + 7.5 * H
    label_x = x + wide + 3 * H if style.right else x + 3 * H
    missing = rng.randrange(1, len(numbers) - 1) if style.missing else -1
    y = top
    for at, number in enumerate(numbers):
        value = None if at == missing else str(number)
        start = y
        first, last, end = _block(rng, sheet, style, left, y, value)
        middle = {"middle": (first + last) / 2, "first": first, "last": last}[style.align]
        if value is not None and style.twins:
            han = wordings(random.Random(3))
            sheet.add(
                f"{number}F" if number > 0 else f"B{-number}",
                label_x,
                middle - 0.45 * H,
                value,
                0.8 * H,
                "mid",
                label=True,
            )
            sheet.add(han(number), label_x, middle + 0.45 * H, value, 0.8 * H, "mid", label=True)
        elif value is not None:
            sheet.add(write(number), label_x, middle, value, H * scale, "mid", label=True)
        y = end + gap
        if style.drawn:
            _draw(sheet, style, x, wide + 8 * H, (start - gap / 2, y - gap / 2), at)
    return y


def _draw(
    sheet: Sheet, style: Style, x: float, wide: float, span: tuple[float, float], at: int
) -> None:
    if style.drawn == "cells":
        sheet.cells.append((x, span[0], x + wide, span[1], (90, 150)[at % 2]))
    else:
        sheet.cells.append((x, span[1] - 2, x + wide, span[1] + 2, 230))


def beside(panels: int = 1, **settings: object) -> Layout:
    """Blocks of lines with a label beside each."""
    style = Style(**settings)  # pyright: ignore[reportArgumentType]

    def lay(rng: random.Random) -> Sheet:
        sheet = Sheet()
        top = 3.2 * H if style.title else 0.5 * H
        width = style.columns * 9.0 * H + 9 * H
        ends = [_side(rng, sheet, style, panel * width, top) for panel in range(panels)]
        if style.title:
            sheet.add(rng.choice(["楼层导览", "楼层索引 Floor Guide"]), 2 * H, H, None, 1.6 * H)
        if style.footer:
            sheet.add("请保持安静，禁止吸烟", 8 * H, max(ends) + 1.5 * H, None, 0.8 * H)
        if style.hide:
            shown = [item.y for item in sheet.items]
            low, high = min(shown), max(shown)
            cut = rng.uniform(1, 2.6) * H
            sheet.cut = (low + cut, high + H) if rng.random() < 0.5 else (0, high - cut)
        return sheet

    return lay


def heading_blocks(rng: random.Random) -> Sheet:
    """A label alone above its lines."""
    sheet, write = Sheet(), wordings(rng)
    columns, y = rng.randint(1, 3), 3.5 * H
    sheet.add("楼层导览", 2 * H, H, None, 1.6 * H)
    scale = rng.uniform(1, 1.5)
    for number in floors_of(rng, rng.randint(2, 5)):
        sheet.add(write(number), 2 * H, y, str(number), scale * H)
        y += (0.7 + scale * 0.7) * H
        for row in range(rng.randint(1, 5)):
            for column in range(columns if row == 0 else rng.randint(1, columns)):
                sheet.add(rng.choice(NAMES), (2 + 9 * column) * H, y, str(number))
            y += 1.35 * H
        y += rng.uniform(0.5, 1.2) * H
    return sheet


def heading_columns(rng: random.Random) -> Sheet:
    """Labels side by side, a list below each."""
    sheet, write = Sheet(), wordings(rng)
    tiers, y = rng.choice([1, 1, 2]), 3.5 * H
    sheet.add("楼层导览", 2 * H, H, None, 1.6 * H)
    numbers = floors_of(rng, tiers * rng.randint(2, 4))
    per = len(numbers) // tiers
    for tier in range(tiers):
        longest = 0
        centred = rng.random() < 0.5
        for column, number in enumerate(numbers[tier * per : (tier + 1) * per]):
            x = (2 + 9 * column) * H
            at = "mid" if centred else "left"
            sheet.add(write(number), x + (3 * H if centred else 0), y, str(number), 1.2 * H, at)
            count = rng.randint(1, 7)
            longest = max(longest, count)
            for row in range(count):
                sheet.add(
                    rng.choice(NAMES),
                    x + (3 * H if centred else 0),
                    y + (1.7 + 1.35 * row) * H,
                    str(number),
                    H,
                    at,
                )
        y += (3.6 + 1.35 * longest) * H
    return sheet


def row_a_floor(rng: random.Random) -> Sheet:
    """A directory with one row for each floor."""
    sheet, write = Sheet(), wordings(rng)
    sheet.add("楼层索引", 2 * H, H, None, 1.4 * H)
    pitch = rng.uniform(1.4, 2.4) * H
    y = 3.2 * H
    for number in floors_of(rng, rng.randint(4, 9)):
        sheet.add(write(number), 2 * H, y, str(number))
        text = "、".join(_names(rng, rng.randint(1, 4)))
        sheet.add(text, 8 * H, y, str(number))
        y += pitch
    return sheet


def row_end_floor(rng: random.Random) -> Sheet:
    """A department to a row, its floor at the end; repeated and in no order."""
    sheet, write = Sheet(), wordings(rng)
    sheet.add("科室索引", 2 * H, H, None, 1.4 * H)
    columns, joined = rng.choice([1, 2]), rng.random() < 0.4
    for column in range(columns):
        x = (2 + 16 * column) * H
        for row in range(rng.randint(5, 14)):
            number, y = rng.choice([-1, 1, 2, 3, 4, 5]), (3.2 + 1.4 * row) * H
            if joined:
                sheet.add(f"{rng.choice(NAMES)}……{write(number)}", x, y, str(number))
            else:
                sheet.add(rng.choice(NAMES), x, y, str(number))
                sheet.add(write(number), x + 12 * H, y, str(number))
    return sheet


def inside_lines(rng: random.Random) -> Sheet:
    """The floor written in the line itself."""
    sheet = Sheet()
    sheet.add("就诊指南", 2 * H, H, None, 1.4 * H)
    form = rng.choice(["{n}F {t}", "{t}（{n}楼）", "{n}楼：{t}、外科", "{t} {n}F", "{t}({n}F)"])
    for row in range(rng.randint(4, 12)):
        y, number = (3.2 + 1.4 * row) * H, rng.randint(1, 8)
        bare = rng.random() < 0.15 and not form.startswith("{n}")
        text = rng.choice(NAMES) if bare else form.format(n=number, t=rng.choice(NAMES))
        sheet.add(text, 2 * H, y, None if bare else str(number))
    return sheet


def _listed(rng: random.Random, sheet: Sheet, floor: str | None) -> Sheet:
    for row in range(rng.randint(3, 9)):
        for column in range(rng.randint(1, 3)):
            sheet.add(rng.choice(NAMES), (2 + 9 * column) * H, (4 + 1.4 * row) * H, floor)
    return sheet


def one_floor(rng: random.Random) -> Sheet:
    """A title that names the floor of all below."""
    sheet, title = Sheet(), rng.choice(["三楼平面图", "3F 楼层导览", "门诊楼三层导览图", "3F"])
    sheet.add(title, 6 * H, H, "3", 1.6 * H)
    return _listed(rng, sheet, "3")


def you_are_here(rng: random.Random) -> Sheet:
    """A note of where one stands, among labels or alone: it governs nothing."""
    note = rng.choice(["您所在位置：3F", "You are here 3F", "当前位置 3楼", "您在3楼"])
    sheet = row_a_floor(rng) if rng.random() < 0.5 else _listed(rng, Sheet(), None)
    y = -1.5 * H if rng.random() < 0.5 else max(item.y for item in sheet.items) + 3 * H
    sheet.add(note, rng.choice([2, 8]) * H, y, ANY)
    return sheet


def no_floor(rng: random.Random) -> Sheet:
    """Numbers of all kinds that are no floors."""
    sheet = Sheet()
    kinds = [
        lambda: (f"{rng.choice(NAMES)} {rng.randint(1, 99)}元", None),
        lambda: (f"电话 010-{rng.randint(10**7, 10**8 - 1)}", None),
        lambda: (f"{rng.randint(101, 999)}室 {rng.choice(NAMES)}", None),
        lambda: (f"{rng.randint(1, 9)}路", None),
        lambda: (f"{rng.randint(1, 9)}号线", None),
        lambda: (f"{rng.randint(7, 12)}:00-{rng.randint(13, 21)}:30", None),
        lambda: (f"{rng.randint(1, 9)}号楼", None),
        lambda: ("缴费后请凭票到3楼检验科窗口排队取号并等候叫号", ANY),
        lambda: (f"¥{rng.randint(1, 99)}", None),
        lambda: ("维生素B1 片", None),
    ]
    for row in range(rng.randint(5, 14)):
        for column in range(rng.randint(1, 2)):
            text, floor = rng.choice(kinds)()
            sheet.add(text, (2 + 14 * column) * H, (2 + 1.4 * row) * H, floor)
            if column == 0 and floor == ANY:
                break
    return sheet


LAYOUTS: dict[str, Layout] = {
    "side middle": beside(),
    "side first": beside(align="first"),
    "side last": beside(align="last"),
    "side right": beside(right=True),
    "right first": beside(right=True, align="first"),
    "small labels": beside(scale=(0.8, 1.1), align="first"),
    "one column": beside(columns=1),
    "ragged": beside(ragged=True),
    "ragged first": beside(ragged=True, align="first"),
    "unequal": beside(sizes=(1, 9), floors=(4, 6)),
    "narrow gaps": beside(gap=(0.45, 0.7)),
    "bilingual": beside(english=True),
    "twin labels": beside(twins=True, sizes=(2, 6)),
    "panels 2": beside(2, columns=2),
    "panels 3": beside(3, columns=1, align="first"),
    "panels right": beside(2, columns=2, right=True),
    "cut": beside(hide=1, title=False, footer=False, sizes=(3, 6)),
    "missing": beside(missing=True, floors=(4, 6)),
    "missing first": beside(missing=True, floors=(4, 6), align="first"),
    "cells": beside(gap=(0.3, 0.5), drawn="cells"),
    "ruled": beside(gap=(0.3, 0.6), drawn="ruled", ragged=True),
    "cells missing": beside(gap=(0.4, 0.9), drawn="cells", missing=True, floors=(4, 6)),
    "headings": heading_blocks,
    "heading columns": heading_columns,
    "row a floor": row_a_floor,
    "row end": row_end_floor,
    "inside lines": inside_lines,
    "one floor": one_floor,
    "you are here": you_are_here,
    "no floor": no_floor,
}


def make(layout: str, seed: int, *, strength: float = 1.0, noise: float = 0.1) -> Photo:
    """A sign of a layout: the same for the same seed."""
    rng = random.Random(f"{layout} {seed}")
    return photograph(LAYOUTS[layout](rng), rng, strength=strength, noise=noise)
