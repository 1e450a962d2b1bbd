import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Centre, Role, User
from dispatch.states import INCIDENT_STATES
from programs.models import ProgramVersion

RESPONSE_CLASSES = ["emergency", "co_response", "mobile_team", "tele_clinician", "outreach_followup"]


class Incident(models.Model):
    """What happened; one or more calls tell of it. It has an owner, a clock and a next step until it has an outcome.

    The pending row is the queue: a broker message is only a nudge.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="incidents")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, default="open", choices=[(state, state) for state in INCIDENT_STATES])
    nature = models.CharField(max_length=40, blank=True)
    priority = models.PositiveSmallIntegerField(default=2)
    triaged = models.BooleanField(default=False, help_text="a person has answered a safety question")
    response_class = models.CharField(max_length=20, blank=True, help_text="as decided by a person; empty before")
    program_version = models.ForeignKey(
        ProgramVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents"
    )
    owner_role = models.CharField(max_length=24, choices=Role.choices, default=Role.CALL_TAKER)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents_owned")
    opened_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="when a person sent it")
    promise_from = models.DateTimeField(null=True, blank=True, help_text="when the promised wait began")
    promise_at = models.DateTimeField(null=True, blank=True, help_text="end of the program's maximum wait")
    promise_extended = models.PositiveSmallIntegerField(default=0, help_text="how often a person extended this promise")
    top_at = models.DateTimeField(
        null=True, blank=True, help_text="came back or was dropped: first of its priority until somebody has it"
    )
    ask_again_at = models.DateTimeField(
        null=True, blank=True, help_text="it has waited long: the safety questions are asked again"
    )
    held_until = models.DateTimeField(null=True, blank=True)
    offer_wanted = models.BooleanField(default=False, help_text="the engine looks for a unit")
    risen_at = models.DateTimeField(
        null=True, blank=True, help_text="danger rose after sending: no further offers until a person decides again"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=40, blank=True)
    not_diverted_reason = models.CharField(max_length=40, blank=True)
    no_unit_reason = models.CharField(max_length=40, blank=True, help_text="coded, while pending and nobody can go")
    no_unit_detail = models.JSONField(default=list, blank=True)
    joined_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="joined")
    late = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "number"], name="incident_number_once_per_centre"),
            models.CheckConstraint(condition=Q(state__in=INCIDENT_STATES), name="incident_state_known"),
            models.CheckConstraint(condition=Q(priority__range=(1, 4)), name="incident_priority_1_to_4"),
            models.CheckConstraint(
                condition=Q(response_class__in=["", *RESPONSE_CLASSES]), name="incident_class_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="incident_closes_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(held_until__isnull=False), name="incident_hold_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(state="joined", joined_into__isnull=False)
                | (~Q(state="joined") & Q(joined_into__isnull=True)),
                name="incident_joined_names_its_other",
            ),
            # Nothing that waits for a unit is without a person's decision.
            models.CheckConstraint(
                condition=Q(offer_wanted=False) | ~Q(response_class=""), name="incident_offers_follow_a_decision"
            ),
            models.CheckConstraint(
                condition=Q(offer_wanted=False) | Q(risen_at__isnull=True), name="incident_risen_offers_nobody"
            ),
        ]
        indexes = [
            models.Index(
                fields=["centre", "priority", "sent_at"],
                condition=Q(offer_wanted=True),
                name="incident_queue",
            ),
            models.Index(
                fields=["centre", "priority", "opened_at"],
                condition=~Q(state__in=["closed", "joined"]),
                name="incident_live",
            ),
            models.Index(fields=["centre", "-closed_at"], name="incident_closed"),
            models.Index(fields=["centre", "sent_at"], condition=Q(sent_at__isnull=False), name="incident_sent"),
        ]

    def __str__(self) -> str:
        return f"#{self.number:04d}"
