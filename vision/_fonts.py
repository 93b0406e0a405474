"""Fonts that can draw a text, whatever script it is in.

Coverage is read from each font's `cmap` table, the very table FreeType looks glyphs up in. The
other way, comparing a rendered character with the rendered `.notdef`, errs where that is blank or
looks like the character asked for (□). What the table promises is then rendered once, since colour
and placeholder fonts map characters to glyphs without ink.
"""

from __future__ import annotations

import os
import re
import struct
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from itertools import chain, groupby
from math import ceil
from pathlib import Path
from typing import BinaryIO

from PIL import ImageDraw, ImageFont

from deixis.vision._errors import FontError

ENV_FONT = "DEIXIS_FONT"
MAX_CHARACTERS = 200  # a longer text is cut before it is measured

# File stems; those that hold Chinese come first, so that labels of one picture look alike.
_PREFERRED = re.compile(
    "(notosanscjk)|(notosanssc)|(sourcehansans)|(wqy|wenquanyi)|(pingfang)|(hiraginosansgb)"
    "|(stheiti)|(msyh)|(simhei)|(droidsansfallback)|(arialunicode)|(notosans)|(dejavusans)"
    "|(liberationsans)|(segoeui)|(arial)|(helvetica)"
)
_UNUSUAL = re.compile("bold|italic|oblique|light|thin|mono|cond|serif|black|emoji|lastresort")
_CJK = (
    "\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f"
    "\uff00-\uffef\U00020000-\U0003ffff"
)
_PIECES = re.compile(rf"\s+|[{_CJK}][，。、；：！？）】」』》〉％]*|[^\s{_CJK}/]+/?|/")
_BLANK = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}.union(
    range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)
)


@dataclass(frozen=True, kw_only=True)
class Face:
    """One face of a font file, or the small Latin font inside Pillow where `path` is empty."""

    path: str = ""
    index: int = 0


@dataclass(frozen=True, kw_only=True)
class Run:
    """Characters in a row that one face draws."""

    text: str
    face: Face


@dataclass(frozen=True, kw_only=True)
class TextBlock:
    """Lines of text, measured in pixels and ready to be drawn."""

    lines: tuple[tuple[Run, ...], ...]
    size: int
    width: int
    ascent: int
    line_height: int

    @property
    def height(self) -> int:
        """Height of all lines, in pixels."""
        return self.line_height * len(self.lines)

    @property
    def text(self) -> str:
        """What is drawn, one line of text per line."""
        return "\n".join("".join(run.text for run in line) for line in self.lines)

    def draw(self, draw: ImageDraw.ImageDraw, x: float, y: float, fill: str) -> None:
        """Draw with the top left corner at x, y (pixels of the image drawn on)."""
        for row, line in enumerate(self.lines):
            at, baseline = x, y + row * self.line_height + self.ascent
            for run in line:
                font = _load(run.face, self.size)
                draw.text((at, baseline), run.text, font=font, fill=fill, anchor="ls")
                at += font.getlength(run.text)


def cleaned(text: str) -> str:
    """The text on one line, composed, without control, invisible and direction characters."""
    seen = (
        char
        for char in " ".join(text[: MAX_CHARACTERS * 4].split())
        if unicodedata.category(char) not in {"Cc", "Cf", "Cs"} and ord(char) not in _BLANK
    )
    return " ".join(unicodedata.normalize("NFC", "".join(seen)).split())


def runs(text: str, *, folders: tuple[Path, ...] | None = None) -> tuple[Run, ...]:
    """Split a text into runs, each with the first face that has glyphs for it.

    Args:
        text: One line, as `cleaned` leaves it.
        folders: Where to look for fonts; the system's font folders by default.

    Raises:
        FontError: No face has a glyph for some character, or `DEIXIS_FONT` names no font.
    """
    return _joined_runs(text, _faces_for(text, font_folders() if folders is None else folders))


def text_block(text: str, *, size: int, max_width: float, max_lines: int = 1) -> TextBlock | None:
    """Wrap and cut a text, with an ellipsis, to a width and a number of lines.

    Args:
        text: Any text; it is cleaned first.
        size: Font size, in pixels.
        max_width: Widest line, in pixels.
        max_lines: How many lines at most.

    Returns:
        The block, or None where nothing can be drawn: an empty text, or no width for a character.

    Raises:
        FontError: No installed font has glyphs for some character.
    """
    wanted = cleaned(text)
    setter = _Setter(faces=_faces_for(wanted, font_folders()), size=size, max_width=max_width)
    lines = setter.wrapped(wanted[:MAX_CHARACTERS])
    if len(lines) > max_lines or len(wanted) > MAX_CHARACTERS:
        lines = [*lines[: max_lines - 1], setter.cut("".join(lines[max_lines - 1 :]))]
    lines = [line.strip() for line in lines]
    return setter.block(lines) if lines and all(map(setter.fits, lines)) and all(lines) else None


@dataclass(frozen=True, kw_only=True)
class _Setter:
    faces: dict[str, Face]
    size: int
    max_width: float

    def width(self, text: str) -> float:
        split = _joined_runs(text, self.faces)
        return sum(_load(run.face, self.size).getlength(run.text) for run in split)

    def fits(self, text: str) -> bool:
        return self.width(text.strip()) <= self.max_width

    def wrapped(self, text: str) -> list[str]:
        lines = [""]
        for piece in _PIECES.findall(text):
            if self.fits(lines[-1] + piece):
                lines[-1] += piece
            elif self.fits(piece):
                lines.append(piece)
            else:
                for char in _clusters(piece):
                    if self.fits(lines[-1] + char):
                        lines[-1] += char
                    else:
                        lines.append(char)
        return [line for line in lines if line.strip()]

    def cut(self, text: str) -> str:
        dots = "…" if "…" in self.faces else "..."
        while text and not self.fits(text + dots):
            text = "".join(_clusters(text)[:-1]).rstrip()
        return text and text + dots

    def block(self, lines: list[str]) -> TextBlock:
        split = tuple(_joined_runs(line, self.faces) for line in lines)
        inked = [_load(run.face, self.size).getbbox(run.text, anchor="ls") for run in chain(*split)]
        # Em-based, so that lines sit alike whatever they say; tall scripts make room.
        ascent = ceil(max(self.size * 0.9, *(-box[1] for box in inked)))
        descent = ceil(max(self.size * 0.22, *(box[3] for box in inked)))
        return TextBlock(
            lines=split,
            size=self.size,
            width=ceil(max(self.width(line) for line in lines)),
            ascent=ascent,
            line_height=ascent + descent,
        )


def _joined_runs(text: str, faces: dict[str, Face]) -> tuple[Run, ...]:
    groups = groupby(_clusters(text), key=lambda cluster: faces[cluster])
    return tuple(Run(text="".join(group), face=face) for face, group in groups)


def _faces_for(text: str, where: tuple[Path, ...]) -> dict[str, Face]:
    region = _region(text)
    named = os.environ.get(ENV_FONT, "")
    if named and not _faces_of(named, region):
        advice = "set it to a .ttf, .otf or .ttc file, or unset it"
        raise FontError(f"{ENV_FONT} is {named!r}, no font file that can be opened: {advice}")
    wanted = dict.fromkeys(_clusters(text))
    chosen = {c: _face_for(c, named, where, region) for c in [*wanted, "…", "."]}
    missing = [c for c in wanted if chosen[c] is None]
    if missing:
        raise FontError(_missing_message(missing))
    return {c: face for c, face in chosen.items() if face is not None}


def _clusters(text: str) -> list[str]:
    clusters: list[str] = []
    for char in text:
        if clusters and unicodedata.category(char) in {"Mn", "Me", "Mc"}:
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _region(text: str) -> str:
    korean = re.search("[\u1100-\u11ff\uac00-\ud7ff]", text)
    return "JP" if re.search("[\u3040-\u30ff]", text) else "KR" if korean else "SC"


def _missing_message(characters: list[str]) -> str:
    codes = (" ".join(f"U+{ord(part):04X}" for part in c) for c in characters)
    shown = ", ".join(f"{c} ({code})" for c, code in zip(characters[:8], codes, strict=False))
    more = f" and {len(characters) - 8} more" if len(characters) > 8 else ""
    cjk = any(re.match(f"[{_CJK}]", c) for c in characters)
    return (
        f"no installed font can draw {shown}{more}: install one that can (on Debian: "
        f"apt-get install fonts-noto{'-cjk' if cjk else ''}) or set {ENV_FONT}=/path/to/font.ttf"
    )


def font_folders() -> tuple[Path, ...]:
    """The folders in which this system keeps fonts, the user's own first."""
    home = Path.home()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData/Local"))
        windows = os.environ.get("WINDIR", "C:/Windows")
        return (Path(local, "Microsoft/Windows/Fonts"), Path(windows, "Fonts"))
    if sys.platform == "darwin":
        system = ("/Library/Fonts", "/System/Library/Fonts", "/System/Library/AssetsV2")
        return (home / "Library/Fonts", *map(Path, system))
    data = os.environ.get("XDG_DATA_HOME") or str(home / ".local/share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    roots = filter(None, [data, *shared.split(":")])
    return (home / ".fonts", *(Path(root, "fonts") for root in roots))


@lru_cache(maxsize=8192)
def _face_for(cluster: str, named: str, where: tuple[Path, ...], region: str) -> Face | None:
    faces = _faces(named, where, region)
    return next((face for face in faces if _draws(face, cluster)), None)


def _faces(named: str, where: tuple[Path, ...], region: str) -> Iterator[Face]:
    for path in (*filter(None, [named]), *_font_files(where)):
        yield from _faces_of(path, region)
    yield Face()


@cache
def _font_files(folders: tuple[Path, ...]) -> tuple[str, ...]:
    found = (
        Path(root, name)
        for folder in folders
        for root, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith((".ttf", ".otf", ".ttc", ".otc"))
    )
    return tuple(map(str, sorted(dict.fromkeys(found), key=_rank)))


def _rank(path: Path) -> tuple[int, int, int, str]:
    stem = re.sub("[^a-z0-9]", "", path.stem.lower())
    family = _PREFERRED.match(stem)
    return (
        family.lastindex or 0 if family else 99,
        len(_UNUSUAL.findall(stem)),
        len(stem),
        str(path),
    )


@cache
def _faces_of(path: str, region: str) -> tuple[Face, ...]:
    try:
        with Path(path).open("rb") as file:
            faces = [Face(path=path, index=i) for i in range(len(_face_offsets(file)))]
        return tuple(sorted(faces, key=lambda face: _face_rank(face, region)))
    except (OSError, struct.error):
        return ()


def _face_rank(face: Face, region: str) -> tuple[bool, bool, int]:
    name = " ".join(part or "" for part in _load(face, 16).getname())
    return ("Mono" in name, region not in name.split(), face.index)


@lru_cache(maxsize=512)
def _load(face: Face, size: int) -> ImageFont.FreeTypeFont:
    if face.path:
        return ImageFont.truetype(face.path, size, index=face.index)
    font = ImageFont.load_default(size)
    if isinstance(font, ImageFont.FreeTypeFont):
        return font
    raise OSError("this build of Pillow has no FreeType")


def _draws(face: Face, cluster: str) -> bool:
    starts, ends = _coverage(face)
    for char in cluster:
        at = bisect_right(starts, ord(char)) - 1
        if at < 0 or ord(char) > ends[at]:
            return False
    try:
        return cluster.isspace() or _load(face, 24).getmask(cluster).getbbox() is not None
    except OSError:  # bitmap fonts of one fixed size
        return False


@cache
def _coverage(face: Face) -> tuple[list[int], list[int]]:
    try:
        with _open(face) as file:
            ranges = _read_cmap(file, face.index)
    except (OSError, struct.error, IndexError, StopIteration):
        ranges = []
    return [first for first, _ in ranges], [last for _, last in ranges]


def _open(face: Face) -> BinaryIO:
    if face.path:
        return Path(face.path).open("rb")
    source = _load(face, 16).path
    return BytesIO(source.getvalue() if isinstance(source, BytesIO) else b"")


def _face_offsets(file: BinaryIO) -> list[int]:
    if file.read(4) != b"ttcf":
        return [0]
    count = min(struct.unpack(">II", file.read(8))[1], 256)
    return list(struct.unpack(f">{count}I", file.read(4 * count)))


def _read_cmap(file: BinaryIO, index: int) -> list[tuple[int, int]]:
    start = _face_offsets(file)[index]
    file.seek(start + 4)
    (tables,) = struct.unpack(">H", file.read(2))
    file.seek(start + 12)
    for tag, _, offset, length in struct.iter_unpack(">4sIII", file.read(16 * tables)):
        if tag == b"cmap":
            file.seek(offset)
            return _parse_cmap(file.read(min(length, 1 << 24)))
    return []


def _parse_cmap(data: bytes) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">H", data, 2)
    at = {(key, kind): at for key, kind, at in struct.iter_unpack(">HHI", data[4 : 4 + 8 * count])}
    # The order in which FreeType picks its Unicode map: full range first, then the basic plane.
    order = ((3, 10), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))
    table = data[next(at[key] for key in order if key in at) :]
    (kind,) = struct.unpack_from(">H", table)
    if kind == 4:
        return _joined(_format_4(table))
    if kind == 12:
        end = 16 + 12 * struct.unpack_from(">I", table, 12)[0]
        found = struct.iter_unpack(">III", table[16:end])
        return sorted((first + (glyph == 0), last) for first, last, glyph in found)
    return []


def _format_4(table: bytes) -> Iterator[int]:
    (twice,) = struct.unpack_from(">H", table, 6)
    count = twice // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", table, at + k * twice)
        for k, at in enumerate((14, 16, 16, 16))
    )
    for i, (first, last) in enumerate(zip(starts, ends, strict=True)):
        base = 16 + 3 * twice + 2 * i + offsets[i]
        for char in range(first, last + 1):
            if offsets[i] == 0:
                glyph = (char + deltas[i]) & 0xFFFF
            else:
                where = base + 2 * (char - first)
                glyph = struct.unpack_from(">H", table, where)[0] if where < len(table) - 1 else 0
            if glyph:
                yield char


def _joined(points: Iterable[int]) -> list[tuple[int, int]]:
    groups = groupby(enumerate(points), key=lambda pair: pair[1] - pair[0])
    rows = ([point for _, point in group] for _, group in groups)
    return [(row[0], row[-1]) for row in rows]
