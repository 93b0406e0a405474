"""Flat boards, and the photographs taken of them.

A board is drawn straight on, at twice its nominal size, and remembers where each text went.
`photograph` hangs it in front of a backdrop in perspective, lights it unevenly, softens it and adds
sensor noise; the remembered text boxes go through the same perspective.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Size = tuple[int, int]
Rect = tuple[float, float, float, float]
Array = NDArray[np.float64]
Backdrop = Callable[[Size, np.random.Generator], Image.Image]

OVERSAMPLE = 2
CHINESE_SIMPLIFIED = 2  # the face's index inside the Noto CJK collections
MIDDLE = 0.37  # from the baseline up to the optical middle of a line, in ems
MARGIN = 0.16  # around a text's ink, in ems: what a text detector leaves, too
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
    Path("/Library/Fonts"),
    Path.home() / "Library/Fonts",
)


@dataclass(frozen=True)
class Mark:
    """What a text is on its sign, and which label governs it.

    Attributes:
        role: What kind of text it is, such as `title`, `label` or `entry`.
        floor: The floor label that the text belongs to, as drawn.
        price: The price of the dish that the text names, as drawn.
        exit: The exit label that the text belongs to, as drawn.
        section: The heading that the text stands under, as drawn.
        value: What is filled in next to a form's label; empty when nothing is.
    """

    role: str
    floor: str | None = None
    price: str | None = None
    exit: str | None = None
    section: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Line:
    """One text and its four corners, clockwise from the top left of the text."""

    text: str
    quad: Quad
    mark: Mark


@dataclass(frozen=True)
class Style:
    """How a text is set; `anchor` is `l`, `m` or `r`."""

    size: float
    fill: str
    bold: bool = False
    anchor: str = "l"


@dataclass
class Board:
    """A flat sign, measured in its own units, with its origin at the top left."""

    size: Size
    colour: str
    lines: list[Line] = field(default_factory=list[Line])
    image: Image.Image = field(init=False)
    _draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        """Make the blank board."""
        width, height = self.size
        self.image = Image.new("RGB", (width * OVERSAMPLE, height * OVERSAMPLE), self.colour)
        self._draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, style: Style, mark: Mark) -> None:
        """Set a line of text around the optical middle `y` and remember it."""
        typeface = font(round(style.size * OVERSAMPLE), style.bold)
        origin = (x * OVERSAMPLE, (y + MIDDLE * style.size) * OVERSAMPLE)
        self._draw.text(origin, text, style.fill, typeface, style.anchor + "s")
        bounds = self._draw.textbbox(origin, text, typeface, style.anchor + "s")
        margin = MARGIN * style.size
        left, top = bounds[0] / OVERSAMPLE - margin, bounds[1] / OVERSAMPLE - margin
        right, bottom = bounds[2] / OVERSAMPLE + margin, bounds[3] / OVERSAMPLE + margin
        quad = ((left, top), (right, top), (right, bottom), (left, bottom))
        self.lines.append(Line(text, quad, mark))

    def box(
        self,
        rect: Rect,
        fill: str | None,
        outline: str | None = None,
        edge: float = 1,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle, filled, outlined or both, with corners as round as `radius`."""
        scaled = (
            rect[0] * OVERSAMPLE,
            rect[1] * OVERSAMPLE,
            rect[2] * OVERSAMPLE,
            rect[3] * OVERSAMPLE,
        )
        self._draw.rounded_rectangle(
            scaled, radius * OVERSAMPLE, fill, outline, round(edge * OVERSAMPLE)
        )

    def rule(self, start: Point, end: Point, fill: str, thickness: float = 1) -> None:
        """Draw a straight line."""
        ends = [(x * OVERSAMPLE, y * OVERSAMPLE) for x, y in (start, end)]
        self._draw.line(ends, fill, round(thickness * OVERSAMPLE))

    def arrow(self, centre: Point, length: float, degrees: float, fill: str) -> None:
        """Draw an arrow that points right at 0 degrees and down at 90."""
        shape = ((0.5, 0), (0.02, -0.4), (0.02, -0.13), (-0.5, -0.13))
        outline = shape + tuple((x, -y) for x, y in reversed(shape))
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        points = [
            (
                float(centre[0] + length * (x * cos - y * sin)) * OVERSAMPLE,
                float(centre[1] + length * (x * sin + y * cos)) * OVERSAMPLE,
            )
            for x, y in outline
        ]
        self._draw.polygon(points, fill)


@dataclass(frozen=True)
class Shot:
    """How a board is photographed.

    Attributes:
        size: The photograph's width and height.
        corners: Where the board's corners come to lie, clockwise from its top left.
        backdrop: What draws the scene behind the board.
        seed: What seeds everything random in the photograph.
        falloff: How much darker the far side is than the near side, as a share of full light.
        glare: The middle of a soft reflection, as shares of width and height.
        shadow: How dark the board's shadow on the backdrop is, as a share of black.
        blur: The radius of the lens blur, in pixels.
        noise: The strength of the sensor noise, in grey levels.
    """

    size: Size
    corners: Quad
    backdrop: Backdrop
    seed: int
    falloff: float = 0.3
    glare: Point = (0.75, 0.2)
    shadow: float = 0.43
    blur: float = 0.7
    noise: float = 3.0


@dataclass(frozen=True)
class Photo:
    """A finished photograph and where its texts are."""

    image: Image.Image
    lines: tuple[Line, ...]


@cache
def font_file(name: str) -> Path:
    """Find a font file in the usual folders.

    Raises:
        FileNotFoundError: If no usual folder holds it.
    """
    for folder in FONT_FOLDERS:
        found = sorted(folder.rglob(name)) if folder.is_dir() else []
        if found:
            return found[0]
    raise FileNotFoundError(
        f"{name} is in none of the usual font folders: install the Debian package fonts-noto-cjk"
    )


@cache
def font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """Load Noto Sans CJK SC at a size in pixels."""
    path = font_file("NotoSansCJK-Bold.ttc" if bold else "NotoSansCJK-Regular.ttc")
    return ImageFont.truetype(
        path, size, index=CHINESE_SIMPLIFIED, layout_engine=ImageFont.Layout.BASIC
    )


def homography(source: Quad, target: Quad) -> Array:
    """Solve for the eight perspective coefficients that take `source` to `target`."""
    rows: list[list[float]] = []
    values: list[float] = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        values.extend((u, v))
    solution = np.linalg.solve(np.array(rows, np.float64), np.array(values, np.float64))
    return solution.astype(np.float64)


def project(point: Point, coefficients: Array) -> Point:
    """Carry a point through a perspective."""
    a, b, c, d, e, f, g, h = (float(value) for value in coefficients)
    x, y = point
    depth = g * x + h * y + 1
    return ((a * x + b * y + c) / depth, (d * x + e * y + f) / depth)


def project_line(line: Line, coefficients: Array) -> Line:
    """Carry a line's corners through a perspective."""
    a, b, c, d = (project(corner, coefficients) for corner in line.quad)
    return Line(line.text, (a, b, c, d), line.mark)


def photograph(board: Board, shot: Shot) -> Photo:
    """Take a picture of a board."""
    rng = np.random.default_rng(shot.seed)
    scene = shot.backdrop(shot.size, rng)
    scene = cast_shadow(scene, shot.corners, shot.shadow)
    scene = hang(scene, board, shot)
    pixels = light(np.asarray(scene, np.float64), shot, rng)
    scene = to_image(pixels).filter(ImageFilter.GaussianBlur(shot.blur))
    width, height = board.size
    flat: Quad = ((0, 0), (width, 0), (width, height), (0, height))
    coefficients = homography(flat, shot.corners)
    lines = tuple(project_line(line, coefficients) for line in board.lines)
    return Photo(grain(scene, shot.noise, rng), lines)


def hang(scene: Image.Image, board: Board, shot: Shot) -> Image.Image:
    """Paste a board into the scene in perspective."""
    width, height = board.image.size
    flat: Quad = ((0, 0), (width, 0), (width, height), (0, height))
    a, b, c, d = ((x * OVERSAMPLE, y * OVERSAMPLE) for x, y in shot.corners)
    inverse = tuple(float(value) for value in homography((a, b, c, d), flat))
    sheet = board.image.convert("RGBA")
    large = (shot.size[0] * OVERSAMPLE, shot.size[1] * OVERSAMPLE)
    warped = sheet.transform(
        large, Image.Transform.PERSPECTIVE, inverse, Image.Resampling.BICUBIC
    ).reduce(OVERSAMPLE)
    return Image.alpha_composite(scene.convert("RGBA"), warped).convert("RGB")


def cast_shadow(scene: Image.Image, corners: Quad, strength: float) -> Image.Image:
    """Darken the scene below and to the right of a board."""
    mask = Image.new("L", scene.size, 0)
    ImageDraw.Draw(mask).polygon([(x + 12, y + 18) for x, y in corners], round(255 * strength))
    mask = mask.filter(ImageFilter.GaussianBlur(14))
    return Image.composite(Image.new("RGB", scene.size, "#14161a"), scene, mask)


def light(pixels: Array, shot: Shot, rng: np.random.Generator) -> Array:
    """Light a scene from the glare's side, unevenly, with a dim rim and a soft reflection."""
    width, height = shot.size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    across, down = x / width - shot.glare[0], y / height - shot.glare[1]
    distance = np.hypot(across, down)
    rim = (x / width - 0.5) ** 2 + (y / height - 0.5) ** 2
    brightness = 1.04 - shot.falloff * distance - 0.22 * rim + 0.04 * clouds(shot.size, 6, rng)
    reflection = 26.0 * np.exp(-(distance**2) / 0.035)
    return pixels * brightness[..., None] + reflection[..., None]


def grain(scene: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Add sensor noise, a little of it in colour."""
    width, height = scene.size
    grey = rng.normal(0, strength, (height, width, 1))
    colour = rng.normal(0, strength / 3, (height, width, 3))
    return to_image(np.asarray(scene, np.float64) + grey + colour)


def clouds(size: Size, cells: int, rng: np.random.Generator) -> Array:
    """Draw smooth random shades of mean 0, about `cells` of them across."""
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    smooth = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(smooth, np.float64)


def to_image(pixels: Array) -> Image.Image:
    """Round pixels to a picture."""
    bounded = np.minimum(np.maximum(np.rint(pixels), 0), 255)
    return Image.fromarray(bounded.astype(np.uint8))


def shaded(base: Image.Image, strength: float, cells: int, rng: np.random.Generator) -> Image.Image:
    """Mottle a picture with smooth random shades."""
    shades = clouds(base.size, cells, rng) * strength
    return to_image(np.asarray(base, np.float64) + shades[..., None])


def plaster(size: Size, rng: np.random.Generator) -> Image.Image:
    """Draw a painted wall with a green dado below a wooden rail."""
    wall = Image.new("RGB", size, "#d5d2c6")
    draw = ImageDraw.Draw(wall)
    width, height = size
    draw.polygon(
        [(0, height * 0.9), (width, height * 0.955), (width, height), (0, height)], "#8ea79b"
    )
    draw.line([(0, height * 0.9), (width, height * 0.955)], "#7a6248", 14)
    return shaded(shaded(wall, 5, 9, rng), 3, 60, rng)


def tiles(size: Size, rng: np.random.Generator) -> Image.Image:
    """Draw a tiled wall, each tile of a slightly different shade."""
    width, height = size
    wall = Image.new("RGB", size, "#9fa3a4")
    draw = ImageDraw.Draw(wall)
    step_x, step_y = 150, 96
    for top in range(-20, height, step_y):
        for left in range(-40, width, step_x):
            shade = 196 + int(rng.integers(-9, 10))
            face = (shade, shade, shade - 6)
            draw.rectangle((left, top, left + step_x - 4, top + step_y - 4), face)
    return shaded(wall.filter(ImageFilter.GaussianBlur(0.8)), 4, 8, rng)


def wood(size: Size, rng: np.random.Generator) -> Image.Image:
    """Draw a table top of dark planks."""
    width, height = size
    fibres = rng.normal(0, 1, (height // 40, width // 2)).astype(np.float32)
    veins = Image.fromarray(fibres).resize(size, Image.Resampling.BICUBIC)
    pixels = np.array((104, 70, 46), np.float64) + 8 * np.asarray(veins, np.float64)[..., None]
    table = to_image(pixels)
    draw = ImageDraw.Draw(table)
    for left in range(90, width, 230):
        draw.line([(left, 0), (left, height)], "#3b271a", 4)
    return table.filter(ImageFilter.GaussianBlur(1.5))


def street(size: Size, rng: np.random.Generator) -> Image.Image:
    """Draw an out-of-focus street with sky, houses and trees, and the sign's sharp post."""
    width, height = size
    view = Image.new("RGB", size, "#c3d3e2")
    draw = ImageDraw.Draw(view)
    for left in range(-30, width, 130):
        top = height * float(rng.uniform(0.25, 0.55))
        shade = int(rng.integers(130, 190))
        draw.rectangle((left, top, left + 122, height), (shade, shade - 8, shade - 20))
    for _ in range(60):
        x, y = float(rng.uniform(0, width)), height * float(rng.uniform(0.72, 1.0))
        radius = float(rng.uniform(25, 70))
        green = int(rng.integers(80, 140))
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), (green - 30, green, green - 50)
        )
    view = view.filter(ImageFilter.GaussianBlur(13))
    post = ImageDraw.Draw(view)
    post.rectangle((width * 0.48, height * 0.1, width * 0.515, height), "#7d8288")
    post.rectangle((width * 0.485, height * 0.1, width * 0.495, height), "#a3a8ad")
    return view
