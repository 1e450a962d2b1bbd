"""Programs, their immutable versions, protocol versions, and the stop key."""

import uuid

from django.db import models

from accounts.models import Agency, Centre, User
from responders.models import Team


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
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
    """One dated configuration of a program. Once published, only its state may change (a trigger says so).

    `spec` has the shape of a preset file (programs/preset_schema.py); `area` is a GeoJSON geometry (WGS84).
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="program_version_number_once"),
            models.UniqueConstraint(
                fields=["program"], condition=models.Q(state="published"), name="one_published_version_per_program"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=VersionState.values), name="program_version_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(approver__isnull=True) | ~models.Q(approver=models.F("author")),
                name="program_version_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program} v{self.number}"


class ProtocolVersion(models.Model):
    """The triage protocol of a centre: floors and base rules as data, dated, signed by a named medical director."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="protocols")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=VersionState.choices, default=VersionState.DRAFT)
    data = models.JSONField()
    medical_director = models.CharField(max_length=120, blank=True)
    review_by = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "number"], name="protocol_version_number_once"),
            models.UniqueConstraint(
                fields=["centre"], condition=models.Q(state="published"), name="one_published_protocol_per_centre"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=VersionState.values), name="protocol_version_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"protocol v{self.number}"


class Suspension(models.Model):
    """The stop key: diversion off for a program, a beat, a nature or everything. It only raises care.

    One supervisor sets it at once, with a reason; resuming takes two people (asked, then confirmed by another).
    """

    class Scope(models.TextChoices):
        ALL = "all", "All diversion"
        PROGRAM = "program", "One program"
        BEAT = "beat", "One beat"
        NATURE = "nature", "One nature"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="suspensions")
    scope = models.CharField(max_length=8, choices=Scope.choices)
    subject = models.CharField(max_length=80, blank=True, help_text="slug or beat name; empty for all")
    reason = models.CharField(max_length=200)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    resume_asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    resume_asked_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "scope", "subject"],
                condition=models.Q(lifted_at__isnull=True),
                name="suspension_once_while_on",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True)
                | (models.Q(resume_asked_by__isnull=False) & ~models.Q(lifted_by=models.F("resume_asked_by"))),
                name="suspension_resume_takes_two",
            ),
        ]

    def __str__(self) -> str:
        return f"stop {self.scope} {self.subject}"
