"""What is owed around a call: tries to reach a lost caller, its way to a colleague, the mending of its address."""

import uuid

from django.db import models
from django.db.models import F, Q

from accounts.models import Centre, User
from dispatch.models.call import Call, LocationEntry


class CallbackAttempt(models.Model):
    """One try to reach a caller whose call was lost. Append-only; its words lie in a narrative entry of the same id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="callbacks")
    reached = models.BooleanField()
    at = models.DateTimeField()
    device_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"callback of {self.call_id}: {'reached' if self.reached else 'not reached'}"


class ConsolePost(models.Model):
    """What a console sent, by the id that it made: however often it comes, it is done once.

    Append-only. It keeps both times: when it was typed there, and when it arrived.
    """

    class What(models.TextChoices):
        LOCATION = "location", "Where"
        PHONE = "phone", "Number to call back"
        NATURE = "nature", "What"
        ANSWER = "answer", "Answer"
        DECISION = "decision", "Decision"
        END = "end", "End of the call"
        TRANSFER = "transfer", "Transfer"
        PERSON = "person", "Whom the call is about"

    id = models.UUIDField(primary_key=True, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="posts")
    what = models.CharField(max_length=8, choices=What.choices)
    at = models.DateTimeField()
    device_at = models.DateTimeField(null=True, blank=True)
    overtaken = models.BooleanField(default=False, help_text="late, and somebody had said otherwise: kept as a note")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    what__in=["location", "phone", "nature", "answer", "decision", "end", "transfer", "person"]
                ),
                name="console_post_what_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} of {self.call_id}"


class CallHandover(models.Model):
    """An open call offered to a named colleague. It changes hands only when they accept."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="handovers")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=10, blank=True, choices=Answer.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call"], condition=Q(answered_at__isnull=True), name="call_handed_to_one_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(by=F("to")), name="call_handed_to_somebody_else"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | Q(answered_at__isnull=False, answer__in=["accepted", "declined", "withdrawn"]),
                name="call_handover_answer_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["to"], condition=Q(answered_at__isnull=True), name="call_handover_waiting"),
        ]

    def __str__(self) -> str:
        return f"call {self.call_id} to {self.to}"


class AddressFollowUp(models.Model):
    """A forced address that somebody has looked into. Forced ones without a row wait in the list."""

    location = models.OneToOneField(LocationEntry, on_delete=models.PROTECT, related_name="follow_up")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=160, help_text="what was done, for example: added to the gazetteer")
    done_at = models.DateTimeField()
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"forced address {self.location_id}"
