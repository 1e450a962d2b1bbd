"""What the phone, and dispatchers for a crew, post about its life."""

from typing import ClassVar

import phonenumbers
from django import forms

from accounts.models import CrewLine
from accounts.problems import Refused
from dispatch.models.assignment import SentClass
from dispatch.reasons import BACKUP, ESCALATION, RETURNS_TOLD, SERVICES_ACCEPTED
from people.services import number_parse
from responders.services import EQUIPMENT


class DeviceForm(forms.Form):
    """When it was pressed, by the phone's clock, and the call that it then showed. What of it cannot be read is no
    reason to refuse a status."""

    device_at = forms.DateTimeField(required=False)
    assignment = forms.UUIDField(required=False)


class ClearForm(forms.Form):
    """How a crew's part ended, whether the class that it was sent as was right, and its report; all but the first may
    be left out."""

    disposition = forms.SlugField(max_length=40, error_messages={"required": "Choose how it ended."})
    sent_class = forms.ChoiceField(choices=[("", ""), *SentClass.choices], required=False)
    taken_to = forms.SlugField(max_length=20, required=False)
    services = forms.MultipleChoiceField(choices=list(SERVICES_ACCEPTED.items()), required=False)
    referral = forms.SlugField(max_length=20, required=False)
    police_asked = forms.SlugField(max_length=12, required=False)
    follow_up = forms.SlugField(max_length=8, required=False)


class BackupForm(forms.Form):
    """How urgently a crew needs others. What cannot be read is a panic."""

    level = forms.ChoiceField(choices=list(BACKUP.items()))


class EscalationForm(forms.Form):
    """What somebody told the dispatcher, and why."""

    kind = forms.ChoiceField(
        choices=[*ESCALATION.items(), *RETURNS_TOLD.items()], error_messages={"required": "Choose what happened."}
    )
    reason = forms.CharField(max_length=160, required=False)


class SceneSafeForm(forms.Form):
    """Who said that the scene is safe."""

    said_by = forms.CharField(max_length=80, error_messages={"required": "Name who said that the scene is safe."})


class ReviewForm(forms.Form):
    """What came of it."""

    note = forms.CharField(max_length=400, error_messages={"required": "Say what came of it."})


class FlagsForm(forms.Form):
    """What a crew says of its unit today."""

    unmarked = forms.BooleanField(required=False)
    plain_clothes = forms.BooleanField(required=False)
    equipment = forms.MultipleChoiceField(choices=list(EQUIPMENT.items()), required=False)
    languages = forms.CharField(max_length=60, required=False)

    def clean_languages(self) -> list[str]:
        """Codes with commas or spaces between them."""
        return str(self.cleaned_data["languages"]).replace(",", " ").split()


class ContactForm(forms.Form):
    """Somebody whom a crew has met: what it is about, and where if that is not where the phone is."""

    id = forms.UUIDField()
    nature = forms.SlugField(max_length=40, error_messages={"required": "Choose what it is about."})
    text = forms.CharField(max_length=120, required=False)


class CrewLineForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Whom a crew telephones when its call for help does not arrive."""

    class Meta:
        model = CrewLine
        fields = ("answered_by", "call_number", "text_number")
        labels: ClassVar[dict[str, str]] = {
            "answered_by": "Who answers, at any hour",
            "call_number": "Number to call",
            "text_number": "Number for texts (leave empty if nobody reads them at once)",
        }

    def clean_call_number(self) -> str:
        """In E.164, or an emergency number."""
        return _line_number(self.cleaned_data["call_number"])

    def clean_text_number(self) -> str:
        """The same, or nothing."""
        return _line_number(self.cleaned_data["text_number"])


def _line_number(text: str) -> str:
    if not text or phonenumbers.is_emergency_number(text.strip(), "US"):
        return text.strip()
    try:
        return number_parse(text)
    except Refused as refused:
        raise forms.ValidationError(refused.detail) from refused
