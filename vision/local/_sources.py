"""Where a local model's files come from: Hugging Face, ModelScope, or a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from deixis.vision._errors import ModelError

Kind = Literal["hf", "modelscope", "folder"]
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_SETTINGS = ("*.json", "*.jinja", "*.txt", "*.model")
_WEIGHTS = ("*.safetensors",)
_CODE = ("*.py",)
# Folders inside a repository hold other formats of the same weights.
_NESTED = ("*/*",)
_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a model's files are.

    Attributes:
        name: As the user wrote it.
        kind: A hub or a folder.
        place: `ORG/MODEL`, or the folder's path.
        revision: A branch, tag or commit of the repository; the main branch by default.
        cache_dir: Where downloads are kept; the hub's own folder by default.
    """

    name: str
    kind: Kind
    place: str
    revision: str | None = None
    cache_dir: Path | None = None

    @classmethod
    def of(cls, name: str, *, revision: str | None = None, cache_dir: Path | None = None) -> Source:
        """The source that a name means: `hf:ORG/MODEL`, `modelscope:ORG/MODEL` or a folder.

        Raises:
            ModelError: The name is malformed, or there is no such folder.
        """
        prefix, colon, rest = name.partition(":")
        if colon and prefix == "hf":
            return cls(
                name=name,
                kind="hf",
                place=_repository(name, rest),
                revision=revision,
                cache_dir=cache_dir,
            )
        if colon and prefix == "modelscope":
            return cls(
                name=name,
                kind="modelscope",
                place=_repository(name, rest),
                revision=revision,
                cache_dir=cache_dir,
            )
        folder = Path(name).expanduser()
        if not folder.is_dir():
            told = f"{name!r} is a file" if folder.exists() else f"there is no folder {name!r}"
            also = f", or hf:{name} for the hub's" if _REPOSITORY.fullmatch(name) else ""
            raise ModelError(f"{told}: name the folder that holds config.json and weights{also}")
        return cls(name=name, kind="folder", place=str(folder))


def settings_folder(source: Source) -> Path:
    """A folder with the model's `config.json`, the weights perhaps not in it yet.

    Raises:
        ModelError: It can't be had.
    """
    return _folder(source, ("config.json",), bars=False)


def complete_folder(source: Source, *, code: bool, bars: bool) -> Path:
    """A folder with all files of the model, downloaded where it takes that.

    Args:
        source: Where they are.
        code: Whether Python files of the repository are wanted, too.
        bars: Whether progress is shown on stderr.

    Raises:
        ModelError: They can't be had.
    """
    wanted = (*_SETTINGS, *_WEIGHTS, *(_CODE if code else ()))
    return _folder(source, wanted, bars=bars)


def _repository(name: str, place: str) -> str:
    if not _REPOSITORY.fullmatch(place):
        raise ModelError(
            f"{name!r} names no repository: write it as {name.split(':')[0]}:ORG/MODEL"
        )
    return place


def _folder(source: Source, wanted: Sequence[str], *, bars: bool) -> Path:
    if source.kind == "folder":
        return Path(source.place)
    fetch = _from_hugging_face if source.kind == "hf" else _from_modelscope
    try:
        return fetch(source, wanted, bars)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelError(
                f"the disk is full: {source.name} needs more room, or cache_dir=… on another disk"
            ) from error
        raise ModelError(f"{source.name} can't be downloaded: {_line(error)}") from error


def quiet_environment() -> None:
    """Keeps the hubs' clients from reporting home, unless the user's environment says to."""
    told = ("HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY", "DO_NOT_TRACK")
    if any(name in os.environ for name in told):
        return
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if find_spec("huggingface_hub") is not None:
        from huggingface_hub import constants

        # Read from the environment when it was first imported, which may be long ago.
        constants.HF_HUB_DISABLE_TELEMETRY = True


def _from_hugging_face(source: Source, wanted: Sequence[str], bars: bool) -> Path:
    quiet_environment()
    import huggingface_hub as hub
    from huggingface_hub import errors

    # The client reads it once, when it is first imported.
    endpoint = os.environ.get("HF_ENDPOINT") or hub.constants.ENDPOINT
    host = urlsplit(endpoint).hostname or endpoint
    place = source.place
    download: Callable[..., str] = cast("Any", hub).snapshot_download
    try:
        # Not hf_hub_download: without a network that tries for 20 s and more, and this not.
        with _hub_bars(bars):
            folder = download(
                place,
                revision=source.revision,
                cache_dir=source.cache_dir,
                allow_patterns=list(wanted),
                ignore_patterns=list(_NESTED),
                endpoint=endpoint,
                etag_timeout=_SECONDS,
            )
        return Path(folder)
    except errors.GatedRepoError as error:
        raise ModelError(
            f"{place} is gated: accept its terms at {host}/{place}, then log in with "
            "`hf auth login` or set HF_TOKEN"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelError(f"{place} has no revision {source.revision!r}: check it") from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            f"{host} has no model {place} that you may see: check the name, or log in with "
            "`hf auth login` if it is private"
        ) from error
    except (
        errors.LocalEntryNotFoundError,
        errors.HfHubHTTPError,
        errors.OfflineModeIsEnabled,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise _out_of_reach(source, host, error) from error
    except Exception as error:
        if type(error).__module__.startswith("http"):
            raise _out_of_reach(source, host, error) from error
        if isinstance(error, OSError):
            raise
        raise ModelError(f"{source.name} can't be downloaded: {_line(error)}") from error


def _out_of_reach(source: Source, host: str, error: Exception) -> ModelError:
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return ModelError(
            f"HF_HUB_OFFLINE is set and {source.place} isn't complete in the cache: unset it, or "
            f"run `hf download {source.place}` where there is a network"
        )
    cause = error.__cause__ or error
    status: int = getattr(getattr(cause, "response", None), "status_code", 0)
    if status in (401, 403):
        return ModelError(
            f"{host} refuses {source.place} ({status}): log in with `hf auth login`, or set "
            "HF_TOKEN to a token that may read it"
        )
    if status == 404:
        return ModelError(f"{host} has no model {source.place}: check the name")
    if status:
        return ModelError(
            f"{host} failed to give {source.place} (HTTP {status}): try again later, or name a "
            "local folder"
        )
    return ModelError(
        f"can't get {source.place} from {host} ({type(cause).__name__}) and it isn't in the "
        "cache: check the network, set HF_ENDPOINT to a mirror, or name a local folder"
    )


@contextmanager
def _hub_bars(shown: bool) -> Generator[None]:
    """Hugging Face's own progress bars, on stderr, or none."""
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    before = are_progress_bars_disabled()
    if shown == before and os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS") is None:
        (enable_progress_bars if shown else disable_progress_bars)()
        try:
            yield
        finally:
            (disable_progress_bars if shown else enable_progress_bars)()
    else:
        yield


def _from_modelscope(source: Source, wanted: Sequence[str], bars: bool) -> Path:
    if find_spec("modelscope") is None:
        raise ModelError(
            f"{source.name} needs modelscope: pip install modelscope, or use hf:{source.place}"
        )
    module = import_module("modelscope.hub.snapshot_download")
    download: Callable[..., str] = module.snapshot_download
    # The client reads it once; versions that don't know this name don't know the argument.
    endpoint = os.environ.get("MODELSCOPE_ENDPOINT")
    options = {"endpoint": endpoint} if endpoint else {}
    try:
        with contextlib.ExitStack() as quiet:
            if not bars:
                # The client has no switch for its bars. Its log goes on where it went.
                nowhere = quiet.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
                quiet.enter_context(contextlib.redirect_stderr(nowhere))
            folder = download(
                source.place,
                revision=source.revision,
                cache_dir=source.cache_dir,
                allow_patterns=list(wanted),
                ignore_patterns=list(_NESTED),
                **options,
            )
        return Path(folder)
    except Exception as error:
        raise _modelscope_error(source, error) from error


def _modelscope_error(source: Source, error: Exception) -> ModelError:
    status = getattr(error, "status_code", None) or getattr(
        getattr(error, "response", None), "status_code", None
    )
    cause = error.__cause__
    status = status or getattr(cause, "status_code", None)
    place = source.place
    if status == 404:
        return ModelError(f"ModelScope has no model {place}: check the name, or log in if private")
    if status in (401, 403):
        return ModelError(
            f"ModelScope refuses {place} ({status}): log in with `modelscope login`, or set "
            "MODELSCOPE_API_TOKEN"
        )
    if isinstance(error, ConnectionError | TimeoutError):
        return ModelError(
            f"can't get {place} from ModelScope ({type(error).__name__}): check the network, or "
            "name a local folder"
        )
    if status:
        return ModelError(
            f"ModelScope failed to give {place} (HTTP {status}): try again later, or name a local "
            "folder"
        )
    return ModelError(f"{source.name} can't be downloaded: {_line(error)}")


def _line(error: BaseException) -> str:
    """An error in one line of bearable length."""
    told = " ".join(str(error).split())
    return f"{type(error).__name__}: {told[:200]}" if told else type(error).__name__
