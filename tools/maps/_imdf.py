"""Reads IMDF 1.0.0, the open indoor format of Apple and OGC (OGC 20-094)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, cast

from deixis.tools.maps._categories import connector_kind, place_kind, unit_kind, usual_names
from deixis.tools.maps._draft import Draft, DraftDoor, DraftLink
from deixis.tools.maps._features import (
    Feature,
    Problems,
    Surveyor,
    clean,
    feature_id,
    frame_of,
    make_features,
    name_of,
    without_duplicates,
)
from deixis.tools.maps._geo import ShapeIndex, interior_point, overlap, shape_of
from deixis.tools.maps._map import (
    XY,
    ConnectorKind,
    Floor,
    Names,
    Place,
    PlaceKind,
    Space,
    SpaceKind,
    name_in,
)
from deixis.tools.maps._source import Json, Source, features_in, refusal

_READ = (
    "address amenity anchor building geofence kiosk level occupant opening relationship "
    "section unit venue"
).split()
_SKIPPED = "detail fixture footprint".split()
_MOST_LANGUAGES = 50
_LOCKED = {
    "badgereader", "fingerprintreader", "keyaccess", "outofservice", "passwordaccess",
    "retinascanner", "voicerecognition",
}  # fmt: skip
_EXITS = {"automobile", "emergencyexit", "service"}
_NOT_ON_WHEELS = {"revolving", "turnstile", "turnstile.fullheight", "turnstile.waistheight"}
_CLOSED_SHARE = 0.5


def read_imdf(source: Source, problems: Problems, *, today: date) -> Draft:
    """A draft of the map.

    Args:
        source: The archive's documents.
        problems: Where problems go.
        today: Occupants whose validity ended before are left out.

    Raises:
        MapError: Nothing in it can be located.
    """
    language = _language(source, problems)
    if "level.geojson" not in source.documents:
        raise refusal(source.name, "holds no level.geojson", "export the levels with the units")
    features = without_duplicates(list(_features(source, problems)), problems)
    frame = frame_of([f for f in features if f.kind != "geofence"], source.name, problems)
    archive = _Archive(
        by_id={feature.id: feature for feature in features},
        language=language,
        survey=Surveyor(frame=frame, problems=problems),
        problems=problems,
        today=today,
    )
    return archive.draft(source.name)


def _language(source: Source, problems: Problems) -> str:
    manifest = source.documents.get("manifest.json")
    if manifest is None:
        raise refusal(source.name, "holds no manifest.json", "add the archive's manifest")
    version = manifest.get("version")
    if not isinstance(version, str) or not version.startswith("1.0"):
        says = f"is of IMDF version {clean(str(version))[:20]!r}"
        problems.add("manifest.json", says, "export the map as IMDF 1.0.0")
    language = manifest.get("language")
    return clean(language)[:35] if isinstance(language, str) else "en"


def _features(source: Source, problems: Problems) -> Iterator[Feature]:
    for unread in source.unread:
        problems.warn(clean(unread), "is no file of IMDF, and wasn't read", "leave it out")
    for file, document in source.documents.items():
        kind = file.partition(".")[0]
        if file == "manifest.json" or kind in _SKIPPED:
            continue
        if kind not in _READ:
            problems.warn(file, "is no file of IMDF, and wasn't read", "leave it out")
            continue
        yield from make_features(
            list(_raw(features_in(file, document), file, kind, problems)), file, problems
        )


def _raw(
    items: Sequence[object], file: str, kind: str, problems: Problems
) -> Iterator[tuple[str, str, Json, object]]:
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            problems.add(f"feature {number} in {file}", "is no object", "export it anew")
            continue
        feature = cast("Json", item)
        id_ = feature_id(feature.get("id"))
        if not id_:
            problems.add(f"{kind} {number} in {file}", "has no id", "give it a UUID")
            continue
        said = feature.get("feature_type", kind)
        if said != kind:
            says = f"is called a {clean(str(said))[:40]}"
            problems.warn(f"{kind} {id_} in {file}", says, "move it to its own file")
        properties = feature.get("properties")
        if not isinstance(properties, dict):
            properties = dict[str, object]()
        yield id_, kind, cast("Json", properties), feature.get("geometry")


@dataclass(frozen=True, kw_only=True)
class _Archive:
    """An archive's features by id, and how a draft is made of them."""

    by_id: Mapping[str, Feature]
    language: str
    survey: Surveyor
    problems: Problems
    today: date
    floors: dict[str, Floor] = field(default_factory=dict[str, Floor])
    spaces: dict[str, Space] = field(default_factory=dict[str, Space])
    outdoor: set[str] = field(default_factory=set[str])
    lift_amenities: dict[tuple[ConnectorKind | None, str], Names] = field(
        default_factory=dict[tuple[ConnectorKind | None, str], Names]
    )

    def of(self, kind: str) -> Iterator[Feature]:
        return (feature for feature in self.by_id.values() if feature.kind == kind)

    def draft(self, name: str) -> Draft:
        self._read_levels()
        self._read_units()
        self._close_what_is_built()
        self._read_lift_amenities()
        named = [names for names in map(self._names, self._buildings()) if names]
        return Draft(
            names=named[0] if named else {self.language: clean(name)},
            origin=self.survey.frame.origin,
            floors=tuple(self.floors.values()),
            spaces=tuple(self.spaces.values()),
            doors=tuple(self._doors()),
            links=tuple(self._links()),
            places=tuple(self._places()),
            labels={feature.id: feature.label for feature in self.by_id.values()},
            country=self._country(),
        )

    def _buildings(self) -> Iterator[Feature]:
        yield from self.of("building")
        yield from self.of("venue")

    def _country(self) -> str | None:
        said = [feature.text("country").upper()[:2] for feature in self.of("address")]
        return next((code for code in said if len(code) == 2 and code.isascii()), None)

    # --- names

    def _names(self, feature: Feature, key: str = "name") -> Names:
        """Names by language: a LABELS object, or a plain text in the archive's language."""
        value = feature.properties.get(key)
        if isinstance(value, str):
            value = {self.language: value}
        if not isinstance(value, dict):
            if value is not None:
                says = f"has a malformed {key}"
                self.problems.warn(feature, says, "write it by language, as IMDF's LABELS")
            return {}
        found: dict[str, str] = {}
        for tag, text in list(cast("Json", value).items())[:_MOST_LANGUAGES]:
            name = name_of(text, feature, self.problems) if isinstance(text, str) else ""
            if name:
                found[clean(tag).replace("_", "-")[:35]] = name
        return found

    def _synonyms(self, feature: Feature) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._names(feature, "alt_name").values()))

    # --- floors and spaces

    def _read_levels(self) -> None:
        levels = list(self.of("level"))
        indoor = [level for level in levels if level.properties.get("outdoor") is not True]
        if indoor:
            self.outdoor.update(level.id for level in levels if level not in indoor)
        for level in indoor or levels:
            ordinal = level.properties.get("ordinal")
            if isinstance(ordinal, bool) or not isinstance(ordinal, int | float):
                self.problems.add(level, "has no ordinal", "give it 0 for the ground floor")
                continue
            if ordinal != round(ordinal) or abs(ordinal) > 1000:
                self.problems.add(level, f"has the ordinal {ordinal}", "give it a whole number")
                continue
            self.floors[level.id] = Floor(
                id=level.id,
                ordinal=round(ordinal),
                short_name=self._short_name(level, round(ordinal)),
                names=self._names(level),
                outlines=self.survey.areas(level),
            )

    def _short_name(self, level: Feature, ordinal: int) -> str:
        written = name_in(self._names(level, "short_name"), self.language)
        if written:
            return written
        made = f"{ordinal + 1}F" if ordinal >= 0 else f"B{-ordinal}"
        says = f"has no short_name, and is called {made} here"
        self.problems.warn(level, says, "write it as the signs do, such as 4F")
        return made

    def _read_units(self) -> None:
        for unit in self.of("unit"):
            floor = self._floor_of(unit)
            areas = self.survey.areas(unit) if floor else ()
            if floor and areas:
                self.spaces[unit.id] = Space(
                    id=unit.id,
                    floor=floor,
                    kind=self._space_kind(unit, floor),
                    category=unit.text("category") or "unspecified",
                    areas=areas,
                    names=self._names(unit),
                )

    def _floor_of(self, feature: Feature) -> str | None:
        """The id of a feature's level; None, with a problem noted, where it has none."""
        id_ = feature_id(feature.properties.get("level_id"))
        if id_ in self.floors:
            return id_
        level = self.by_id.get(id_)
        if id_ not in self.outdoor and (level is None or level.kind != "level"):
            says = f"names the level {id_!r}, which isn't there" if id_ else "names no level"
            self.problems.add(feature, says, "give it the level_id of a level in level.geojson")
        return None

    def _space_kind(self, unit: Feature, floor: str) -> SpaceKind:
        kind = unit_kind(unit.text("category"))
        restricted = unit.text("restriction") or self.by_id[floor].text("restriction")
        return "closed" if restricted and kind != "void" else kind

    def _close_what_is_built(self) -> None:
        """Closes what lies in a geofence of works, or a section that is restricted."""
        spaces = [space for space in self.spaces.values() if space.kind != "void"]
        shapes = [shape_of(space.areas) for space in spaces]
        index = ShapeIndex(shapes)
        for feature in (*self.of("geofence"), *self.of("section")):
            works = feature.text("category") == "underconstruction"
            if feature.geometry is None or not (works or feature.text("restriction")):
                continue
            levels = {*feature.texts("level_ids"), *feature.texts("level_id")}
            shape = shape_of(self.survey.areas(feature))
            for i in index.near(shape):
                space = spaces[i]
                most = _CLOSED_SHARE * shapes[i].area
                if space.floor in levels and overlap(shapes[i], shape) > most:
                    self.spaces[space.id] = replace(space, kind="closed")

    # --- doors

    def _doors(self) -> Iterator[DraftDoor]:
        for opening in self.of("opening"):
            floor = self._floor_of(opening)
            line = self.survey.line(opening) if floor else ()
            if not floor or not line:
                continue
            category = opening.text("category")
            yield DraftDoor(
                id=opening.id,
                label=opening.label,
                floor=floor,
                line=line,
                names=self._names(opening),
                main=category == "pedestrian.principal",
                step_free=_on_wheels(opening),
                locked=bool(_LOCKED & set(opening.texts("access_control"))),
                exit_only=category in _EXITS,
            )

    # --- what joins floors

    def _links(self) -> Iterator[DraftLink]:
        for relation in self.of("relationship"):
            kind = connector_kind(relation.text("category"))
            if kind is None:
                continue
            origin, *between, destination = self._ends(relation)
            ends = tuple(end for group in (origin, *between, destination) for end in group)
            yield DraftLink(
                id=relation.id,
                label=relation.label,
                kind=kind,
                ends=ends,
                direction=self._direction(relation, origin, destination),
                names=self._lift_names(kind, ends),
            )

    def _ends(self, relation: Feature) -> list[tuple[str, ...]]:
        raw = relation.properties.get("intermediary")
        between = cast("list[object]", raw)[:200] if isinstance(raw, list) else []
        said = [
            relation.properties.get("origin"), *between, relation.properties.get("destination")
        ]  # fmt: skip
        return [self._spaces_named(reference) for reference in said]

    def _spaces_named(self, reference: object) -> tuple[str, ...]:
        """Ids of the units or openings that a reference names, through anchors and amenities."""
        if not isinstance(reference, dict):
            return ()
        id_ = feature_id(cast("Json", reference).get("id"))
        feature = self.by_id.get(id_)
        if feature is not None and feature.kind == "anchor":
            return (feature_id(feature.properties.get("unit_id")),)
        if feature is not None and feature.kind == "amenity":
            return feature.texts("unit_ids")
        return (id_,)

    def _direction(
        self, relation: Feature, origin: Sequence[str], destination: Sequence[str]
    ) -> Literal["both", "up", "down"]:
        if relation.text("direction") != "directed":
            return "both"
        low, high = (self._ordinal(ends) for ends in (origin, destination))
        if low is None or high is None or low == high:
            return "both"
        return "up" if low < high else "down"

    def _ordinal(self, ends: Sequence[str]) -> int | None:
        for end in ends:
            feature = self.by_id.get(end)
            floor = feature_id(feature.properties.get("level_id")) if feature else ""
            if floor in self.floors:
                return self.floors[floor].ordinal
        return None

    def _lift_names(self, kind: ConnectorKind, ends: Sequence[str]) -> Names:
        """The name of a lift: of its amenity, or of its units."""
        amenities = (self.lift_amenities.get((kind, end), {}) for end in ends)
        units = (self.spaces[end].names for end in ends if end in self.spaces)
        return next(filter(None, (*amenities, *units)), dict[str, str]())

    def _read_lift_amenities(self) -> None:
        for amenity in self.of("amenity"):
            kind = connector_kind(amenity.text("category"))
            for unit in amenity.texts("unit_ids") if kind else ():
                self.lift_amenities.setdefault((kind, unit), self._names(amenity))

    # --- places

    def _places(self) -> Iterator[Place]:
        yield from self._occupants()
        yield from self._amenities()
        for kiosk in self.of("kiosk"):
            yield from self._area_place(kiosk, "amenity")
        for space in self.spaces.values():
            yield from self._unit_place(space)
        for section in self.of("section"):
            yield from self._area_place(section, "department")

    def _place(
        self, feature: Feature, kind: PlaceKind, floor: str, space: str | None, at: XY
    ) -> Place:
        return Place(
            id=feature.id,
            kind=kind,
            floor=floor,
            space=space,
            at=at,
            names=self._names(feature),
            synonyms=self._synonyms(feature),
            category=feature.text("category"),
            hours=feature.text("hours") or None,
            closed=bool(feature.text("restriction")),
        )

    def _occupants(self) -> Iterator[Place]:
        for occupant in self.of("occupant"):
            anchor = self.by_id.get(feature_id(occupant.properties.get("anchor_id")))
            if anchor is None or anchor.kind != "anchor":
                self.problems.warn(
                    occupant, "names no anchor that is there", "give it the id of an anchor"
                )
                continue
            space = self._space(anchor, feature_id(anchor.properties.get("unit_id")))
            at = self.survey.point(anchor) if space else None
            if space is None or at is None or self._ended(occupant):
                continue
            if not self._names(occupant):
                self.problems.warn(occupant, "has no name", "name it, so that it can be found")
                continue
            yield self._place(occupant, "department", space.floor, space.id, at)

    def _ended(self, occupant: Feature) -> bool:
        validity = occupant.properties.get("validity")
        end = cast("Json", validity).get("end") if isinstance(validity, dict) else None
        try:
            return isinstance(end, str) and date.fromisoformat(end[:10]) < self.today
        except ValueError:
            self.problems.warn(occupant, "has a malformed validity", "write dates as 2026-01-31")
            return False

    def _space(self, feature: Feature, id_: str) -> Space | None:
        """A unit by its id; None, with a warning where it isn't on a level left out."""
        if id_ not in self.spaces:
            unit = self.by_id.get(id_)
            level = feature_id(unit.properties.get("level_id")) if unit else ""
            if level not in self.outdoor:
                says = f"names the unit {id_!r}, which isn't there" if id_ else "names no unit"
                self.problems.warn(feature, says, "give it the id of a unit in unit.geojson")
            return None
        return self.spaces[id_]

    def _amenities(self) -> Iterator[Place]:
        for amenity in self.of("amenity"):
            category = amenity.text("category")
            at = self.survey.point(amenity)
            if at is None or not (self._names(amenity) or usual_names(category)):
                continue
            kind = place_kind(category) or "amenity"
            units = amenity.texts("unit_ids") or ("",)
            spaces = [space for id_ in units if (space := self._space(amenity, id_))]
            # A lift's own units are places; of other things there is one on each floor.
            spaces = [space for space in spaces if place_kind(space.category) != kind or
                      kind == "toilet"]  # fmt: skip
            by_floor = {space.floor: space for space in reversed(spaces)}
            for number, (floor, space) in enumerate(reversed(by_floor.items())):
                place = self._place(amenity, kind, floor, space.id, at)
                yield replace(place, id=f"{place.id}@{floor}") if number else place

    def _unit_place(self, space: Space) -> Iterator[Place]:
        feature = self.by_id[space.id]
        if unit_kind(space.category) == "void":
            return
        if not space.names and (space.kind in ("walkway", "ramp", "steps") or
                                not usual_names(space.category)):  # fmt: skip
            return
        kind = place_kind(space.category) or "room"
        at = self.survey.display_point(feature) or interior_point(space.areas)
        yield self._place(feature, kind, space.floor, space.id, at)

    def _area_place(self, feature: Feature, kind: PlaceKind) -> Iterator[Place]:
        """A kiosk or section with a name, in whatever space its point is."""
        floor = self._floor_of(feature) if self._names(feature) else None
        areas = self.survey.areas(feature) if floor else ()
        if floor and areas:
            at = self.survey.display_point(feature) or interior_point(areas)
            yield self._place(feature, kind, floor, None, at)


def _on_wheels(opening: Feature) -> bool:
    """Whether a wheelchair passes: unless it is said to whom the opening is accessible."""
    door = opening.properties.get("door")
    kind = cast("Json", door).get("type") if isinstance(door, dict) else None
    said = opening.texts("accessibility")
    return kind not in _NOT_ON_WHEELS and (not said or "wheelchair" in said)
