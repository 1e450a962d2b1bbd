"""Rows behind the live boards: the event outbox, the epoch of its numbers, and the heartbeats of the loops."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """One change of one entity, written in the transaction that made the change. Append-only.

    ``id`` follows the order in which rows were begun, which is not the order in which they became visible.
    ``number`` is given after commit, by the renderer, one after the other without gaps across all centres: whoever
    reads by ``number`` never skips a row that was committed late. A database trigger refuses every other update and
    every delete.
    """

    id = models.BigAutoField(primary_key=True)
    number = models.BigIntegerField(null=True, unique=True, editable=False)
    centre_id = models.BigIntegerField()
    entity = models.CharField(max_length=40)
    entity_id = models.UUIDField()
    version = models.IntegerField()
    kind = models.CharField(max_length=60)
    ids = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="live_event_version_not_negative", condition=Q(version__gte=0)),
            models.CheckConstraint(
                name="live_event_number_positive", condition=Q(number__isnull=True) | Q(number__gt=0)
            ),
        ]
        indexes = [
            models.Index(name="live_event_unnumbered", fields=["id"], condition=Q(number__isnull=True)),
            models.Index(name="live_event_centre_number", fields=["centre_id", "number"]),
            models.Index(name="live_event_entity", fields=["entity_id", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.number or 'unnumbered'} {self.kind} {self.entity_id}"


class LiveEpoch(models.Model):
    """The one row that says which series of numbers this is. A restored database must get a new one."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    epoch = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(name="live_epoch_single_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.epoch)


class Heartbeat(models.Model):
    """The last sign of life of a loop that must run, one row per centre and role.

    Centre 0 stands for a process that serves every centre. ``at`` is the database's clock, since it is compared
    between machines. For the role ``renderer``, ``published`` is the number through which every audience has been
    told; a successor starts after it.
    """

    pk = models.CompositePrimaryKey("centre_id", "role")
    centre_id = models.BigIntegerField()
    role = models.CharField(max_length=20)
    at = models.DateTimeField()
    published = models.BigIntegerField(default=0)

    class Meta:
        db_table = "live_heartbeat"
        constraints = [models.CheckConstraint(name="live_heartbeat_role_named", condition=~Q(role=""))]

    def __str__(self) -> str:
        return f"{self.role} of centre {self.centre_id}"
