"""What the hand-over page posts."""

from django import forms


class OfferForm(forms.Form):
    """A relief and what they should know."""

    relief = forms.IntegerField(error_messages={"required": "Choose who relieves you.", "invalid": "Choose a relief."})
    note = forms.CharField(max_length=400, required=False)


class TakeForm(forms.Form):
    """Whose work a supervisor takes over, and why."""

    person = forms.IntegerField()
    reason = forms.SlugField(max_length=20, error_messages={"required": "Choose a reason."})
