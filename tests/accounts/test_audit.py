"""The audit trail: sealed in batches, verifiable, and impossible to change quietly."""

import uuid
from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditRow, Centre, User
from accounts.services import audit, audit_seal, audit_verify, display_create, display_hash, display_revoke


@pytest.fixture
def rows(centre: Centre, at: datetime) -> list[AuditRow]:
    AuditRow.objects.filter(seal__isnull=True).count()
    audit_seal()
    for n in range(3):
        audit(action="call.open", at=at, centre=centre, entity="call", entity_id=uuid.uuid4(), detail={"n": n})
    return list(AuditRow.objects.filter(seal__isnull=True).order_by("id"))


def _behind_the_triggers(*statements: str) -> None:
    """What somebody with the keys of the tables' owner could do."""
    tables = ("accounts_auditrow", "accounts_auditseal")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_rows_are_sealed_in_order_and_verified(rows: list[AuditRow]) -> None:
    before = audit_verify()[0]
    assert audit_verify() == (before, 3, None)
    assert audit_seal(limit=2) == 2
    assert audit_verify() == (before + 2, 1, None)
    assert audit_seal() == 1
    assert audit_seal() == 0
    assert audit_verify() == (before + 3, 0, None)


@pytest.mark.parametrize(
    "change",
    [
        "detail = '{\"n\": 9}'",
        "at = at + interval '1 second'",
        "actor = 'nobody'",
        "seal = repeat('0', 64)",
    ],
)
def test_tampering_is_found_at_its_row(rows: list[AuditRow], change: str) -> None:
    audit_seal()
    good = audit_verify()[0]
    _behind_the_triggers(f"UPDATE accounts_auditrow SET {change} WHERE id = {rows[1].pk}")
    assert audit_verify() == (good - 2, 0, rows[1].pk)


def test_a_removed_row_breaks_the_chain_behind_it(rows: list[AuditRow]) -> None:
    audit_seal()
    _behind_the_triggers(
        f"DELETE FROM accounts_auditseal WHERE row_id = {rows[1].pk}",
        f"DELETE FROM accounts_auditrow WHERE id = {rows[1].pk}",
    )
    assert audit_verify()[2] == rows[2].pk


def test_a_removed_seal_breaks_the_chain_behind_it(rows: list[AuditRow]) -> None:
    audit_seal()
    _behind_the_triggers(f"DELETE FROM accounts_auditseal WHERE row_id = {rows[0].pk}")
    assert audit_verify()[2] == rows[1].pk


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_auditrow SET detail = '{}'",
        "UPDATE accounts_auditrow SET seal = NULL",
        "UPDATE accounts_auditrow SET seal = 'x', action = 'y' WHERE seal IS NULL",
        "DELETE FROM accounts_auditrow",
        "UPDATE accounts_auditseal SET seal = 'x'",
        "DELETE FROM accounts_auditseal",
    ],
)
def test_the_database_refuses_changes(rows: list[AuditRow], sql: str) -> None:
    audit_seal(limit=2)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_simulated_is_set_at_creation_and_never_changes(centre: Centre) -> None:
    for table in ("accounts_centre", "accounts_agency"):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET simulated = NOT simulated")
    Centre.objects.update(name="Renamed")


def test_a_displays_token_is_shown_once_and_kept_as_a_hash(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    device, token = display_create(centre=centre, name="North wall", by=people["supervisor"], at=at)
    assert device.token_hash == display_hash(token)
    assert token not in str(AuditRow.objects.values_list("detail", flat=True))
    assert display_revoke(device=device, by=people["supervisor"], at=at).revoked_at == at
    assert AuditRow.objects.filter(action="display.revoke").count() == 1
    display_revoke(device=device, by=people["supervisor"], at=at)
    assert AuditRow.objects.filter(action="display.revoke").count() == 1
