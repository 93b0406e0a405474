"""Where maps are read from: a folder, a zip or a file, with limits on what they may hold.

Nothing is written to disk, and no name in an archive is used as a path.
"""

from __future__ import annotations

import json
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from deixis.tools.maps._map import MapError, MapProblem

_MOST_BYTES = 64 << 20
_MOST_FILES = 200
_MOST_FEATURES = 100_000
# Each list or object costs Python some 60 bytes; coordinates are one list a point.
_MOST_BRACKETS = 4_000_000
_MANIFEST = "manifest.json"
_SUFFIX = ".geojson"

Json = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The documents of a map, parsed as JSON.

    Attributes:
        name: Of the folder or file, without its directories.
        imdf: Whether it is an IMDF archive; else a GeoJSON file of OpenStreetMap.
        documents: Each file's top-level object, by the file's name.
        unread: Names of files that are none of the format's.
    """

    name: str
    imdf: bool
    documents: Mapping[str, Json]
    unread: tuple[str, ...] = ()


def refusal(feature: str, says: str, mend: str) -> MapError:
    """The error for a source that can't be read at all, with its one problem."""
    # The name of a file may hold anything that a file system takes.
    shown = " ".join(feature.encode("utf-8", "replace").decode().split())
    problem = MapProblem(feature=shown, says=says, mend=mend)
    return MapError(str(problem), problems=(problem,))


def open_source(source: str | Path) -> Source:
    """Reads a map's documents, whatever they come in; told by their content, not their names.

    Args:
        source: A folder or zip of IMDF, or a GeoJSON file.

    Raises:
        MapError: It is none of these, is damaged, or is too large.
    """
    try:
        path = Path(source).expanduser().resolve()
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            return _archive(path.name, dict(_in_folder(path)))
        if not stat.S_ISREG(kind):
            raise refusal(path.name, "is no file or folder", "give a folder, a zip or a file")
        return _from_file(path)
    except FileNotFoundError:
        raise refusal(str(source), "is not there", "check the path of the map") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise refusal(str(source), f"can't be read ({error})", "check the path") from None


def _from_file(path: Path) -> Source:
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            return _archive(path.name, dict(_in_zip(path)))
        file.seek(0)
        data = _bounded(file, path.name, _MOST_BYTES)
    if data[:200].lstrip().startswith(b"<"):
        raise refusal(path.name, "is XML", "export it as GeoJSON, from JOSM or with osmtogeojson")
    document = _parsed(path.name, data)
    if "elements" in document and "features" not in document:
        raise refusal(
            path.name, "is Overpass JSON, not GeoJSON", "export it as GeoJSON, or use osmtogeojson"
        )
    if path.name == _MANIFEST or _is_imdf(document):
        raise refusal(
            path.name, "is one file of an IMDF archive", "give the folder or the zip it is in"
        )
    return Source(name=path.stem, imdf=False, documents={path.name: document})


def _is_imdf(document: Json) -> bool:
    features = document.get("features")
    first = cast("list[object]", features)[:1] if isinstance(features, list) else []
    return any(isinstance(one, dict) and "feature_type" in one for one in first)


def _archive(name: str, files: Mapping[str, bytes]) -> Source:
    """An IMDF archive: its manifest may lie one folder down, as when a folder was zipped."""
    manifests = [PurePosixPath(file) for file in files if PurePosixPath(file).name == _MANIFEST]
    if not manifests:
        raise refusal(
            name, f"holds no {_MANIFEST}", "give an IMDF folder or zip, or one GeoJSON file"
        )
    home = min((path.parent for path in manifests), key=lambda folder: len(folder.parts))
    documents: dict[str, Json] = {}
    unread: list[str] = []
    for file, data in sorted(files.items()):
        path = PurePosixPath(file)
        if path.parent == home and (path.name == _MANIFEST or path.suffix == _SUFFIX):
            documents[path.name] = _parsed(path.name, data)
        else:
            unread.append(file)
    return Source(
        name=PurePosixPath(name).stem, imdf=True, documents=documents, unread=tuple(unread)
    )


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    left = _MOST_BYTES
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name[:1] != "."]
    if len(paths) > _MOST_FILES:
        raise refusal(folder.name, f"holds over {_MOST_FILES} files", "give the map's own folder")
    for path in paths:
        if path.name != _MANIFEST and path.suffix != _SUFFIX:
            yield path.name, b""
            continue
        with path.open("rb") as file:
            data = _bounded(file, path.name, left)
        left -= len(data)
        yield path.name, data


def _in_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.stat().st_size > _MOST_BYTES:
        raise refusal(path.name, f"is over {_MOST_BYTES >> 20} MB", "leave out what isn't the map")
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _members(archive, path.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise refusal(path.name, f"is a zip that can't be read ({error})", "zip it anew") from None


def _members(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, bytes]]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > _MOST_FILES:
        raise refusal(name, f"holds over {_MOST_FILES} files", "zip the map's own folder alone")
    if sum(info.file_size for info in infos) > _MOST_BYTES:
        raise refusal(name, f"unpacks to over {_MOST_BYTES >> 20} MB", "leave out what isn't a map")
    left = _MOST_BYTES
    seen: set[str] = set()
    for info in infos:
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or info.filename in seen:
            raise refusal(name, f"holds the file {info.filename!r}", "zip the folder anew")
        seen.add(info.filename)
        if inside.parts[0] == "__MACOSX" or inside.name.startswith("."):
            continue
        if inside.name != _MANIFEST and inside.suffix != _SUFFIX:
            yield str(inside), b""
            continue
        with archive.open(info) as file:
            data = _bounded(file, info.filename, left)
        left -= len(data)
        yield str(inside), data


def _bounded(file: IO[bytes], name: str, most: int) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise refusal(name, f"is over {_MOST_BYTES >> 20} MB", "leave out what isn't the map")
    return data


def _parsed(name: str, data: bytes) -> Json:
    if data.count(b"[") + data.count(b"{") > _MOST_BRACKETS:
        raise refusal(name, "holds too many coordinates", "simplify it, or cut out one building")
    try:
        document: object = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        mend = "give an IMDF folder or zip, or GeoJSON in UTF-8"
        raise refusal(name, "is not UTF-8", mend) from None
    except RecursionError:
        raise refusal(name, "is nested too deeply", "give a GeoJSON file") from None
    except ValueError as error:
        raise refusal(name, f"is not JSON ({error})", "export it anew as GeoJSON") from None
    if not isinstance(document, dict):
        raise refusal(name, "is no JSON object", "give a GeoJSON FeatureCollection")
    return cast("Json", document)


def features_in(name: str, document: Json) -> list[object]:
    """The features of a document.

    Raises:
        MapError: It is no FeatureCollection, or holds too many.
    """
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise refusal(name, "is no FeatureCollection", "export the map anew as GeoJSON")
    found = cast("list[object]", features)
    if len(found) > _MOST_FEATURES:
        raise refusal(
            name, f"holds over {_MOST_FEATURES:,} features", "cut out one building, or a few"
        )
    return found
