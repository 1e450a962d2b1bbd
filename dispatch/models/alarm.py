import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Centre, Role, User
from dispatch.models.incident import Incident
from responders.models import Unit


class Alarm(models.Model):
    """Something that a named role must act on. It has an owner, an action and an end; nothing leaves until handled."""

    class Kind(models.TextChoices):
        PANIC = "panic", "Crew needs help"
        STAGE_UNACKNOWLEDGED = "stage_unacknowledged", "Crew has not read the stage order"
        HANDOFF_UNACKNOWLEDGED = "handoff_unacknowledged", "Hand-off not acknowledged: phone them"
        PROMISE_WARNING = "promise_warning", "Promise runs out"
        PROMISE_BROKEN = "promise_broken", "Promise broken"
        NO_UNIT = "no_unit", "No unit can go"
        RETURNED = "returned", "Returned to 911"
        RISING_RISK = "rising_risk", "Danger rose after sending"
        ENGINE_ERROR = "engine_error", "No suggestion: use standard dispatch"
        SECOND_PERSON = "second_person", "A less cautious choice waits for you"
        SILENT_CONSOLE = "silent_console", "A console went silent with open calls"
        DROPPED_CALL = "dropped_call", "Dropped call: call back"
        HOLD_OVER = "hold_over", "Hold is over: call back"
        LATE_ENTRY = "late_entry", "Late entry: is it still live?"
        BACKUP_URGENT = "backup_urgent", "Crew wants backup now"
        BACKUP = "backup", "Crew asks for backup, no hurry"
        NOT_ANSWERING = "not_answering", "Unit is not answering: safety check by radio"
        SAFETY_CHECK = "safety_check", "Crew has not said it is OK: call them"
        STUCK_STATUS = "stuck_status", "Unit long in one status: ask them"
        CAUTION_UNREAD = "caution_unread", "Crew has not read a new hazard"
        PAIR_BROKEN = "pair_broken", "One half of a co-response fell out"
        PRIMARY_GONE = "primary_gone", "Primary unit has left: choose who leads"
        POLICE_NO_RELEASE = "police_no_release", "Police do not release the scene"
        CLINICIAN_UNAVAILABLE = "clinician_unavailable", "No clinician is available"
        RETURNED_BY_988 = "returned_by_988", "988 hands the call back"
        TRANSFER_DROPPED = "transfer_dropped", "Transfer dropped: who has the caller?"
        TRANSFER_UNANSWERED = "transfer_unanswered", "Nobody answers the transfer"
        TRANSFER_BACK = "transfer_back", "A transfer came back"
        TEAM_ASKED = "team_asked", "The clinician asks for a team"
        WORD_OWED = "word_owed", "Tell the sender: reached or not"
        HANDOFF_DECLINED = "handoff_declined", "Hand-off declined: somebody must go"
        ASK_AGAIN = "ask_again", "Waiting long: ask again"
        CALL_BACK = "call_back", "Tell the caller the new time"
        CHOOSE_UNIT = "choose_unit", "Asking took its time: choose a unit"
        PREEMPTED = "preempted", "Its unit was taken for a more urgent call"
        PROGRAM_UNCOVERED = "program_uncovered", "Program is open and has no unit on duty"
        POSITION_STALE = "position_stale", "Unit's position is old: ask where they are"
        SERVICE_SILENT = "service_silent", "A part of the system is silent"
        CALLBACK_DUE = "callback_due", "Call back as promised"
        CANCEL_ASKED = "cancel_asked", "Caller cancels: decide"
        VERSION_NOT_LIVE = "version_not_live", "An approved version did not go live"
        PLACE_CHANGED = "place_changed", "The place changed after sending: tell the crew"
        VISIT_DUE = "visit_due", "A booked visit cannot go as booked: decide"
        UNATTENDED = "unattended", "Nobody is on this call: say what happens"
        CALL_LOCKED = "call_locked", "A call is locked by a frozen process: offers for it wait"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="alarms")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    subject = models.CharField(max_length=60, help_text="what it is about, so that the same alarm is not raised twice")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms")
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms")
    urgent = models.BooleanField(default=False, help_text="act now: the only alarms that are red and sound")
    detail = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    owner_role = models.CharField(max_length=24, choices=Role.choices)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    escalated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    end_note = models.CharField(max_length=160, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-urgent", "opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(ended_at__isnull=True), name="alarm_once_while_open"
            ),
            models.CheckConstraint(
                condition=~Q(kind="panic", ended_at__isnull=False) | Q(ended_by__isnull=False),
                name="panic_ends_only_by_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(kind="backup_urgent", ended_at__isnull=False) | Q(ended_by__isnull=False),
                name="urgent_backup_ends_only_by_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["centre", "opened_at"], condition=Q(ended_at__isnull=True), name="alarm_open"),
            models.Index(fields=["subject", "kind"], name="alarm_by_subject"),
            models.Index(fields=["centre", "opened_at"], name="alarm_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


ENDS_WHEN_HEARD = frozenset(
    {Alarm.Kind.PANIC, Alarm.Kind.BACKUP_URGENT, Alarm.Kind.NOT_ANSWERING, Alarm.Kind.SAFETY_CHECK}
)
"""About a crew that may be in trouble: ends when the crew was heard, by whom, and never by a note alone."""
CALLS_FOR_HELP = (Alarm.Kind.PANIC, Alarm.Kind.BACKUP_URGENT)
"""Raised by a crew: no sign of life of its phone ends them, only a named person who has heard the crew."""
