from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat

from accounts.models import User
from dispatch.models.call import Call
from dispatch.models.incident import Incident


class CueDismissal(models.Model):
    """A person said that words of an incident's notes do not mean what the cue extractor proposed. Append-only.

    It holds for that incident and that `mark` (question, value, words as matched) only: other words, or the same words
    on another incident, are proposed anew. `lexicon` is the version that proposed it.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="cue_dismissals")
    call = models.ForeignKey(Call, null=True, on_delete=models.PROTECT, related_name="+")
    mark = models.CharField(max_length=300)
    key = models.CharField(max_length=32)
    lexicon = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "mark"], name="cue_dismissed_once"),
            models.CheckConstraint(
                condition=~Q(mark="") & ~Q(key="") & ~Q(lexicon=""), name="cue_dismissal_names_what_and_by_which"
            ),
            models.CheckConstraint(
                condition=Q(mark__startswith=Concat("key", Value("="))),
                name="cue_dismissal_mark_is_of_its_question",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} dismissed on {self.incident_id}"
