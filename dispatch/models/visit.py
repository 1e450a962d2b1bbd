"""Booked visits: work that is agreed for later and occupies nobody until it falls due."""

import uuid

from django.db import models
from django.db.models import F, Q

from accounts.models import Centre, User
from dispatch.models.incident import Incident
from dispatch.states import VISIT_STATES
from programs.models import Program
from responders.models import Unit


class Visit(models.Model):
    """A visit that a person booked from an incident: who goes, between when and when, and what is known of danger.

    Place and telephone are those of the incident that it was booked from, read again when it falls due. `answers` are
    coded: what the safety questions come to for the visit, as whoever booked it said. Until it falls due it is no
    incident, has no assignment, and a unit that it names is free for calls. `incident` is what it became.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="visits")
    source = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="visits")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="visits")
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="visits", help_text="preferred, never bound"
    )
    state = models.CharField(max_length=10, default="booked", choices=[(state, state) for state in VISIT_STATES])
    purpose = models.CharField(max_length=24, help_text="coded: dispatch.reasons.VISIT_PURPOSES")
    nature = models.CharField(max_length=40)
    answers = models.JSONField(default=dict)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="somebody is there by then")
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="when it fell due or was cancelled")
    incident = models.OneToOneField(
        Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="from_visit"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=VISIT_STATES), name="visit_state_known"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="visit_window_has_time"),
            models.CheckConstraint(
                condition=Q(state="booked", ended_at__isnull=True, incident__isnull=True)
                | Q(state="due", ended_at__isnull=False, incident__isnull=False)
                | Q(state="cancelled", ended_at__isnull=False, incident__isnull=True),
                name="visit_end_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(incident__isnull=True) | ~Q(incident=F("source")), name="visit_is_another_incident"
            ),
        ]
        indexes = [
            models.Index(fields=["centre", "starts_at"], condition=Q(state="booked"), name="visit_booked"),
            models.Index(fields=["centre", "-ended_at"], condition=~Q(state="booked"), name="visit_ended_last"),
            models.Index(fields=["source"], name="visit_by_source"),
        ]

    def __str__(self) -> str:
        return f"visit {self.pk}"
