"""Reads OpenStreetMap's Simple Indoor Tagging from GeoJSON.

Takes what overpass turbo, osmtogeojson and JOSM write: tags flat among the properties, or under
`properties.tags`. Lines of corridors and stairs become strips; rooms are cut out of walkways
that are drawn over them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from deixis.tools.maps._draft import Draft
from deixis.tools.maps._features import (
    Feature,
    Problems,
    Surveyor,
    clean,
    feature_id,
    frame_of,
    make_features,
    without_duplicates,
)
from deixis.tools.maps._geo import ShapeIndex, interior_point, shape_of
from deixis.tools.maps._map import XY, Area, Floor, MapError, Names, Place, Space
from deixis.tools.maps._osm_shapes import Levelled, Shapes
from deixis.tools.maps._osm_tags import (
    category_of,
    is_closed,
    is_door,
    level_name,
    levels_in,
    names_of,
    place_kind_of,
    space_kind_of,
    synonyms_of,
    texts_by_level,
)
from deixis.tools.maps._source import Json, Source, features_in, refusal

_TELLING = ("indoor", "level", "entrance", "door", "building", "repeat_on")
# Countries whose signs count the ground floor as the first.
_FROM_ONE = {"CA", "CN", "JP", "KR", "PH", "RU", "SG", "TH", "TW", "US", "VN"}
_MOST_LEVELS = 200
_MOST_PARTS = 100_000
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT_PLACES = {"level", "wall", "column", "door", "pathway"}


def read_osm(source: Source, problems: Problems) -> Draft:
    """A draft of the map.

    Args:
        source: One GeoJSON document.
        problems: Where problems go.

    Raises:
        MapError: Nothing in it can be located, or nothing says on which level it is.
    """
    ((file, document),) = source.documents.items()
    raw = list(_raw(features_in(file, document)))
    features = without_duplicates(make_features(raw, file, problems), problems)
    levelled = [found for feature in features if (found := _levelled(feature, problems))]
    inside = [found.feature for found in levelled if found.levels]
    if not inside:
        raise refusal(file, "has no feature with a level", "tag rooms with indoor and level")
    _limit(levelled, file)
    survey = Surveyor(frame=frame_of(inside, file, problems), problems=problems)
    return _Reader(
        features=tuple(levelled),
        buildings=tuple(f for f in features if f.text("building") and not f.text("level")),
        survey=survey,
        country=_country(features),
    ).draft(source.name)


def _raw(items: Sequence[object]) -> Iterator[tuple[str, str, Json, object]]:
    for number, item in enumerate(items, start=1):
        feature = _object(item)
        flat = _object(feature.get("properties"))
        told = _object(flat.get("tags")) or flat
        if not any(key in told for key in _TELLING) and told.get("highway") != "elevator":
            continue
        id_ = feature_id(feature.get("id")) or feature_id(flat.get("@id"))
        if not id_ and "id" in flat:
            id_ = f"{clean(str(flat.get('type', 'feature')))[:20]}/{feature_id(flat['id'])}"
        kind = next((told[key] for key in ("indoor", "highway", "amenity") if key in told), "")
        kind = clean(kind)[:30] if isinstance(kind, str) else ""
        yield id_ or f"feature/{number}", kind or "feature", told, feature.get("geometry")


def _object(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else dict[str, object]()


def _levelled(feature: Feature, problems: Problems) -> Levelled | None:
    """A feature with its levels; None where it is nothing indoors."""
    try:
        own = levels_in(feature.text("level"))
        repeated = levels_in(feature.text("repeat_on"))
    except MapError as error:
        problems.add(feature, str(error), "write levels as 1, 0;1 or 0-3")
        return None
    levels = tuple(sorted({*own, *repeated}))
    if not levels and not is_door(feature):
        if feature.text("indoor") or feature.text("highway") == "elevator":
            problems.warn(feature, "has no level, and was left out", "tag the level it is on")
        return None
    return Levelled(feature=feature, levels=levels, repeated=repeated)


def _limit(features: Sequence[Levelled], file: str) -> None:
    """Refuses a map that is small as a file and huge by its levels."""
    levels = len({level for found in features for level in found.levels})
    if levels > _MOST_LEVELS:
        raise refusal(file, f"has {levels} levels", "give a map of one building")
    if sum(len(found.levels) or levels for found in features) > _MOST_PARTS:
        raise refusal(file, f"has over {_MOST_PARTS:,} rooms and doors", "cut out one building")


def _country(features: Sequence[Feature]) -> str | None:
    said = Counter(feature.text("addr:country").upper() for feature in features)
    return next((code for code, _ in said.most_common() if len(code) == 2), None)


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Features with their levels, and how a draft is made of them."""

    features: Sequence[Levelled]
    buildings: Sequence[Feature]
    survey: Surveyor
    country: str | None

    def draft(self, name: str) -> Draft:
        floors = self._floors()
        shapes = Shapes(
            survey=self.survey,
            floors={level: floor.id for level, floor in floors.items()},
            names={found.feature.id: self._names(found.feature) for found in self.features},
        )
        spaces = shapes.spaces(self.features)
        building, outlines = self._building(spaces)
        return Draft(
            names=(self._names(building) if building else {}) or {"en": clean(name)},
            origin=self.survey.frame.origin,
            floors=tuple(_with_outlines(floor, outlines) for floor in floors.values()),
            spaces=spaces,
            doors=shapes.doors(self.features),
            links=shapes.links(self.features),
            places=tuple(self._places(spaces, floors)),
            labels=self._labels(),
            country=self.country,
        )

    def _names(self, feature: Feature) -> Names:
        return names_of(feature, self.country, self.survey.problems)

    def _labels(self) -> Mapping[str, str]:
        labels: dict[str, str] = {}
        for found in self.features:
            for level in found.levels:
                labels[found.id_on(level)] = found.feature.label
            labels[found.feature.id] = found.feature.label
        return labels

    # --- floors

    def _floors(self) -> dict[float, Floor]:
        levels = sorted({level for found in self.features for level in found.levels})
        written = self._written()
        from_one = self._counts_from_one()
        outlines = self._outlined()
        return {
            level: Floor(
                id=f"level/{level_name(level)}",
                ordinal=ordinal,
                short_name=written.get(level)
                or self._short_name(level, ordinal, from_one=from_one),
                names=outlines[level][0] if level in outlines else {},
                outlines=outlines[level][1] if level in outlines else (),
            )
            for level, ordinal in self._ordinals(levels).items()
        }

    def _ordinals(self, levels: Sequence[float]) -> dict[float, int]:
        """Whole numbers for levels; mezzanines are counted as floors, from level 0 on."""
        if all(level == round(level) for level in levels):
            return {level: round(level) for level in levels}
        ground = sum(level < 0 for level in levels)
        self.survey.problems.warn(
            "levels " + ", ".join(map(level_name, levels[:20])),
            "are not all whole, and were counted one by one",
            "nothing, if there is a mezzanine",
        )
        return {level: i - ground for i, level in enumerate(levels)}

    def _written(self) -> dict[float, str]:
        """How signs write each level, by what most features say."""
        said: dict[float, Counter[str]] = defaultdict(Counter)
        for found in self.features:
            # An outline of the level itself is worth more than rooms.
            weight = 1000 if found.feature.text("indoor") == "level" else 1
            for level, text in texts_by_level(found.feature, "level:ref", found.levels):
                said[level][text] += weight
        return {level: texts.most_common(1)[0][0] for level, texts in said.items()}

    def _counts_from_one(self) -> bool:
        """Whether signs here call the ground floor the first: by country, or by the script."""
        named = (found.feature.text("name") for found in self.features)
        if self.country is None:
            return any(map(_HAN.search, named))
        return self.country in _FROM_ONE

    def _short_name(self, level: float, ordinal: int, *, from_one: bool) -> str:
        made = level_name(level)
        if from_one:
            made = f"{ordinal + 1}F" if ordinal >= 0 else f"B{-ordinal}"
        self.survey.problems.warn(
            f"level {level_name(level)}",
            f"has no level:ref, and is called {made} here",
            "tag level:ref as the signs write it",
        )
        return made

    def _outlined(self) -> dict[float, tuple[Names, tuple[Area, ...]]]:
        found: dict[float, tuple[Names, tuple[Area, ...]]] = {}
        for levelled in self.features:
            if levelled.feature.text("indoor") == "level":
                areas = self.survey.areas(levelled.feature)
                names = self._names(levelled.feature)
                found |= dict.fromkeys(levelled.levels, (names, areas))
        return found

    def _building(self, spaces: Sequence[Space]) -> tuple[Feature | None, tuple[Area, ...]]:
        """The building that the spaces are in, and its outline; there may be neighbours."""
        index = ShapeIndex([shape_of(space.areas) for space in spaces])
        # Neighbours may be drawn badly: that is no fault of this map.
        survey = Surveyor(frame=self.survey.frame, problems=Problems())
        best: tuple[int, Feature | None, tuple[Area, ...]] = (0, None, ())
        for building in self.buildings:
            if building.geometry is None or building.geometry.shape == "point":
                continue
            areas = survey.areas(building)
            held = len(index.near(shape_of(areas))) if areas else 0
            if held > best[0]:
                best = (held, building, areas)
        return best[1], best[2]

    # --- places

    def _places(self, spaces: Sequence[Space], floors: Mapping[float, Floor]) -> Iterator[Place]:
        known = {space.id: space for space in spaces}
        for found in self.features:
            feature = found.feature
            kind, names = place_kind_of(feature), self._names(feature)
            walked = space_kind_of(feature) == "walkway" and feature.text("indoor")
            if is_door(feature) or feature.text("indoor") in _NOT_PLACES:
                continue
            if not names and (walked or kind in ("room", "department")):
                continue
            for level in found.levels:
                space = known.get(found.id_on(level))
                at = self._at(feature, space)
                if at is None or (space is not None and space.kind == "void"):
                    continue
                yield Place(
                    id=found.id_on(level),
                    kind=kind,
                    floor=floors[level].id,
                    space=space.id if space else None,
                    at=at,
                    names=names,
                    synonyms=synonyms_of(feature, names),
                    category=category_of(feature),
                    hours=feature.text("opening_hours") or None,
                    closed=is_closed(feature),
                )

    def _at(self, feature: Feature, space: Space | None) -> XY | None:
        """Where a place is shown; None for lines, which lead past and are no places."""
        if space is not None:
            return interior_point(space.areas)
        geometry = feature.geometry
        if geometry is not None and geometry.shape == "point":
            return self.survey.point(feature)
        if geometry is None or (geometry.shape == "line" and not geometry.closed):
            return None
        areas = self.survey.areas(feature)
        return interior_point(areas) if areas else None


def _with_outlines(floor: Floor, outlines: tuple[Area, ...]) -> Floor:
    if floor.outlines or not outlines:
        return floor
    return replace(floor, outlines=outlines)
