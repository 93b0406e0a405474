"""Draws a MuJoCo world, on machines without a display too.

A drawing context belongs to the thread that made it, and tools run in whatever thread is free. So a
studio has a thread of its own, which makes the context, draws, and takes it down again.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from deixis.tools.robot._errors import ArmError
from deixis.vision._geometry import Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

T = TypeVar("T")

_NO_MUJOCO: Final = "the simulator needs MuJoCo: pip install 'deixis[robot]'"
_NO_GRAPHICS: Final = (
    "the simulator can't draw its camera's pictures ({why}): install what draws without a display "
    "(on Debian: apt-get install libegl1 libgl1 libgl1-mesa-dri) and {setting}"
)


class Model(Protocol):
    """A compiled world; what is used of MuJoCo's `MjModel`."""

    actuator_forcerange: Floats
    geom_bodyid: Ints

    def body(self, name: str) -> Any: ...
    def geom(self, name: str) -> Any: ...
    def joint(self, name: str) -> Any: ...


class Contacts(Protocol):
    """What touches what."""

    geom: Ints
    frame: Floats


class Data(Protocol):
    """The state of a world; what is used of MuJoCo's `MjData`."""

    qpos: Floats
    qvel: Floats
    ctrl: Floats
    xpos: Floats
    xmat: Floats
    time: float
    ncon: int
    contact: Contacts


class Renderer(Protocol):
    """What draws; what is used of MuJoCo's `Renderer`."""

    scene: Any

    def update_scene(self, data: Data, camera: str) -> None: ...
    def enable_depth_rendering(self) -> None: ...
    def disable_depth_rendering(self) -> None: ...
    def render(self) -> NDArray[Any]: ...
    def close(self) -> None: ...


class Mujoco(Protocol):
    """What is used of the module."""

    MjModel: Any
    MjData: Callable[[Model], Data]
    Renderer: Callable[[Model, int, int], Renderer]
    mj_step: Callable[[Model, Data, int], None]
    mj_forward: Callable[[Model, Data], None]
    mj_contactForce: Callable[[Model, Data, int, Floats], None]  # noqa: N815


def load_mujoco() -> Mujoco:
    """MuJoCo, set up to draw without a display, unless `MUJOCO_GL` says how.

    Raises:
        ArmError: It isn't installed, or what it draws with isn't.
    """
    # Read once, on import. A display is no help: it may be gone, and nothing is shown on it.
    if sys.platform == "linux" and "mujoco" not in sys.modules:
        os.environ.setdefault("MUJOCO_GL", "egl")
    try:
        return cast("Mujoco", importlib.import_module("mujoco"))
    except ModuleNotFoundError as error:
        raise ArmError(_NO_MUJOCO) from error
    except Exception as error:
        # PyOpenGL fails with an AttributeError where a library is missing.
        raise no_graphics(error) from error


def no_graphics(error: Exception) -> ArmError:
    """What to tell where nothing can be drawn."""
    why = textwrap.shorten(str(error), 120, placeholder=" …") or type(error).__name__
    chosen = os.environ.get("MUJOCO_GL", "")
    setting = (
        "try again"
        if chosen == "egl"
        else f"set MUJOCO_GL=egl before Python starts (it is {chosen!r})"
    )
    return ArmError(_NO_GRAPHICS.format(why=why.rstrip("."), setting=setting))


class Studio:
    """A thread that draws one world.

    Args:
        mujoco: The module.
        model: The world.
        camera: Name of the camera in it.

    Raises:
        ArmError: Nothing can be drawn here.
    """

    def __init__(self, mujoco: Mujoco, model: Model, *, camera: str, size: Size) -> None:
        self._mujoco = mujoco
        self._model = model
        self._camera = camera
        self._renderers: dict[Size, Renderer] = {}
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # A daemon lives until the functions of `atexit` have run, others don't.
        self._thread = threading.Thread(target=self._run, name="deixis-studio", daemon=True)
        self._thread.start()
        atexit.register(self.close)
        try:
            self._done(lambda: self._renderer(size))
        except Exception as error:
            self.close()
            raise no_graphics(error) from error

    def picture(self, data: Data, size: Size) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Draws in colour and in depth; nothing may change the data meanwhile.

        Args:
            data: The world's state.
            size: Width and height, in pixels.

        Returns:
            RGB, shape (height, width, 3), and metres along the optical axis, shape (height, width).
        """

        def draw() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
            renderer = self._renderer(size)
            renderer.update_scene(data, self._camera)
            rgb = renderer.render()
            renderer.enable_depth_rendering()
            try:
                return rgb, renderer.render()
            finally:
                renderer.disable_depth_rendering()

        return self._done(draw)

    def colours(self, data: Data, size: Size) -> NDArray[np.uint8]:
        """Draws in colour only, shape (height, width, 3)."""

        def draw() -> NDArray[np.uint8]:
            renderer = self._renderer(size)
            renderer.update_scene(data, self._camera)
            return renderer.render()

        return self._done(draw)

    def close(self) -> None:
        """Takes the contexts down and ends the thread. Does nothing where it is done."""
        atexit.unregister(self.close)
        if self._thread.is_alive():
            with contextlib.suppress(Exception):
                self._done(self._put_away)
            self._work.put(None)
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _done(self, job: Callable[[], T]) -> T:
        """Has the thread do a job, and waits for what comes of it."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(job())
            except BaseException as error:
                future.set_exception(error)

        self._work.put(work)
        return future.result()

    def _renderer(self, size: Size) -> Renderer:
        if size not in self._renderers:
            width, height = size
            self._renderers[size] = self._mujoco.Renderer(self._model, height, width)
        return self._renderers[size]

    def _put_away(self) -> None:
        while self._renderers:
            self._renderers.popitem()[1].close()
