"""Teams, units, crews, shifts, positions. A unit's status is derived (dispatch); its service state is kept here."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Agency, Centre, User


class Team(models.Model):
    """A group of interchangeable units that one or more programs send."""

    class Kind(models.TextChoices):
        MOBILE = "mobile_team", "Mobile team"
        CO_RESPONSE = "co_response", "Co-response"
        TELE = "tele_clinician", "Tele-clinician"
        OUTREACH = "outreach", "Outreach"

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="teams")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="teams")
    slug = models.SlugField()
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    beats = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="that it serves; empty: all of its programs'",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["centre", "slug"], name="team_slug_once")]

    def __str__(self) -> str:
        return self.name


class Silence(models.TextChoices):
    """Why a unit counts as not answering."""

    EXPIRED_TWICE = "expired_twice", "let two offers run out"
    NOT_MOVING = "not_moving", "accepted and does not move"
    OVERDUE = "overdue", "under way for more than twice the expected time"
    NOT_CALLING = "not_calling", "accepted and has not taken the caller"


class Unit(models.Model):
    """One crewed resource that can be sent: a van, a pair, a clinician's desk, a police car, an ambulance."""

    class Kind(models.TextChoices):
        MOBILE = "mobile_team", "Mobile team"
        CLINICIAN = "clinician", "Clinician desk"
        OUTREACH = "outreach", "Outreach"
        CO_RESPONDER = "co_responder", "Co-responders"
        POLICE = "police", "Police"
        EMS = "ems", "EMS"
        FIRE = "fire", "Fire"

    class Service(models.TextChoices):
        IN_SERVICE = "in_service", "In service"
        ON_BREAK = "on_break", "On break"
        OUT_OF_SERVICE = "out_of_service", "Out of service"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="units")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="units")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="units")
    call_sign = models.CharField(max_length=24)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    capabilities = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    armed = models.BooleanField(default=False)
    unmarked = models.BooleanField(default=False)
    plain_clothes = models.BooleanField(default=False, help_text="its crew wears no uniform: others must be told")
    exclusive = models.BooleanField(default=True, help_text="takes one assignment at a time")
    service = models.CharField(max_length=16, choices=Service.choices, default=Service.IN_SERVICE)
    service_reason = models.CharField(max_length=80, blank=True)
    service_since = models.DateTimeField()
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    position_at = models.DateTimeField(null=True, blank=True)
    heading_deg = models.FloatField(null=True, blank=True, help_text="where it moves, clockwise from north; if known")
    speed_mps = models.FloatField(null=True, blank=True, help_text="metres a second; if known")
    position_by_tracker = models.BooleanField(
        default=False, help_text="the vehicle's tracker gave it, which says nothing about the crew's phone"
    )
    not_answering_since = models.DateTimeField(
        null=True, blank=True, help_text="while set, the engine recommends the unit for nothing; never out of service"
    )
    not_answering_reason = models.CharField(max_length=20, blank=True, choices=Silence.choices)
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was last heard after such a silence: what was before counts no more"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["call_sign"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "call_sign"], name="call_sign_once_per_centre"),
            models.CheckConstraint(
                condition=models.Q(service__in=["in_service", "on_break", "out_of_service"]), name="unit_service_known"
            ),
            models.CheckConstraint(
                condition=models.Q(lat__isnull=True, lon__isnull=True, position_at__isnull=True)
                | models.Q(lat__isnull=False, lon__isnull=False, position_at__isnull=False),
                name="unit_position_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(lat__isnull=True, heading_deg__isnull=True, speed_mps__isnull=True)
                | models.Q(lat__isnull=False)
                & (models.Q(heading_deg__isnull=True) | models.Q(heading_deg__gte=0, heading_deg__lt=360))
                & (models.Q(speed_mps__isnull=True) | models.Q(speed_mps__gte=0)),
                name="unit_movement_possible",
            ),
            models.CheckConstraint(
                condition=models.Q(not_answering_since__isnull=True, not_answering_reason="")
                | (models.Q(not_answering_since__isnull=False) & ~models.Q(not_answering_reason="")),
                name="unit_silence_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.call_sign


class CrewMember(models.Model):
    """Who is on a unit, since when. A crew change ends one row and starts another; assignments keep both."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="crew")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="crews")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(until__isnull=True), name="person_on_one_unit_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.unit}"


class Shift(models.Model):
    """A weekly pattern in the centre's zone: days 0 (Monday) to 6, hours 0 to 24.

    An end at or before the start runs past midnight.
    """

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="shifts")
    days = ArrayField(models.PositiveSmallIntegerField())
    starts_hour = models.PositiveSmallIntegerField()
    ends_hour = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_hour__range=(0, 23), ends_hour__range=(0, 24)), name="shift_hours_of_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.starts_hour}-{self.ends_hour}"


LATE_SERVICE = "service_late"
"""The history's action for a change of service that came too late to be applied."""


class UnitHistory(models.Model):
    """Service state and crew changes, append-only."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="history")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=32)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=80, blank=True)
    device_at = models.DateTimeField(null=True, help_text="when it happened, by the phone's clock")

    class Meta:
        indexes = [
            models.Index(
                fields=["unit", "device_at"],
                condition=models.Q(device_at__isnull=False),
                name="unit_history_by_press",
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.action}"


class StatusRules(models.Model):
    """How strictly a centre takes the usual order of statuses. A centre without a row warns.

    What protects a crew (stage order, unread hazards, the officer first) is enforced whatever is set here.
    """

    class Mode(models.TextChoices):
        OFF = "off", "Apply it, say nothing"
        WARN = "warn", "Apply it and say that it is out of order"
        ENFORCE = "enforce", "Refuse it"

    centre = models.OneToOneField(Centre, primary_key=True, on_delete=models.CASCADE, related_name="status_rules")
    status_transitions = models.CharField(max_length=8, choices=Mode.choices, default=Mode.WARN)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status_transitions__in=["off", "warn", "enforce"]), name="status_rules_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.centre}: {self.status_transitions}"
