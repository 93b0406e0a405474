"""`deixis route` and `deixis map`: ways through a building, and what a map holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deixis.agents._commands import check_drawable, save_picture
from deixis.agents._console import emit, plain, say, status

if TYPE_CHECKING:
    from deixis.tools.maps import IndoorMap, Place, Route, SignAndMap

_TOLD = ("en", "zh")


def route(
    source: str,
    *,
    start: str | None,
    end: str,
    language: str | None,
    step_free: bool,
    avoid: Sequence[str],
    model: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Finds a way on a map, prints it in words and draws it on the floors' plans.

    Raises:
        DeixisError: The map can't be read, a place isn't on it, or there is no way.
    """
    check_drawable(out)
    from deixis.tools.maps import (
        MapError,
        PlaceFinder,
        RouteOptions,
        Router,
        avoided,
        describe,
        draw_route,
        load_map,
        place_info,
    )
    from deixis.vision.embedded import language_of

    with status(f"Reading {source} …"):
        map_ = load_map(source)
    places = PlaceFinder(map_)
    begin = map_.main_entrance if start is None else places.named(start)[0]
    if begin is None:
        raise MapError("the map has no entrance to begin at: say where you are with --from")
    options = RouteOptions(step_free=step_free, avoid=avoided(map_, avoid))
    with status("Looking for a way …"):
        way = Router(map_).way(begin, places.named(end), options)
    tongue = _tag(language or language_of(end))
    told = describe(way, map_, language=tongue if tongue.split("-")[0] in _TOLD else "en")
    if told.language.split("-")[0] != tongue.split("-")[0]:
        told = _translated(told, tongue, model)
    if as_json:
        emit(told.model_dump(mode="json"))
    else:
        ends = (place_info(place, map_, tongue).name for place in (way.start, way.end))
        _show(told, " → ".join(ends))
    if out is not None:
        save_picture(draw_route(way, map_, language=told.language), out)


def _translated(told: Route, language: str, model: str) -> Route:
    """The steps in a language that isn't ours, by a language model.

    Raises:
        TranslationError: The model doesn't translate.
    """
    from deixis.agents._translating import translator_of
    from deixis.vision import load_model

    translator = translator_of(load_model(model))
    with status("Translating …"):
        steps = tuple(
            step.model_copy(
                update={"instruction": translator.translate(step.instruction, language).translation}
            )
            for step in told.steps
        )
    return told.model_copy(update={"steps": steps, "language": language})


def _tag(language: str) -> str:
    """A tag with its language in small letters, as ours and those of names are."""
    spoken, dash, rest = language.partition("-")
    return spoken.lower() + dash + rest


def _show(told: Route, ends: str) -> None:
    say(plain(f"{ends}: {told.distance_m:.0f} m"))
    for number, step in enumerate(told.steps, start=1):
        say(plain(f"{number:3}. {step.floor:>3}  {step.instruction}"))


def describe_map(
    source: str, *, sign: str | None, language: str, out: Path | None, as_json: bool
) -> None:
    """Lists what a map holds and what is wrong with it; with a sign, what the two say otherwise.

    Raises:
        MapError: The map can't be used: its one fault, or that several were listed.
    """
    check_drawable(out)
    from deixis.tools.maps import MapError, check_map, load_map

    language = _tag(language)
    problems = check_map(source)
    serious = [problem for problem in problems if problem.serious]
    map_ = None if serious else load_map(source)
    joined = _joined(sign, map_) if sign is not None and map_ is not None else None
    if as_json:
        emit(
            {
                "map": _map_json(map_, language) if map_ else None,
                "problems": [problem.model_dump(mode="json") for problem in problems],
                "sign": _joined_json(joined) if joined else None,
            }
        )
    else:
        # Of a single fault the error itself tells.
        for problem in problems if len(serious) != 1 else ():
            mark = "error" if problem.serious else "warning"
            say(plain(f"{mark}: {problem.feature}: {problem.says}; {problem.mend}"), to_stderr=True)
        if map_ is not None:
            _list(map_, language)
        if joined is not None:
            say(plain(joined.told(language)))
    if len(serious) > 1:
        raise MapError(f"{source} can't be used: {len(serious)} errors, listed above")
    if serious:
        load_map(source)
    if out is not None and map_ is not None:
        _draw_floors(map_, language, out)


def _joined(sign: str, map_: IndoorMap) -> SignAndMap:
    from deixis.tools.maps import compare, read_directory
    from deixis.vision import CachedReader, RapidReader, load_image

    picture = load_image(sign)
    with status(f"Reading {sign} …"):
        return compare(read_directory(picture, CachedReader(RapidReader()), handle="img_1"), map_)


def _joined_json(joined: SignAndMap) -> dict[str, Any]:
    return joined.model_dump(mode="json")


def _by_floor(map_: IndoorMap) -> list[tuple[str, str, list[Place]]]:
    """Each floor's short name and id with its places, from the top down, as signs list them."""
    return [
        (floor.short_name, floor.id, [place for place in map_.places if place.floor == floor.id])
        for floor in sorted(map_.floors, key=lambda floor: -floor.ordinal)
    ]


def _map_json(map_: IndoorMap, language: str) -> dict[str, Any]:
    from deixis.tools.maps import place_info

    return {
        "names": dict(map_.names),
        "floors": [
            {
                "floor": short,
                "places": [
                    place_info(place, map_, language).model_dump(mode="json") for place in places
                ],
            }
            for short, _, places in _by_floor(map_)
        ],
    }


def _list(map_: IndoorMap, language: str) -> None:
    from deixis.tools.maps import place_info

    for short, _, places in _by_floor(map_):
        names = dict.fromkeys(place_info(place, map_, language).name for place in places)
        say(plain(f"{short:>4}  {', '.join(names)}"))


def _draw_floors(map_: IndoorMap, language: str, out: Path) -> None:
    """The floors' plans: the lowest to `out`, the others beside it by their names."""
    from deixis.tools.maps import draw_floor

    for number, floor in enumerate(map_.floors):
        # A floor may be called `1/F`, or anything else that a map says.
        name = "".join(c if c.isalnum() or c in "-." else "_" for c in floor.short_name)
        path = out if number == 0 else out.with_stem(f"{out.stem}-{name}")
        save_picture(draw_floor(map_, floor.id, language=language), path)
