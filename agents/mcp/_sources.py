"""Images that a client names: a path in a folder it may read, an address, or the image itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deixis.vision import DeixisError, ImageLimits, ToolError, VisionImage, load_image

_ADDRESS: Final = re.compile(r"(https?://|data:)", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+:(//)?", re.IGNORECASE)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_LONGEST_PATH: Final = 1_000


class Sources:
    """What of this machine, and of the net, a client may name.

    Args:
        folders: Where paths may lead. Links are followed first, so that none leads out.
        limits: What an image may cost.

    Raises:
        DeixisError: A folder isn't there.
    """

    def __init__(self, folders: Sequence[Path], *, limits: ImageLimits) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise DeixisError(f"{folder} is no folder: name one with --allow")
        self._folders = [folder.resolve() for folder in folders]
        self._limits = limits

    def load(self, source: str, *, page: int = 1) -> VisionImage:
        """An image by a path, an http(s) URL, a data URI or its base64.

        Raises:
            ToolError: It can't be taken in, or the path isn't in a folder of these.
        """
        try:
            return load_image(self._read(source.strip()), page=page, limits=self._limits)
        except DeixisError as error:
            told = str(error)
            for folder in self._folders:
                told = told.replace(f"{folder}/", "")
            raise ToolError(told) from None

    def _read(self, source: str) -> str | Path | bytes:
        if not source:
            raise ToolError("the image is empty: give a path, a URL, a data URI or a handle")
        if _ADDRESS.match(source):
            return source
        if len(source) > _LONGEST_PATH or source.endswith("="):
            return _decoded(source)
        if _SCHEME.match(source):
            raise ToolError("only http(s) URLs and data URIs are fetched: give one, or a path")
        return self._path(source)

    def _path(self, source: str) -> Path:
        if "\0" in source or not self._folders:
            raise ToolError("this path isn't read: give a path in an allowed folder, or a URL")
        first: Path | None = None
        # A client may say it from a folder of these, or from where the server was started.
        for base in (*self._folders, Path.cwd()):
            try:
                path = (base / source).resolve()
            except (OSError, RuntimeError):
                continue
            if any(path.is_relative_to(folder) for folder in self._folders):
                first = first or path
                if path.exists():
                    return path
        if first is None:
            # The same words whether anything is there or not.
            raise ToolError(
                "this path isn't in a folder that the server may read: its owner allows one "
                "with --allow"
            )
        return first


def _decoded(source: str) -> bytes:
    if not _BASE64.fullmatch(source):
        raise ToolError("the image is neither a path, a URL, a data URI nor base64: give one")
    try:
        return base64.b64decode("".join(source.split()), validate=True)
    except binascii.Error:
        raise ToolError("the image isn't valid base64: encode it again") from None
