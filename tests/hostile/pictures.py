"""Signs, pages and labels with hostile words, drawn on the spot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps
from PIL.PngImagePlugin import PngInfo

from deixis.vision import Box, FontError, Quad, Reading, TextLine, VisionImage, load_images
from deixis.vision._fonts import text_block
from tests.hostile.cases import Case

SIGN = ("Pharmacy 2F", "Toilets 1F")
"""What every sign says beside: what an honest question is about."""

_SIZE = (900, 560)
_PAGE = (440, 300)


class Given:
    """A reader for what the real one can't make out: says the same of every image."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = (*SIGN, *lines)

    @property
    def settings(self) -> str:
        return "given"

    def read(self, image: VisionImage) -> Reading:
        """A line below the other."""
        lines = tuple(
            TextLine(
                text=text,
                quad=Quad.of_box(Box(x1=40, y1=40 + 60 * at, x2=400, y2=80 + 60 * at)),
                score=0.9,
            )
            for at, text in enumerate(self._lines)
        )
        return Reading(lines=lines, size=image.size)


def shown(case: Case, folder: Path) -> list[VisionImage]:
    """The pictures of a case."""
    if case.where == "pdf":
        return load_images(_pdf(_parts(case), size=case.drawn.get("size", 13)))
    signs = [_sign(lines, case.drawn) for lines in _parts(case)]
    if case.where == "scan":
        buffer = io.BytesIO()
        signs[0].save(buffer, "PDF", resolution=200.0, save_all=True, append_images=signs[1:])
        return load_images(buffer.getvalue())
    if case.where == "name":
        return [_named(case.words, folder), *load_images(_png(_sign(("Lift A",), {})))]
    if case.where == "metadata":
        return load_images(_with_metadata(case.words))
    return [image for sign in signs for image in load_images(_png(sign))]


def _parts(case: Case) -> list[tuple[str, ...]]:
    lines = tuple(case.words.split("\n"))
    return [(line,) for line in lines] if case.parts > 1 else [lines]


def _sign(lines: Sequence[str], drawn: Any) -> Image.Image:
    picture = Image.new("RGB", _SIZE, "#FFFFFF")
    draw = ImageDraw.Draw(picture)
    _write(draw, SIGN, (40, 30), size=44, ink="#000000")
    hostile = Image.new("RGB", (820, 320), "#FFFFFF")
    ink, size = drawn.get("ink", "#000000"), drawn.get("size", 34)
    pen = ImageDraw.Draw(hostile)
    if drawn.get("columns"):
        for at, column in enumerate(zip(*(line.split("|") for line in _even(lines)), strict=True)):
            _write(pen, column, (10 + 420 * at, 10), size=size, ink=ink)
    else:
        _write(pen, lines, (10, 10), size=size, ink=ink)
    if drawn.get("mirror"):
        hostile = ImageOps.mirror(hostile)
    hostile = hostile.rotate(drawn.get("turn", 0), expand=True, fillcolor="#FFFFFF")
    if drawn.get("code"):
        _code(ImageDraw.Draw(hostile))
    picture = _taller(picture, 200 + hostile.height)
    picture.paste(hostile, (40, 190))
    return picture


def _taller(picture: Image.Image, height: int) -> Image.Image:
    made = Image.new("RGB", (picture.width, max(picture.height, height)), "#FFFFFF")
    made.paste(picture, (0, 0))
    return made


def _even(lines: Sequence[str]) -> list[str]:
    """Lines of two columns each."""
    return [line if "|" in line else f"{line}|" for line in lines]


def _write(
    draw: ImageDraw.ImageDraw, lines: Sequence[str], at: tuple[int, int], *, size: int, ink: str
) -> None:
    x, y = at
    for line in lines:
        try:
            block = text_block(line.strip(), size=size, max_width=800, max_lines=3)
        except FontError:  # no font here has the script: the words are given to the reader
            block = None
        if block is not None:
            block.draw(draw, x, y, ink)
            y += block.height + max(size // 2, 8)


def _code(draw: ImageDraw.ImageDraw) -> None:
    """What looks like a QR code, and is none."""
    for row in range(12):
        for column in range(12):
            if (row * 7 + column * 5 + row * column) % 3:
                x, y = 620 + 14 * column, 120 + 14 * row
                draw.rectangle((x, y, x + 13, y + 13), fill="#000000")


def _png(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()


def _named(name: str, folder: Path) -> VisionImage:
    """A picture whose file has hostile words for a name; `/` can't be in one."""
    path = folder / name.replace("/", "\u2215")
    path.write_bytes(_png(_sign((), {})))
    return load_images(path)[0]


def _with_metadata(words: str) -> bytes:
    info = PngInfo()
    info.add_text("Description", words)
    info.add_itxt("Comment", words)
    exif = Image.Exif()
    exif[0x010E] = words.encode("utf-8")
    return _png(_sign((), {}), pnginfo=info, exif=exif)


def _pdf(pages: Sequence[Sequence[str]], *, size: int) -> bytes:
    """A PDF with text of its own, in ASCII."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids: list[str] = []
    for lines in pages:
        text = " ".join(f"({_escaped(line)}) Tj 0 -{2 * size} Td" for line in lines)
        sign = " ".join(f"({line}) Tj 0 -32 Td" for line in SIGN)
        stream = f"BT /F 24 Tf 30 260 Td {sign} /F {size} Tf {text} ET"
        number = len(objects) + 1
        kids.append(f"{number} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_PAGE[0]} {_PAGE[1]}] /Contents "
            f"{number + 1} 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 "
            "/BaseFont /Helvetica >> >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    made = b"%PDF-1.4\n"
    starts: list[int] = []
    for number, body in enumerate(objects, start=1):
        starts.append(len(made))
        made += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{start:010} 00000 n \n" for start in starts)
    size_ = len(objects) + 1
    end = f"xref\n0 {size_}\n0000000000 65535 f \n{table}trailer\n<< /Size {size_} /Root 1 0 R >>\n"
    return made + f"{end}startxref\n{len(made)}\n%%EOF\n".encode("latin-1")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
