"""What the phone, and dispatchers for a crew, post about its life."""

from django import forms

from dispatch.models.assignment import SentClass
from dispatch.reasons import BACKUP, ESCALATION


class DeviceForm(forms.Form):
    """When it was pressed, by the phone's clock. A clock that cannot be read is no reason to refuse a status."""

    device_at = forms.DateTimeField(required=False)


class ClearForm(forms.Form):
    """How a crew's part ended, and whether the class that it was sent as was right."""

    disposition = forms.SlugField(max_length=40, error_messages={"required": "Choose how it ended."})
    sent_class = forms.ChoiceField(choices=[("", ""), *SentClass.choices], required=False)


class BackupForm(forms.Form):
    """How urgently a crew needs others. What cannot be read is a panic."""

    level = forms.ChoiceField(choices=list(BACKUP.items()))


class EscalationForm(forms.Form):
    """What somebody told the dispatcher, and why."""

    kind = forms.ChoiceField(choices=list(ESCALATION.items()), error_messages={"required": "Choose what happened."})
    reason = forms.CharField(max_length=160, error_messages={"required": "Say why."})


class SceneSafeForm(forms.Form):
    """Who said that the scene is safe."""

    said_by = forms.CharField(max_length=80, error_messages={"required": "Name who said that the scene is safe."})


class ReviewForm(forms.Form):
    """What came of it."""

    note = forms.CharField(max_length=400, error_messages={"required": "Say what came of it."})
