from django.db import models
from django.db.models import Q

from accounts.models.centre import Centre


class CrewLine(models.Model):
    """Whom a crew telephones or texts when its call for help does not reach the server. Without a row there is nobody.

    `answered_by` names who answers, as the crew reads it: a person on duty or a position, never a mailbox. A text
    carries the unit's call sign and last position and nothing about anybody else.
    """

    centre = models.OneToOneField(Centre, on_delete=models.CASCADE, related_name="crew_line", primary_key=True)
    answered_by = models.CharField(max_length=60, help_text="who answers, for example: floor supervisor")
    call_number = models.CharField(max_length=16, help_text="E.164, or an emergency number such as 911")
    text_number = models.CharField(max_length=16, blank=True, help_text="empty where nobody reads texts at once")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(call_number__regex=r"^(\+[1-9][0-9]{6,14}|[0-9]{3})$")
                & Q(text_number__regex=r"^(|\+[1-9][0-9]{6,14}|[0-9]{3})$"),
                name="crew_line_is_numbers",
            ),
            models.CheckConstraint(condition=~Q(answered_by=""), name="crew_line_has_somebody"),
        ]

    def __str__(self) -> str:
        return f"crew line of {self.centre_id}"
