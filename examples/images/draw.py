"""Draw the example pictures and the truth about them.

Usage:
    python examples/images/draw.py [OUT_DIR]

Without OUT_DIR the files go next to this script. Two runs give the same bytes.

`truth.json` lists the `pictures` and the `documents`. A picture, or a page of a document, has its
size in pixels (a page's at the document's `dpi`) and its `lines`: each has its text, its quad (the
text's four corners, clockwise from its top left), its role, and the labels that govern it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import _form
import _label
import _papers
import _signs
from _scene import Board, Line, Photo, Shot, photograph, plaster, street, tiles, wood

JPEG_QUALITY = 88
EPOCH = time.gmtime(1735689600)  # 2025-01-01, so that the PDF does not carry the hour of the run


@dataclass(frozen=True)
class Picture:
    """A file to draw: its name, the board in it and how that is photographed."""

    name: str
    board: Callable[[], Board]
    shot: Shot


PICTURES = (
    Picture(
        "hospital_zh.jpg",
        _signs.hospital_zh,
        Shot((1600, 1200), ((235, 50), (1400, 142), (1508, 1150), (112, 1064)), plaster, 11),
    ),
    Picture(
        "hospital_bilingual.jpg",
        _signs.hospital_bilingual,
        Shot((1600, 1100), ((96, 150), (1462, 52), (1518, 922), (150, 1022)), tiles, 12),
    ),
    Picture(
        "menu.jpg",
        _signs.menu,
        Shot((1000, 1400), ((88, 62), (930, 92), (900, 1345), (52, 1310)), wood, 13),
    ),
    Picture(
        "street_sign.jpg",
        _signs.street_sign,
        Shot((1000, 700), ((112, 140), (868, 92), (890, 484), (104, 508)), street, 14, shadow=0),
    ),
    Picture(
        "station.jpg",
        _signs.station,
        Shot((1400, 900), ((62, 62), (1330, 112), (1316, 820), (78, 842)), tiles, 15),
    ),
    Picture(
        "prescription.jpg",
        _papers.prescription,
        Shot((1100, 1400), ((70, 52), (1020, 88), (1046, 1338), (48, 1306)), wood, 16),
    ),
    Picture(
        "label.jpg",
        _label.label,
        Shot((1100, 760), ((96, 84), (1012, 60), (1030, 652), (82, 676)), plaster, 17),
    ),
)


def line_record(line: Line) -> dict[str, object]:
    """Describe a line for the truth file, leaving out what does not apply to it."""
    quad = [[round(x, 1), round(y, 1)] for x, y in line.quad]
    mark = {key: value for key, value in asdict(line.mark).items() if value is not None}
    return {"text": line.text, "quad": quad, **mark}


def listing(photo: Photo) -> str:
    """Write a photograph's size and lines as JSON members, a line to a row."""
    width, height = photo.image.size
    rows = [json.dumps(line_record(line), ensure_ascii=False) for line in photo.lines]
    body = ",\n      ".join(rows)
    return f'"width": {width}, "height": {height}, "lines": [\n      {body}\n    ]'


def draw_pictures(folder: Path) -> str:
    """Draw the photographs and return their part of the truth."""
    entries: list[str] = []
    for picture in PICTURES:
        photo = photograph(picture.board(), picture.shot)
        photo.image.save(folder / picture.name, quality=JPEG_QUALITY, optimize=True)
        entries.append(f'{{"file": "{picture.name}", {listing(photo)}}}')
    return ",\n    ".join(entries)


def draw_document(folder: Path, name: str, title: str, pages: tuple[Photo, Photo]) -> str:
    """Draw a document of two pages and return its part of the truth."""
    first, second = pages
    first.image.save(
        folder / name,
        save_all=True,
        append_images=[second.image],
        resolution=_form.DPI,
        title=title,
        creationDate=EPOCH,
        modDate=EPOCH,
    )
    bodies = ",\n    ".join(f"{{{listing(page)}}}" for page in (first, second))
    return f'{{"file": "{name}", "dpi": {_form.DPI}, "pages": [\n    {bodies}\n    ]}}'


def draw_documents(folder: Path) -> str:
    """Draw the documents and return their part of the truth."""
    form = draw_document(folder, "form.pdf", "Outpatient registration form", _form.pages())
    invoice = draw_document(folder, "invoice.pdf", "Invoice", _papers.invoice())
    return f"{form},\n    {invoice}"


def main(arguments: list[str]) -> None:
    """Draw everything into the folder that the arguments name."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    try:
        pictures, documents = draw_pictures(folder), draw_documents(folder)
    except FileNotFoundError as error:
        raise SystemExit(f"draw.py: {error}") from error
    listed = f'"pictures": [\n    {pictures}\n  ],\n  "documents": [\n    {documents}\n  ]'
    truth = f"{{\n  {listed}\n}}\n"
    (folder / "truth.json").write_text(truth, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
