"""Reads: the gazetteer, areas, cautions, persons."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import Case, Exists, F, FloatField, Max, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from accounts.models import Centre
from accounts.row_read import rows_read
from people.geometry import box_around, covers, distance_m
from people.models import Area, Caution, PersonDetail, Place
from people.models.person import name_key
from people.models.place import COMMON_WORDS

CAUTION_RADIUS_M = 30.0
"""How near a premise must be for its cautions to be shown; about a building."""
TYPO_THRESHOLD = 0.42
"""Word similarity from which a gazetteer entry counts as meant; pg_trgm's own 0.6 misses two typos in one name."""
_HOUSE = re.compile(r"([0-9]+[a-z]?) ")
_SHORT = {
    "street": "st",
    "avenue": "ave",
    "road": "rd",
    "drive": "dr",
    "lane": "ln",
    "boulevard": "blvd",
    "court": "ct",
    "place": "pl",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "and": "&",
    "at": "&",
    "/": "&",
}


def normalise(text: str) -> str:
    """The form in which places are compared: lower case, common words shortened, one space."""
    words = re.sub(r"[^\w&/#]+", " ", text.lower()).replace("/", " / ").split()
    return " ".join(_SHORT.get(word, word) for word in words)


def places_search(*, centre: Centre, text: str, limit: int = 8) -> list[Place]:
    """Gazetteer entries like `text`, best first: exact, then beginning with it, then meant in spite of mistakes.

    Mistakes are looked for in what tells places from each other (`Place.name`): "st" or "1200" would fit a whole city.
    A house number must fit as typed; if no entry of that number is near, streets, blocks and corners are shown.
    """
    wanted = normalise(text)
    if len(wanted) < 2:
        return []
    here = Place.objects.filter(centre=centre)
    found = list(
        here.filter(search__startswith=wanted).order_by(
            Case(When(search=wanted, then=Value(0.0)), default=Value(1.0), output_field=FloatField()), "search"
        )[:limit]
    )
    name = re.sub(COMMON_WORDS, "", wanted).strip()
    number = _HOUSE.match(wanted)
    if len(found) >= limit or len(name) < 3 or (found and found[0].search == wanted and number):
        return found
    within = [here.filter(search__startswith=f"{number.group(1)} ")] if number else []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(TYPO_THRESHOLD)])
        for rows in (*within, here.exclude(kind=Place.Kind.ADDRESS), here):
            # Any address only where nothing with the typed number was near: there may be thousands on one street.
            if len(found) >= limit or (found and number and rows is here):
                break
            near = rows.filter(name__trigram_word_similar=name).exclude(pk__in=[place.pk for place in found])
            found += near.annotate(nearness=TrigramWordSimilarity(wanted, F("search"))).order_by("-nearness", "search")[
                : limit - len(found)
            ]
    return found


def area_of(*, centre: Centre, kind: str, lat: float, lon: float) -> str:
    """The name of the beat or district that holds the point; empty outside all of them."""
    for name, shape in Area.objects.filter(centre=centre, kind=kind).order_by("name").values_list("name", "shape"):
        if covers(shape, lat, lon):
            return str(name)
    return ""


def cautions_standing(*, centre: Centre, at: datetime) -> QuerySet[Caution]:
    """Cautions that have not expired."""
    return Caution.objects.filter(centre=centre, added_at__lte=at, expires_at__gt=at).select_related("premise")


def cautions_at(
    *,
    centre: Centre,
    lat: float | None,
    lon: float | None,
    place: Place | None = None,
    persons: tuple[str, Sequence[Any]] | None = None,
    at: datetime,
) -> list[Caution]:
    """Standing cautions of premises at the place or within CAUTION_RADIUS_M of the point, and of `persons` (a query of
    their ids with its values), worst first.

    What is there is on file, also where the clock of whoever put it there goes before the reader's.
    """
    wanted: list[str] = []
    values: list[Any] = [centre.pk, at]
    if place is not None:
        wanted.append("premise.place_id = %s")
        values.append(place.pk)
    if lat is not None and lon is not None:
        wanted.append("(premise.lat BETWEEN %s AND %s AND premise.lon BETWEEN %s AND %s)")
        values += box_around(lat, lon, CAUTION_RADIUS_M)
    if persons is not None:
        wanted.append(f"one.person_id IN ({persons[0]})")
        values += persons[1]
    if not wanted:
        return []
    standing = f"one.centre_id = %s AND one.expires_at > %s AND ({' OR '.join(wanted)})"
    found = [
        caution
        for caution in rows_read(Caution, standing, values, joined=("premise",))
        if caution.premise is None
        or (
            (place is not None and caution.premise.place_id == place.pk)
            or lat is None
            or lon is None
            or distance_m(lat, lon, caution.premise.lat, caution.premise.lon) <= CAUTION_RADIUS_M
        )
    ]
    order = {"danger": 0, "warn": 1, "info": 2}
    return sorted(found, key=lambda caution: (order[caution.severity], caution.added_at))


@dataclass(frozen=True)
class PersonWords:
    """A person as one reader may see them; what is for other audiences is left out."""

    id: UUID
    name: str = ""
    also: str = ""
    born: str = ""
    about: str = ""

    @property
    def words(self) -> str:
        """A name with the year of birth, or that there is nothing for this reader."""
        name = self.name or self.also or "Known person (name is not yours to read)"
        return f"{name}, born {self.born}" if self.born else name


_PART_OF = {
    PersonDetail.Field.NAME: "name",
    PersonDetail.Field.ALSO: "also",
    PersonDetail.Field.BORN: "born",
    PersonDetail.Field.ABOUT: "about",
}


def persons_read(ids: Collection[UUID], *, audiences: Collection[str]) -> dict[UUID, PersonWords]:
    """The persons' words for a reader of these audiences; of several of one kind the latest."""
    if not ids:
        return {}
    parts: dict[UUID, dict[str, str]] = {id: {} for id in ids}
    for one in PersonDetail.objects.filter(person__in=ids, audience__in=audiences).order_by("at", "id"):
        if one.field in _PART_OF:
            parts[one.person_id][_PART_OF[PersonDetail.Field(one.field)]] = one.text
    return {id: PersonWords(id, **found) for id, found in parts.items()}


_YEAR = re.compile(r"\b(?:18|19|20)\d\d\b")
_MOST_WORDS = 5


def persons_search(*, centre: Centre, text: str, audiences: Collection[str], limit: int = 6) -> list[UUID]:
    """Persons of a name like the words, in any order and with typing errors, best first; a year is the year of birth.

    With a name the year only puts those who fit first: callers guess it. Names for other audiences find nobody.
    """
    year = _YEAR.search(text)
    wanted = name_key(_YEAR.sub(" ", text)).split()[:_MOST_WORDS]
    details = PersonDetail.objects.filter(person__centre=centre, audience__in=audiences)
    years = details.filter(field=PersonDetail.Field.BORN, text=year.group() if year else "")
    if not wanted:
        return list(dict.fromkeys(years.order_by("-at").values_list("person_id", flat=True)[:limit])) if year else []
    if max(map(len, wanted)) < 2:
        return []
    fits = Q()
    nearness: Combinable = Value(0.0, output_field=FloatField())
    for word in wanted:
        fits &= Q(search__trigram_word_similar=word) | Q(search__startswith=word) | Q(search__contains=f" {word}")
        nearness = nearness + TrigramWordSimilarity(word, F("search"))
    born = Exists(years.filter(person=OuterRef("person"))) if year else Value(False)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(TYPO_THRESHOLD)])
        named = details.filter(fits).annotate(near=nearness, of_year=born)
        rows = (
            named.values("person_id", "of_year").annotate(best=Max("near")).order_by("-of_year", "-best", "person_id")
        )
        return [row["person_id"] for row in rows[:limit]]
