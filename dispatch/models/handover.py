import uuid

from django.db import models
from django.db.models import F, Q

from accounts.models import Centre, User
from dispatch.models.alarm import Alarm
from dispatch.models.call import Call
from dispatch.models.incident import Incident


class Handover(models.Model):
    """A list of open work that one person offers to a named relief. Owners change when the relief accepts, not before.

    `taken` is a supervisor who takes somebody's list over at once, with a coded reason and without an offer.
    """

    STATES = ("offered", "accepted", "declined", "withdrawn", "taken")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="handovers")
    from_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="handovers_given")
    to_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="handovers_received")
    state = models.CharField(max_length=9, default="offered", choices=[(state, state) for state in STATES])
    note = models.CharField(max_length=400, blank=True, help_text="what the relief should know besides the list")
    reason = models.CharField(max_length=20, blank=True, help_text="coded; why a supervisor took it")
    offered_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True, help_text="when the relief opened the list")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-offered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["from_user"], condition=Q(state="offered"), name="one_handover_offered_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(from_user=F("to_user")), name="handover_relief_is_another"),
            models.CheckConstraint(
                condition=Q(state="offered", ended_at__isnull=True)
                | Q(state__in=["accepted", "declined", "withdrawn", "taken"], ended_at__isnull=False),
                name="handover_end_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(read_at__isnull=False), name="handover_read_before_accepted"
            ),
            models.CheckConstraint(condition=~Q(state="taken") | ~Q(reason=""), name="handover_taken_has_a_reason"),
        ]
        indexes = [models.Index(fields=["to_user"], condition=Q(state="offered"), name="handover_waiting")]

    def __str__(self) -> str:
        return f"{self.from_user} to {self.to_user}"


class HandoverItem(models.Model):
    """One open thing on a list: an incident, a call on the line, or an alarm. `moved_at`: when its owner changed."""

    handover = models.ForeignKey(Handover, on_delete=models.CASCADE, related_name="items")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    alarm = models.ForeignKey(Alarm, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(incident__isnull=False, call__isnull=True, alarm__isnull=True)
                | Q(incident__isnull=True, call__isnull=False, alarm__isnull=True)
                | Q(incident__isnull=True, call__isnull=True, alarm__isnull=False),
                name="handover_item_is_one_thing",
            ),
            models.UniqueConstraint(fields=["handover", "incident"], name="handover_incident_once"),
            models.UniqueConstraint(fields=["handover", "call"], name="handover_call_once"),
            models.UniqueConstraint(fields=["handover", "alarm"], name="handover_alarm_once"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id or self.call_id or self.alarm_id}"
