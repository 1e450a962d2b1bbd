"""The neutral nature table, and a fast search in it that forgives typing errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from triage.response import ordered_services


class _NatureData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    slug: str
    name: str
    registry_code: str
    group: str = Field(max_length=10)
    priority: int = Field(ge=1, le=4)
    standard_response: tuple[str, ...]
    dangerous: bool
    undetermined: bool
    words: tuple[str, ...]


class _TableData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    about: str
    version: str
    registry: str
    natures: tuple[_NatureData, ...]


@dataclass(frozen=True, slots=True)
class Nature:
    """One nature. ``registry_code``: APCO common incident type. ``group``: short word for wall boards.

    ``priority`` 1 to 4 is the default. ``standard_response``: services that go when nobody has triaged the call.
    ``dangerous``: never a program's call. ``undetermined``: says nothing about the call; fit asks for a better one.
    """

    slug: str
    name: str
    registry_code: str
    group: str
    priority: int
    standard_response: tuple[str, ...]
    dangerous: bool
    undetermined: bool
    words: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without the search words."""
        return {
            "slug": self.slug,
            "name": self.name,
            "registry_code": self.registry_code,
            "group": self.group,
            "priority": self.priority,
            "standard_response": list(self.standard_response),
            "dangerous": self.dangerous,
        }


#: Points of a match, best first. Own choice; only their order matters.
_EXACT, _STARTS, _ALMOST, _INSIDE = 8, 5, 3, 2


@dataclass(frozen=True, eq=False)
class Natures:
    """The table in display order."""

    version: str
    registry: str
    natures: tuple[Nature, ...]

    def get(self, slug: str | None) -> Nature | None:
        """The nature called ``slug``, or None when the table does not know it (it then excludes nothing)."""
        return _by_slug(self).get(slug) if slug is not None else None

    def search(self, text: str, limit: int = 8) -> tuple[Nature, ...]:
        """Natures whose code, name or words match every word typed, best first; small typing errors are forgiven.

        Each typed word may be whole, begun, or one or two slips away (an added, missing, wrong or swapped letter; two
        only from seven letters on). Empty text gives the table's first ``limit``.
        """
        typed = [w for w in text.casefold().replace("_", " ").replace("-", " ").split() if w]
        if not typed:
            return self.natures[:limit]
        found = []
        for place, (nature, terms) in enumerate(_terms(self)):
            points = [max(_points(word, term) for term in terms) for word in typed]
            if all(points):
                found.append((-sum(points), place, nature))
        return tuple(n for _, _, n in sorted(found, key=lambda f: f[:2])[:limit])


@lru_cache(maxsize=4)
def _by_slug(table: Natures) -> dict[str, Nature]:
    return {n.slug: n for n in table.natures}


@lru_cache(maxsize=4)
def _terms(table: Natures) -> tuple[tuple[Nature, tuple[tuple[str, int], ...]], ...]:
    result = []
    for nature in table.natures:
        weights = dict.fromkeys(nature.words, 0)
        weights |= dict.fromkeys((*nature.slug.split("_"), *nature.name.casefold().replace("-", " ").split()), 1)
        weights[nature.registry_code.casefold()] = 2
        result.append((nature, tuple(weights.items())))
    return tuple(result)


def _points(word: str, term_weight: tuple[str, int]) -> int:
    term, weight = term_weight
    if word == term:
        return _EXACT + weight
    if term.startswith(word):
        return _STARTS + weight
    if len(word) >= 4 and word in term:
        return _INSIDE + weight
    slips = 0 if len(word) < 4 else 1 if len(word) < 7 else 2
    if slips and abs(len(word) - len(term)) <= slips and _distance(word, term, slips) <= slips:
        return _ALMOST + weight
    return 0


def _distance(a: str, b: str, limit: int) -> int:
    """Edits (letter added, lost, changed, two swapped) from ``a`` to ``b``; more than ``limit`` may be cut short."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, row = row, current
    return row[-1]


@lru_cache(maxsize=1)
def load() -> Natures:
    """The table that ships with the code. Raises pydantic.ValidationError when the data file is damaged."""
    raw = resources.files("triage").joinpath("data/natures.json").read_text(encoding="utf-8")
    data = _TableData.model_validate(json.loads(raw))
    natures = tuple(
        Nature(**(n.model_dump() | {"standard_response": ordered_services(n.standard_response)})) for n in data.natures
    )
    return Natures(data.version, data.registry, natures)


def get(slug: str | None) -> Nature | None:
    """Short for ``load().get(slug)``."""
    return load().get(slug)


def search(text: str, limit: int = 8) -> tuple[Nature, ...]:
    """Short for ``load().search(text, limit)``."""
    return load().search(text, limit)
