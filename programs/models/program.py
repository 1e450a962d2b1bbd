"""Programs and their versions."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Agency, Centre, User
from programs.models.check import Check
from responders.models import Team


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    SCHEDULED = "scheduled", "Approved, not live yet"
    PUBLISHED = "published", "Published"
    SUPERSEDED = "superseded", "Superseded"
    RETIRED = "retired", "Retired"


class Program(models.Model):
    """A diversion program of the centre: what it is called and who runs it. What it does is its live version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="programs")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="programs")
    slug = models.SlugField()
    name = models.CharField(max_length=120)
    teams = models.ManyToManyField(Team, related_name="programs", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["centre", "slug"], name="program_slug_once_per_centre")]

    def __str__(self) -> str:
        return self.name


class ProgramVersion(models.Model):
    """One dated configuration of a program. Once approved, only its state may change (a trigger says so).

    `spec` has the shape that programs/spec.py says; `area` is a GeoJSON geometry (WGS84), made from the parts of the
    spec. `base` is the version that was live when the draft was begun. `editors` are the people who changed it.
    `locks` counts the savings of each section of the editor, so that two people cannot overwrite each other unseen.
    `unsaved` keeps what was typed and could not be accepted, by section, so that it is never lost.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=VersionState.choices, default=VersionState.DRAFT)
    spec = models.JSONField()
    area = models.JSONField()
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    effective_from = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    base = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    proof = models.ForeignKey(Check, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    editors = ArrayField(models.BigIntegerField(), default=list, blank=True)
    locks = models.JSONField(default=dict, blank=True)
    unsaved = models.JSONField(default=dict, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="program_version_number_once"),
            models.UniqueConstraint(
                fields=["program"], condition=models.Q(state="published"), name="one_published_version_per_program"
            ),
            models.UniqueConstraint(
                fields=["program"], condition=models.Q(state="scheduled"), name="one_scheduled_version_per_program"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=VersionState.values), name="program_version_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(approver__isnull=True) | ~models.Q(approver=models.F("author")),
                name="program_version_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="scheduled") | models.Q(effective_from__isnull=False),
                name="scheduled_program_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program} v{self.number}"
