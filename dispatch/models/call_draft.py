"""Words that are typed at a console and not sent yet."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from dispatch.models.call import Call

DRAFT_FIELDS = ("note", "where", "phone", "what", "carrier", "weapon_type", "access", "language")
"""The fields of a card whose unsent words are kept, by the names of their values."""
LONGEST_DRAFT = 4000
"""Characters, as many as a note may have."""


class CallDraft(models.Model):
    """The unsent words of one person in one field of one call: the latest only, and no part of the record.

    Written over while the person types, emptied when the field is sent, deleted when the call ends or after a day.
    `typed_at` is the browser's time, never later than the server's; within one `tab` an older one changes nothing.
    An empty text says that the words were sent: what was still on its way cannot bring them back.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="drafts")
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=12)
    text = models.CharField(max_length=LONGEST_DRAFT, blank=True)
    tab = models.UUIDField()
    typed_at = models.DateTimeField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "by", "field"], name="call_draft_once"),
            models.CheckConstraint(condition=Q(field__in=DRAFT_FIELDS), name="call_draft_field_known"),
            models.CheckConstraint(condition=Q(typed_at__lte=models.F("at")), name="call_draft_not_ahead"),
        ]

    def __str__(self) -> str:
        return f"draft of {self.field} of {self.call_id}"
