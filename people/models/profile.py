import uuid

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact

from accounts.models import Centre
from people.models.person import Phone

PROFILE_DETAILS: dict[str, str] = {
    "lives_here": "Who lives there",
    "medical": "Medical condition",
    "mobility": "Mobility",
    "equipment": "Depends on equipment",
    "communication": "How to communicate",
    "triggers": "What upsets or calms",
    "pets": "Animals",
    "entry": "How to get in",
    "contact": "Whom to reach",
    "vehicle": "Vehicle",
    "swatting_risk": "False reports feared: respond as to any call",
    "other": "Something else",
}
"""Code to words of what a resident may tell a centre: the one table of them.

The kinds are those that public descriptions of Smart911 name (whnt.com, NAMI Santa Fe, its own blog). The fear of false
reports is Seattle's addition, which neither slows nor shrinks a response there; so say the words.
"""


class SafetyProfile(models.Model):
    """What a resident has told a registry about themselves, for calls from this number. Self-reported and dated.

    The words are the resident's own: they are read on a live call from the confirmed number, and nowhere else. Deleted
    when they are withdrawn.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="+")
    source = models.SlugField(max_length=40, db_index=False, help_text="the registry that it came from")
    external_id = models.CharField(max_length=80, help_text="the registry's own id of this profile and number")
    details = models.JSONField(help_text="a list of code and text; codes as in PROFILE_DETAILS")
    confirmed_at = models.DateTimeField(help_text="when the resident last said that it is right")
    received_at = models.DateTimeField(help_text="when the centre got it as it is")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "source", "external_id"], name="safety_profile_once"),
            models.CheckConstraint(condition=~Q(source="") & ~Q(external_id=""), name="safety_profile_has_its_source"),
            models.CheckConstraint(
                condition=Q(confirmed_at__lte=F("received_at")), name="safety_profile_confirmed_before"
            ),
            models.CheckConstraint(
                condition=Q(
                    Exact(Func(F("details"), function="jsonb_typeof", output_field=models.TextField()), Value("array"))
                )
                & ~Q(details=[]),
                name="safety_profile_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"safety profile {self.pk}"
