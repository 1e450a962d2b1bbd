import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from dispatch.models.handoff import Handoff
from dispatch.models.incident import Incident
from dispatch.states import ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE, ASSIGNMENT_STATES
from programs.models import ProgramVersion
from responders.models import Unit

_LIVE = sorted(ASSIGNMENT_LIVE)
_ACCEPTED = sorted(ASSIGNMENT_ACCEPTED)


class Slot(models.TextChoices):
    """What a unit is sent as."""

    PRIMARY = "primary", "Primary team"
    OFFICER = "officer", "Officer"
    CLINICIAN = "clinician", "Clinician"
    MEDIC = "medic", "Medic"
    ASSIST = "assist", "Assisting"


class SentClass(models.TextChoices):
    """What a crew says afterwards of the response class that it was sent as."""

    TOO_LOW = "too_low", "Too low: this needed more"
    RIGHT = "right", "Right"
    TOO_HIGH = "too_high", "Too high: less would have done"


class Assignment(models.Model):
    """One unit bound to one slot of one incident. It begins as an offer, so the next unit is a new row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assignments")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="assignments")
    slot = models.CharField(max_length=10, choices=Slot.choices, default=Slot.PRIMARY)
    state = models.CharField(max_length=12, default="offered", choices=[(state, state) for state in ASSIGNMENT_STATES])
    exclusive = models.BooleanField(default=True)
    by_phone = models.BooleanField(default=False, help_text="answered by telephone: nobody travels")
    program_version = models.ForeignKey(
        ProgramVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="assignments"
    )
    offered_at = models.DateTimeField()
    offer_expires_at = models.DateTimeField()
    offered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    why = models.JSONField(default=dict, help_text="points, reasons and shortfalls at the moment of the offer")
    eta_s = models.PositiveIntegerField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    en_route_at = models.DateTimeField(null=True, blank=True)
    on_scene_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=40, blank=True)
    disposition = models.CharField(max_length=40, blank=True)
    cautions_read_at = models.DateTimeField(null=True, blank=True, help_text="accepting records the hazards as read")
    relayed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state_since = models.DateTimeField(
        null=True, blank=True, help_text="server's time of the last change of state; empty while only offered"
    )
    pair = models.UUIDField(
        null=True, blank=True, help_text="the same for the two halves of a co-response: they succeed or fail together"
    )
    officer_handoff = models.ForeignKey(
        Handoff,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the officer half, where police are another agency's units",
    )
    from_lat = models.FloatField(null=True, blank=True, help_text="where the unit was when it accepted, degrees")
    from_lon = models.FloatField(null=True, blank=True)
    near_at = models.DateTimeField(
        null=True, blank=True, help_text="first position within NEAR_M of the incident while en route: a suggestion"
    )
    check_due_at = models.DateTimeField(null=True, blank=True, help_text="until when the crew says that it is OK")
    sent_class = models.CharField(
        max_length=8, blank=True, choices=SentClass.choices, help_text="what the crew says of the class it was sent as"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state__in=_LIVE, exclusive=True), name="unit_one_live_exclusive_assignment"
            ),
            models.UniqueConstraint(
                fields=["incident", "slot"],
                condition=Q(state__in=_ACCEPTED) & ~Q(slot="assist"),
                name="slot_one_accepted_assignment",
            ),
            models.UniqueConstraint(
                fields=["incident", "unit"], condition=Q(state__in=_LIVE), name="unit_once_per_incident"
            ),
            models.CheckConstraint(condition=Q(state__in=ASSIGNMENT_STATES), name="assignment_state_known"),
            models.CheckConstraint(
                condition=(Q(state__in=_LIVE) & Q(ended_at__isnull=True))
                | (~Q(state__in=_LIVE) & Q(ended_at__isnull=False)),
                name="assignment_end_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="cleared") | ~Q(disposition=""), name="assignment_clears_with_a_disposition"
            ),
            models.CheckConstraint(condition=Q(offer_expires_at__gt=models.F("offered_at")), name="offer_has_time"),
            models.UniqueConstraint(
                fields=["pair", "slot"],
                condition=Q(pair__isnull=False, state__in=_LIVE),
                name="pair_has_one_of_each_half",
            ),
            models.CheckConstraint(
                condition=Q(officer_handoff__isnull=True) | Q(pair__isnull=False), name="officer_handoff_is_of_a_pair"
            ),
            models.CheckConstraint(
                condition=Q(check_due_at__isnull=True) | Q(state__in=["on_scene", "with_person"]),
                name="safety_check_only_on_scene",
            ),
            models.CheckConstraint(
                condition=Q(from_lat__isnull=True, from_lon__isnull=True)
                | Q(from_lat__isnull=False, from_lon__isnull=False),
                name="assignment_start_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["offer_expires_at"], condition=Q(state="offered"), name="offer_due"),
            models.Index(fields=["unit"], condition=Q(ended_at__isnull=True), name="assignment_open_of_unit"),
            models.Index(fields=["incident", "offered_at"], name="assignment_by_incident"),
            models.Index(
                fields=["unit", "-ended_at"], condition=Q(ended_at__isnull=False), name="assignment_last_of_unit"
            ),
            models.Index(fields=["check_due_at"], condition=Q(check_due_at__isnull=False), name="safety_check_due"),
            models.Index(fields=["pair"], condition=Q(pair__isnull=False), name="assignment_pair"),
            models.Index(fields=["unit", "state"], condition=Q(state__in=_LIVE), name="assignment_live_of_unit"),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"


class StageOrder(models.Model):
    """“STOP, STAGE”: the danger rose while a crew was under way. Only a person lifts it, with a reason.

    The alarm ends with the crew's acknowledgement: on the phone, or told by radio and by whom.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="stage_orders")
    reason = models.CharField(max_length=80, help_text="coded: the answer that rose, for example weapon=in_hand")
    words = models.CharField(max_length=160, help_text="what the crew reads")
    withdraw = models.BooleanField(default=False, help_text="the crew was already on the scene")
    at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_how = models.CharField(
        max_length=8, blank=True, choices=[("phone", "On the phone"), ("radio", "By radio")]
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lift_reason = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(lifted_at__isnull=True), name="one_standing_stage_order"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_how="")
                | (Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False) & ~Q(acknowledged_how="")),
                name="stage_acknowledgement_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | (Q(lifted_by__isnull=False) & ~Q(lift_reason="")),
                name="stage_lift_has_a_person_and_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"stage order {self.pk}"
