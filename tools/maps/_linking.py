"""Makes lifts, stairs, escalators and ramps of the spaces they have on each floor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from deixis.tools.maps._draft import DraftLink
from deixis.tools.maps._features import Problems
from deixis.tools.maps._geo import ShapeIndex, overlap, shape_of
from deixis.tools.maps._map import Connector, ConnectorKind, Door, Floor, Names, Space

_KINDS: tuple[ConnectorKind, ...] = ("lift", "stairs", "escalator", "ramp")
# Ramps over floors are told by their source only: most lie within a floor.
_GUESSED: tuple[ConnectorKind, ...] = ("lift", "stairs", "escalator")
_SAME_SHARE = 0.3


@dataclass(frozen=True, kw_only=True)
class _Known:
    spaces: Mapping[str, Space]
    doors: Mapping[str, Door]
    ordinals: Mapping[str, int]
    labels: Mapping[str, str]


def link_floors(
    links: Sequence[DraftLink],
    spaces: Sequence[Space],
    doors: Sequence[Door],
    floors: Sequence[Floor],
    labels: Mapping[str, str],
    problems: Problems,
) -> tuple[Connector, ...]:
    """What joins floors: first as the source says, then by what lies over each other.

    Args:
        links: As the source says.
        spaces: Of all floors; closed ones join nothing.
        doors: A link may name a door of a lift for the lift.
        floors: Their ordinals say what is above what.
        labels: Name features in messages, by id.
        problems: Where warnings go.
    """
    known = _Known(
        spaces={space.id: space for space in spaces},
        doors={door.id: door for door in doors},
        ordinals={floor.id: floor.ordinal for floor in floors},
        labels=labels,
    )
    made: list[Connector] = []
    named: set[str] = set()
    for link in _merged([_resolved(link, known, problems) for link in links]):
        named.update(link.ends)
        connector = _connector(link, known, problems)
        made += [connector] if connector else []
    for kind in _GUESSED:
        left = [s for s in spaces if s.kind == kind and s.id not in named]
        made += _over_each_other(kind, left, known, problems)
    return tuple(made)


def _resolved(link: DraftLink, known: _Known, problems: Problems) -> DraftLink:
    """A link whose ends are spaces of its kind, or closed."""
    found: list[str] = []
    for end in link.ends:
        beside = known.doors[end].spaces if end in known.doors else (end,)
        there = [known.spaces[id_] for id_ in beside if id_ in known.spaces]
        if not there:
            problems.warn(link.label, f"names {end!r}, which isn't there", "mend the reference")
        found += [space.id for space in there if space.kind in (link.kind, "closed")]
    return replace(link, ends=tuple(dict.fromkeys(found)))


def _merged(links: Sequence[DraftLink]) -> list[DraftLink]:
    """Links that go on from each other, such as a lift told floor by floor, as one."""
    groups: dict[str, list[DraftLink]] = {}
    head_of: dict[tuple[str, str, str], str] = {}
    for link in _told_once(links):
        keys = [(link.kind, link.direction, end) for end in link.ends]
        met = dict.fromkeys(head_of[key] for key in keys if key in head_of)
        # The largest group takes the others in, so that each link seldom moves.
        head, *rest = sorted(met, key=lambda id_: -len(groups[id_])) or [link.id]
        joined = groups.setdefault(head, [])
        for other in [*(one for old in rest for one in groups.pop(old)), link]:
            joined.append(other)
            head_of |= {(other.kind, other.direction, end): head for end in other.ends}
    return [_as_one(group) for group in groups.values()]


def _told_once(links: Sequence[DraftLink]) -> list[DraftLink]:
    """Links without those that join the same spaces; told both up and down, one turns round."""
    found: dict[tuple[str, frozenset[str]], DraftLink] = {}
    for link in links:
        key = (link.kind, frozenset(link.ends or (link.id,)))
        first = found.setdefault(key, link)
        if first.direction != link.direction:
            found[key] = replace(first, direction="both")
    return list(found.values())


def _as_one(links: Sequence[DraftLink]) -> DraftLink:
    ends = tuple(dict.fromkeys(end for link in links for end in link.ends))
    named = [link.names for link in links if link.names]
    return replace(links[0], ends=ends, names=named[0] if named else {})


def _connector(link: DraftLink, known: _Known, problems: Problems) -> Connector | None:
    spaces = [known.spaces[id_] for id_ in link.ends]
    usable = sorted(
        (space for space in spaces if space.kind != "closed"),
        key=lambda space: known.ordinals[space.floor],
    )
    one_a_floor: dict[str, Space] = {}
    for space in usable:
        if one_a_floor.setdefault(space.floor, space) is not space:
            says = f"has two spaces on a floor, {one_a_floor[space.floor].id} and {space.id}"
            problems.warn(link.label, says, "split it; the second is left out here")
    if len(one_a_floor) < 2:
        if not any(space.kind == "closed" for space in spaces):
            problems.warn(
                link.label, "joins fewer than two floors", f"name its {link.kind} on each floor"
            )
        return None
    return Connector(
        id=link.id,
        kind=link.kind,
        spaces=tuple(space.id for space in one_a_floor.values()),
        direction=link.direction if link.kind == "escalator" else "both",
        names=link.names or _names(list(one_a_floor.values())),
    )


def _names(spaces: Sequence[Space]) -> Names:
    named = [space.names for space in spaces if space.names]
    return named[0] if named else dict[str, str]()


def _over_each_other(
    kind: ConnectorKind, spaces: Sequence[Space], known: _Known, problems: Problems
) -> Iterator[Connector]:
    """Connectors of the spaces of neighbouring floors that lie over each other."""
    above = _stacked(spaces, known)
    lower = set(above.values())
    for space in sorted(spaces, key=lambda space: (known.ordinals[space.floor], space.id)):
        if space.id in lower:
            continue
        chain = [space.id]
        while chain[-1] in above:
            chain.append(above[chain[-1]])
        label = known.labels.get(space.id, space.id)
        if len(chain) < 2:
            problems.warn(label, f"is a {kind} on one floor only", "draw it on the next floor too")
            continue
        if kind == "escalator":
            says = "doesn't say which way it goes; taken to go both ways"
            problems.warn(label, says, "give a directed relationship, or conveying and incline")
        yield Connector(
            id=f"{kind}:{chain[0]}",
            kind=kind,
            spaces=tuple(chain),
            names=_names([known.spaces[id_] for id_ in chain]),
        )


def _stacked(spaces: Sequence[Space], known: _Known) -> dict[str, str]:
    """Of each space the one that lies over it on the next floor, the best fit first."""
    by_ordinal: dict[int, list[Space]] = defaultdict(list)
    for space in spaces:
        by_ordinal[known.ordinals[space.floor]].append(space)
    levels = sorted(set(known.ordinals.values()))
    above: dict[str, str] = {}
    for low, high in pairwise(levels):
        fits = sorted(_fits(by_ordinal[low], by_ordinal[high]), reverse=True)
        taken: set[str] = set()
        for _, one, other in fits:
            if one not in above and other not in taken:
                above[one] = other
                taken.add(other)
    return above


def _fits(low: Sequence[Space], high: Sequence[Space]) -> Iterator[tuple[float, str, str]]:
    upper = [shape_of(space.areas) for space in high]
    index = ShapeIndex(upper)
    for space in low:
        shape = shape_of(space.areas)
        for i in index.near(shape):
            share = overlap(shape, upper[i]) / min(shape.area, upper[i].area)
            if share >= _SAME_SHARE and _may_be_one(space.names, high[i].names):
                yield share, space.id, high[i].id


def _may_be_one(one: Names, other: Names) -> bool:
    """Whether two names can be of one thing: one has none, or they share one."""
    folded = [{name.casefold() for name in names.values()} for names in (one, other)]
    return not all(folded) or bool(folded[0] & folded[1])
