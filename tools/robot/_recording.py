"""A film of what an arm does, with the point it was given: an animated GIF."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self, runtime_checkable

from PIL import Image

from deixis.tools.robot._errors import ArmError
from deixis.vision import Detection, DrawingStyle, Point
from deixis.vision._drawing import PAINTERS, lay_out
from deixis.vision._drawing import Scene as Layout
from deixis.vision._geometry import Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deixis.tools.robot._session import RobotSession

_EVERY: Final = 0.1  # seconds of the arm's time from one call of its observer to the next
_MOST: Final = 600
_FIRST, _LAST = 0.8, 1.6
_SAMPLED: Final = 12
_COLOURS: Final = 128
_STYLE: Final = DrawingStyle(font_size=18, line_width=2.0, missing_font="number")


@runtime_checkable
class _Filmed(Protocol):
    """An arm that has small pictures sooner than its camera's."""

    def frame(self, size: Size) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """A picture as it was taken, packed, and the number of the step it was taken in."""

    data: bytes
    step: int


class Recorder:
    """Records what a session's arm does while it is open, and writes the film at the end.

    The film is written whole or not at all, also where what it records fails. It never keeps the
    arm from moving: a picture that can't be taken ends the recording, which says so at the end.

    Args:
        session: Whose arm is filmed, and whose steps say what it was told.
        path: Of the film, a `.gif`.
        width: Of the film in pixels; its height follows the camera.
        every: Seconds of the arm's time between pictures.
        pace: How many times faster than the arm's time it plays.

    Raises:
        ArmError: The path is no `.gif` in a folder that exists, or on closing: a picture couldn't
            be taken, or the film not be written.
    """

    def __init__(
        self,
        session: RobotSession,
        *,
        path: str | Path,
        width: int = 640,
        every: float = 0.2,
        pace: float = 2.0,
    ) -> None:
        self.path: Final = Path(path)
        if self.path.suffix.lower() != ".gif" or not self.path.parent.is_dir():
            raise ArmError(f"{self.path} can't be a film: name a .gif in a folder that exists")
        if not (width > 0 and every > 0 and pace > 0):
            raise ArmError("a film's width, interval and pace are above 0")
        self._session = session
        camera = session.arm.camera
        self._size = (
            min(width, camera.width),
            round(min(width, camera.width) / camera.width * camera.height),
        )
        self._calls = max(1, round(every / _EVERY))
        self._pace = pace
        self._frames: list[_Frame] = []
        self._called = 0
        self._others: Callable[[], None] | None = None
        self._failed: Exception | None = None

    def __enter__(self) -> Self:
        """Takes the first picture, and one after the other from then on."""
        self._others = self._session.arm.on_frame
        self._session.arm.on_frame = self._observe
        self._take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Takes the last picture and writes the film."""
        self._session.arm.on_frame = self._others
        self._take()
        try:
            if self._frames:
                self._write()
        except Exception as failure:
            self._failed = self._failed or failure
        if self._failed is not None and error is None:
            raise ArmError(f"the film {self.path} isn't whole: {self._failed}") from self._failed

    def _observe(self) -> None:
        if self._called % self._calls == 0:
            self._take()
        self._called += 1
        if self._others is not None:
            self._others()

    def _take(self) -> None:
        if self._failed is not None or not self._session.arm.is_connected:
            return
        try:
            packed = zlib.compress(self._picture().tobytes(), 1)
        except Exception as error:
            self._failed = error
            return
        self._frames.append(_Frame(data=packed, step=len(self._session.steps)))
        if len(self._frames) > _MOST:
            # A long film plays faster rather than fill the memory.
            self._frames = self._frames[::2]
            self._calls *= 2

    def _picture(self) -> NDArray[np.uint8]:
        """What the camera sees, drawn at twice the size where that is cheap: smooth edges."""
        import numpy as np

        arm = self._session.arm
        if isinstance(arm, _Filmed):
            double = (self._size[0] * 2, self._size[1] * 2)
            fits = double[0] <= arm.camera.width and double[1] <= arm.camera.height
            taken = Image.fromarray(arm.frame(double if fits else self._size))
        else:
            seen = arm.get_observation()["camera"]
            taken = Image.fromarray(np.asarray(seen, np.uint8))
        return np.asarray(taken.resize(self._size, Image.Resampling.BOX))

    def _write(self) -> None:
        drawn = self._drawn()
        shown = 1000 * self._calls * _EVERY / self._pace
        times = [shown] * len(drawn)
        times[0], times[-1] = 1000 * _FIRST, 1000 * _LAST
        palette = _palette(drawn)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in drawn]
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=".film-") as folder:
            made = Path(folder, "film.gif")
            frames[0].save(
                made,
                save_all=True,
                append_images=frames[1:],
                duration=[round(time / 10) * 10 for time in times],
                loop=0,
                optimize=False,
                disposal=1,
            )
            made.replace(self.path)

    def _drawn(self) -> list[Image.Image]:
        """The pictures with the point of the step each was taken in."""
        layouts: dict[int, Layout] = {}
        drawn: list[Image.Image] = []
        for frame in self._frames:
            picture = Image.frombytes("RGB", self._size, zlib.decompress(frame.data))
            if frame.step not in layouts:
                layouts[frame.step] = lay_out(picture, self._marks(frame.step), style=_STYLE)
            for paint in PAINTERS:
                paint(picture, layouts[frame.step])
            drawn.append(picture)
        return drawn

    def _marks(self, index: int) -> Sequence[Detection]:
        """What is drawn for a step; it is known only once it is over, so at the end."""
        steps = self._session.steps
        if index >= len(steps) or (at := steps[index].point) is None:
            return ()
        scale = self._size[0] / self._session.arm.camera.width
        label = f"{steps[index].tool} ({at[0]:.0f}, {at[1]:.0f})"
        return (Detection(label=label, point=Point(x=at[0] * scale, y=at[1] * scale)),)


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """Colours for all of them: one palette, so that what stays the same isn't stored again."""
    apart = max(1, len(pictures) // _SAMPLED)
    sampled = [picture.reduce(2) for picture in pictures[::apart]]
    width, height = sampled[0].size
    sheet = Image.new("RGB", (width, height * len(sampled)))
    for i, picture in enumerate(sampled):
        sheet.paste(picture, (0, i * height))
    return sheet.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
