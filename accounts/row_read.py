"""Rows as their models, by statements that are written once: a third of what the ORM costs. Hot paths only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, TypeAlias, TypeVar

from django.db import connection
from django.db.models import ForeignKey, Model, OneToOneRel
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)
_More: TypeAlias = tuple[tuple[str, str], ...]
_Converter: TypeAlias = Callable[[Any, None, Any], Any]


class _Part:
    """One table of a statement: how its columns of a row become an instance, and whose relation it fills."""

    def __init__(self, model: type[Model], alias: str, offset: int, without: Sequence[str]) -> None:
        fields = [one for one in model._meta.concrete_fields if one.attname not in without]
        # The columns by name: a prepared statement with a star fails once a migration has added one.
        self.columns = ", ".join(f"{alias}.{one.column}" for one in fields)
        self.names = [one.attname for one in fields]
        self.end = offset + len(fields)
        self._new, self._offset = partial(model.__new__, model), offset
        key = model._meta.pk
        self._key = offset + next(nth for nth, one in enumerate(fields) if one is key)
        converts = ((offset + nth, getattr(one, "from_db_value", None)) for nth, one in enumerate(fields))
        self._converters: list[tuple[int, _Converter]] = [(nth, how) for nth, how in converts if how is not None]

    def made(self, row: list[Any]) -> Model | None:
        """The instance of one row; None where a joined row is missing."""
        if row[self._key] is None:
            return None
        for nth, convert in self._converters:
            row[nth] = convert(row[nth], None, connection)
        # What Model.from_db leaves behind, without its walk over all fields (four fifths of making a row): a column
        # that was left out is no attribute yet and is fetched when asked for, as of a deferred field.
        made = self._new()
        made._state = state = ModelState()
        state.adding, state.db = False, connection.alias
        made.__dict__.update(zip(self.names, row[self._offset : self.end], strict=True))
        return made


class _Statement:
    def __init__(self, model: type[Model], joined: Sequence[str], without: Sequence[str], more: _More) -> None:
        table = model._meta.db_table
        self._parts = [_Part(model, "one", 0, _without(without, ""))]
        self._links: list[tuple[int, Any]] = []
        models: dict[str, tuple[int, str, type[Model]]] = {"": (0, "one", model)}
        joins = []
        for path in joined:
            parent, _, name = path.rpartition("__")
            place, above, owner = models[parent]
            relation: Any = owner._meta.get_field(name)
            if not isinstance(relation, ForeignKey | OneToOneRel):
                raise TypeError(f"{path} is no single row")
            other: type[Model] = relation.related_model
            there = other._meta.pk.column if isinstance(relation, ForeignKey) else relation.field.column
            here = relation.column if isinstance(relation, ForeignKey) else owner._meta.pk.column
            alias = f'"{path}"'
            joins.append(f"LEFT JOIN {other._meta.db_table} {alias} ON {alias}.{there} = {above}.{here}")
            models[path] = (len(self._parts), alias, other)
            self._links.append((place, relation))
            self._parts.append(_Part(other, alias, self._parts[-1].end, _without(without, path)))
        self._more = [name for name, _ in more]
        columns = ", ".join([*(part.columns for part in self._parts), *(words for _, words in more)])
        self.sql = f"SELECT {columns} FROM {table} one {' '.join(joins)} WHERE "  # noqa: S608 - names of models

    def rows(self, condition: str, values: Sequence[Any] | dict[str, Any]) -> Iterator[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql + condition, values)
            found = cursor.fetchall()
        for row in found:
            given = list(row)
            made = [part.made(given) for part in self._parts]
            for (place, relation), other in zip(self._links, made[1:], strict=True):
                owner = made[place]
                if owner is not None:
                    _link(owner, relation, other)
            for name, value in zip(self._more, given[self._parts[-1].end :], strict=True):
                setattr(made[0], name, value)
            yield made[0]


def _without(without: Sequence[str], path: str) -> list[str]:
    return [name for owner, _, name in (one.rpartition("__") for one in without) if owner == path]


def _link(owner: Model, relation: Any, other: Model | None) -> None:
    """What select_related leaves behind: nothing is remembered of a reverse relation that is empty."""
    if isinstance(relation, ForeignKey):
        relation.set_cached_value(owner, other)
    elif other is not None:
        relation.set_cached_value(owner, other)
        relation.field.set_cached_value(other, owner)


@lru_cache(maxsize=128)
def _statement(model: type[Model], joined: tuple[str, ...], without: tuple[str, ...], more: _More) -> _Statement:
    return _Statement(model, joined, without, more)


def rows_read(
    model: type[M],
    condition: str,
    values: Sequence[Any] | dict[str, Any],
    *,
    joined: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    more: _More = (),
) -> list[M]:
    """The rows of the model's table (named `one`) that meet the condition. What orders or locks them may follow it.

    `joined`: paths of single rows to read along, as for select_related, each parent before its child; each is the name
    of its table in the condition. `without`: columns to leave out, by path. `more`: attributes that the rows get
    besides, each with its SQL. All are few and written in the code.
    """
    return list(_statement(model, joined, without, more).rows(condition, values))


def row_read(
    model: type[M],
    condition: str,
    values: Sequence[Any] | dict[str, Any],
    *,
    joined: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    more: _More = (),
) -> M | None:
    """The first of `rows_read`, or None."""
    return next(_statement(model, joined, without, more).rows(condition, values), None)
