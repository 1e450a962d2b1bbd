from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User
from dispatch.models.assignment import Assignment
from dispatch.reasons import FOLLOW_UP_OWED, POLICE_ASKED, REFERRALS, SERVICES_ACCEPTED, TAKEN_TO


class CrewReport(models.Model):
    """What a crew says of its visit beside how it ended (Assignment.disposition). Codes only, so it can be counted.

    Written once, with the status that clears the assignment. An empty code was not said, which is no "no".
    """

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="report", primary_key=True)
    taken_to = models.CharField(max_length=20, blank=True)
    referral = models.CharField(max_length=20, blank=True)
    services = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    police_asked = models.CharField(max_length=12, blank=True)
    follow_up = models.CharField(max_length=8, blank=True, help_text="how soon somebody looks in again")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    taken_to__in=["", *TAKEN_TO],
                    referral__in=["", *REFERRALS],
                    services__contained_by=list(SERVICES_ACCEPTED),
                    police_asked__in=["", *POLICE_ASKED],
                    follow_up__in=["", *FOLLOW_UP_OWED],
                ),
                name="crew_report_codes_known",
            )
        ]

    def __str__(self) -> str:
        return f"report of {self.assignment_id}"
