import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from dispatch.models.assignment import Assignment
from dispatch.models.call import Call
from dispatch.models.incident import Incident
from dispatch.models.target import HandoffTarget
from dispatch.states import TRANSFER_LIVE, TRANSFER_STATES
from people.models import Phone
from responders.models import Unit

_LIVE = sorted(TRANSFER_LIVE)


class Transfer(models.Model):
    """A caller who is given to somebody else by telephone, warmly: the giver stays on the line until they talk.

    Outward to the floor's clinicians, 988, 211, 311 or another centre; inward from them. The incident stays its owner's
    until the receiver has said that they have the caller. `bridge`: the receiver joins in addition, and class, clock
    and owner stay as they are. `id` is made by whoever offers and is the idempotency key.
    """

    class Direction(models.TextChoices):
        OUT = "out", "Out"
        IN = "in", "In"

    class Kind(models.TextChoices):
        CLINICIAN = "clinician", "Clinician"
        L988 = "988", "988"
        L211 = "211", "211"
        L311 = "311", "311"
        CENTRE = "other_centre", "Another centre"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="transfers")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="transfers")
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.OUT)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    target = models.ForeignKey(HandoffTarget, null=True, blank=True, on_delete=models.PROTECT, related_name="transfers")
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="transfers")
    assignment = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.PROTECT, related_name="transfers"
    )
    state = models.CharField(max_length=9, default="offered", choices=[(state, state) for state in TRANSFER_STATES])
    bridge = models.BooleanField(default=False, help_text="in addition: class, clock and owner do not change")
    reason = models.CharField(max_length=40, blank=True, help_text="coded: why it ended without being resolved")
    disposition = models.CharField(max_length=40, blank=True, help_text="coded: how a resolved one ended")
    offered_at = models.DateTimeField()
    offered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    rung_at = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    receiver = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="transfers_received"
    )
    receiver_name = models.CharField(
        max_length=80, blank=True, help_text="who answered, where they are not of the floor"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    team_asked_at = models.DateTimeField(null=True, blank=True, help_text="the clinician asked for a team")
    sender_phone = models.ForeignKey(
        Phone, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="whom to tell how it ended"
    )
    sender_reference = models.CharField(max_length=40, blank=True, help_text="the sender's own number for it")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["offered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "direction"], condition=Q(state__in=_LIVE), name="one_live_transfer_per_call"
            ),
            models.CheckConstraint(condition=Q(state__in=TRANSFER_STATES), name="transfer_state_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["clinician", "988", "211", "311", "other_centre"], direction__in=["out", "in"]),
                name="transfer_kind_known",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=_LIVE) & Q(ended_at__isnull=True))
                | (~Q(state__in=_LIVE) & Q(ended_at__isnull=False)),
                name="transfer_end_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | (~Q(disposition="") & Q(connected_at__isnull=False)),
                name="transfer_resolves_with_a_disposition",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["dropped", "declined", "returned"]) | ~Q(reason=""),
                name="transfer_comes_back_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="connected")
                | (Q(connected_at__isnull=False) & (Q(receiver__isnull=False) | ~Q(receiver_name=""))),
                name="transfer_is_received_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(direction="in") | Q(sender_phone__isnull=False), name="transfer_in_keeps_its_sender"
            ),
        ]
        indexes = [
            models.Index(fields=["offered_at"], condition=Q(state__in=_LIVE), name="transfer_live"),
            models.Index(fields=["incident", "offered_at"], name="transfer_by_incident"),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"
