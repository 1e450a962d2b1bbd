"""The pool of database connections: the one that came back last is the next to be given out."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from config.database import database_from_url
from config.postgresql.base import DatabaseWrapper, WarmPool


@pytest.fixture
def pool() -> Iterator[WarmPool]:
    """A pool of the tests' database of this test's own."""
    asked = database_from_url(str(settings.DATABASE_URL), pool_size=3)
    wrapper = DatabaseWrapper({**connection.settings_dict, "OPTIONS": asked["OPTIONS"]}, alias="pool-test")
    made = wrapper.pool
    assert made is not None
    assert wrapper.pool is made
    made.open()
    yield made
    wrapper.close_pool()


def _pids(*held: Any) -> list[int]:
    return [one.info.backend_pid for one in held]


@pytest.mark.django_db
def test_the_connection_that_came_back_last_is_given_out_next(pool: WarmPool) -> None:
    first, second, third = (pool.getconn() for _ in range(3))
    for one in (second, third, first):
        pool.putconn(one)
    warm = _pids(first)
    for _ in range(3):
        again = pool.getconn()
        assert _pids(again) == warm
        pool.putconn(again)
    held = [pool.getconn() for _ in range(3)]
    assert sorted(_pids(*held)) == sorted(_pids(first, second, third))
    for one in held:
        pool.putconn(one)


@pytest.mark.django_db
def test_a_connection_that_the_server_has_ended_is_not_given_out(pool: WarmPool) -> None:
    lost = pool.getconn()
    [gone] = _pids(lost)
    pool.putconn(lost)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [gone])
        assert cursor.fetchone()[0]
    made = pool.getconn()
    assert _pids(made) != [gone]
    assert made.execute("SELECT 1").fetchone() == (1,)
    pool.putconn(made)
