"""Address points into the gazetteer. Repeating an import changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import shapely
from django.db import transaction
from shapely.geometry.base import BaseGeometry

from accounts.models import Centre, User
from accounts.services import audit
from interop.address_points.reader import AddressPoint, BadPoint
from people.models import Area, Place
from people.selectors import normalise

_BATCH = 2000


@dataclass
class Imported:
    """What an import did. `bad` holds the first points that were not understood; `rejected` counts them all."""

    made: int = 0
    moved: int = 0
    same: int = 0
    rejected: int = 0
    outside: int = 0
    bad: list[BadPoint] = field(default_factory=list)


class Beats:
    """Beats of a centre by point: an index over their shapes, since a city has a hundred thousand addresses."""

    def __init__(self, centre: Centre) -> None:
        rows = list(Area.objects.filter(centre=centre, kind="beat").order_by("name"))
        self._names = [row.name for row in rows]
        shapes: list[BaseGeometry] = [shapely.geometry.shape(row.shape) for row in rows]
        self._tree = shapely.STRtree(shapes)

    def of(self, lat: float, lon: float) -> str:
        """The first beat by name that holds the point, its edge included; empty outside all of them."""
        found = sorted(int(at) for at in self._tree.query(shapely.Point(lon, lat), predicate="intersects"))
        return self._names[found[0]] if found else ""


@transaction.atomic
def address_points_import(
    *, centre: Centre, points: Iterable[AddressPoint | BadPoint], by: User | None, at: datetime, most_bad: int = 50
) -> Imported:
    """Add the points to the gazetteer; one that is known by kind and label is moved if its place has changed.

    All or nothing: an import that breaks off leaves the gazetteer as it was. A label that the file has twice keeps the
    first point (units in one building).
    """
    said, beats, seen = Imported(), Beats(centre), set[tuple[str, str]]()
    rest = iter(points)
    while some := list(islice(rest, _BATCH)):
        good: dict[tuple[str, str], AddressPoint] = {}
        for one in some:
            if isinstance(one, BadPoint):
                said.rejected += 1
                said.bad += [one][: most_bad - len(said.bad)]
            elif (one.kind, one.label) not in seen:
                seen.add((one.kind, one.label))
                good[one.kind, one.label] = one
        _stored(centre, good, beats, said)
    audit(
        action="gazetteer.import",
        at=at,
        by=by,
        centre=centre,
        entity="centre",
        entity_id=centre.pk,
        detail={"made": said.made, "moved": said.moved, "rejected": said.rejected},
    )
    return said


def _stored(centre: Centre, good: dict[tuple[str, str], AddressPoint], beats: Beats, said: Imported) -> None:
    labels = {label for _, label in good}
    known = {(row.kind, row.label): row for row in Place.objects.filter(centre=centre, label__in=labels)}
    made, moved = [], []
    for key, one in good.items():
        row = known.get(key)
        if row is not None and (row.lat, row.lon) == (one.lat, one.lon):
            said.same += 1
            continue
        beat = beats.of(one.lat, one.lon)
        said.outside += not beat
        if row is not None:
            row.lat, row.lon, row.beat = one.lat, one.lon, beat
            moved.append(row)
            continue
        search = normalise(one.label)[:200]
        made.append(
            Place(centre=centre, kind=one.kind, label=one.label, search=search, lat=one.lat, lon=one.lon, beat=beat)
        )
    Place.objects.bulk_create(made, batch_size=1000)
    Place.objects.bulk_update(moved, ["lat", "lon", "beat"], batch_size=1000)
    said.made += len(made)
    said.moved += len(moved)
