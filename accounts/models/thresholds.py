from django.db import models
from django.db.models import Q

from accounts.models.centre import Centre


class CentreThresholds(models.Model):
    """When a centre's clocks begin to matter, in seconds. A centre without a row has the defaults.

    `answer_s` follows NENA-STA-020.1 (90 % of calls answered within 15 s, 95 % within 20 s): a clock is shown as over
    at its threshold and as late a third later, so that the two answer targets fall out of one number. NENA gives no
    figure for the others; they are ours, and `waiting_s` is asked only where a program promises no wait of its own.
    """

    centre = models.OneToOneField(Centre, on_delete=models.CASCADE, related_name="thresholds", primary_key=True)
    answer_s = models.PositiveSmallIntegerField(default=15, help_text="from ringing to answered")
    entry_s = models.PositiveSmallIntegerField(default=30, help_text="from answered to a place being known")
    decision_s = models.PositiveSmallIntegerField(default=90, help_text="from answered to sent")
    waiting_s = models.PositiveSmallIntegerField(default=900, help_text="from sent to a crew's acceptance, no promise")
    callbacks_owed = models.PositiveSmallIntegerField(default=2, help_text="tries that a lost call is owed")
    callback_within_s = models.PositiveSmallIntegerField(default=120, help_text="in which all tries are made")

    class Meta:
        verbose_name_plural = "centre thresholds"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    answer_s__range=(1, 600),
                    entry_s__range=(1, 3600),
                    decision_s__range=(1, 3600),
                    waiting_s__range=(1, 14400),
                    callbacks_owed__range=(1, 5),
                    callback_within_s__range=(30, 3600),
                ),
                name="thresholds_possible",
            )
        ]

    def __str__(self) -> str:
        return f"thresholds of {self.centre_id}"
