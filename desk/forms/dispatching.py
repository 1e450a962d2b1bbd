"""What the queue, the phone and the supervisor's pages post."""

from django import forms

from dispatch.models import Handoff


class AckForm(forms.Form):
    """Who has a hand-off."""

    service = forms.ChoiceField(choices=Handoff.Service.choices)
    receiver_name = forms.CharField(max_length=80, required=False)
    receiver_number = forms.CharField(max_length=40, required=False)


class ServiceForm(forms.Form):
    """A service to ask."""

    service = forms.ChoiceField(choices=Handoff.Service.choices)


class OverrideForm(forms.Form):
    """Another response than the one that stands."""

    id = forms.UUIDField()
    response_class = forms.CharField(max_length=20, error_messages={"required": "Choose a response."})
    program = forms.SlugField(max_length=50, required=False)
    reason = forms.SlugField(max_length=40, error_messages={"required": "Choose a reason."})


class HoldForm(forms.Form):
    """A timed hold with a callback time."""

    minutes = forms.IntegerField(min_value=5, max_value=240)
    reason = forms.CharField(max_length=80, error_messages={"required": "Say why it can wait."})


class ReasonForm(forms.Form):
    """A coded reason."""

    reason = forms.CharField(max_length=80, error_messages={"required": "Choose a reason."})


class OutcomeForm(forms.Form):
    """How an incident ended."""

    outcome = forms.SlugField(max_length=40, error_messages={"required": "Choose an outcome."})


class WordsForm(forms.Form):
    """A few words on how an alarm was handled."""

    note = forms.CharField(max_length=160, error_messages={"required": "Say how it was handled."})


class StopForm(forms.Form):
    """The stop key."""

    scope = forms.CharField(max_length=8)
    subject = forms.CharField(max_length=80, required=False)
    reason = forms.CharField(max_length=200, error_messages={"required": "Say why diversion stops."})


class PositionForm(forms.Form):
    """Degrees, WGS84; both or neither."""

    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    device_at = forms.DateTimeField(required=False)


class UnitServiceForm(forms.Form):
    """Break, out of service, back in service."""

    service = forms.SlugField(max_length=16)
    reason = forms.CharField(max_length=80, required=False)
