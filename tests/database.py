"""The tests' databases: migrated once, copied for whoever needs one, and emptied after tests that commit."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import django
import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
_SCHEMA = ("*/migrations/*.py", "*/models.py", "*/models/*.py", "config/settings.py")
_BASE = str(settings.DATABASES["default"]["NAME"])
_ORDER = 7_310_412
"""One at a time: making the migrated database, and copying it."""
_KEPT = {"django_content_type", "auth_permission", "django_migrations"}
"""Tables that migrating fills and that no test writes."""


def _contents() -> str:
    """Stands for everything that migrating reads. With other contents the database is made anew.

    Migrations read nothing else of the product (tests/architecture says so); from the models come content types and
    permissions.
    """
    digest = hashlib.sha256(django.get_version().encode())
    for path in sorted(path for pattern in _SCHEMA for path in ROOT.glob(pattern)):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def address_of(name: str) -> str:
    """The address of another database of the tests' server, for a process of its own."""
    one = connection.settings_dict
    return f"postgresql://{quote(one['USER'])}:{quote(one['PASSWORD'])}@{one['HOST']}:{one['PORT'] or 5432}/{name}"


def _server() -> psycopg.Connection[tuple[str | None]]:
    """A connection beside all databases."""
    return psycopg.connect(address_of("postgres"), autocommit=True)


def _migrated(server: psycopg.Connection[tuple[str | None]]) -> sql.Identifier:
    """A database with every migration and nothing else. It stays, and serves again while the schema is the same."""
    name, contents = f"migrated_{_BASE}", _contents()
    known = server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if known != (contents,):
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0", "--run-syncdb"],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": address_of(name)}, check=True,
        )  # fmt: skip
        # Nobody looks in any more, also no housekeeping of the server: while somebody does, it cannot be copied.
        server.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(contents)))
    return sql.Identifier(name)


def database_make(name: str) -> None:
    """A fresh database of that name in the tests' server, with every migration."""
    with _server() as server:
        # Whoever comes second waits until the first is done.
        server.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [_ORDER, _BASE])
        migrated = _migrated(server)
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), migrated))


def connections_end() -> None:
    """This process lets go of its database."""
    one = connections[DEFAULT_DB_ALIAS]
    assert isinstance(one, DatabaseWrapper)
    one.close()
    one.close_pool()


def database_drop(name: str) -> None:
    """Drop it, whoever is still connected."""
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def tables_empty() -> None:
    """Empty every table that tests write.

    Django's own flush also throws away what migrating has made (content types, permissions) and makes it anew after
    each test: two thirds of its time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()")
        names = sorted(name for (name,) in cursor.fetchall() if name not in _KEPT)
        cursor.execute(f"TRUNCATE {', '.join(names)}")
