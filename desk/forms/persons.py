"""What the console posts about the person whom a call is about."""

from django import forms

from dispatch.reasons import CAUTION_KINDS, CAUTION_SOURCES, PERSON_UNLINK
from people.models import Caution


class PersonSearchForm(forms.Form):
    """A name, a year of birth or a number. Posted, since an address would be logged."""

    text = forms.CharField(max_length=120, required=False)
    token = forms.SlugField(max_length=60, required=False)


class PersonLinkForm(forms.Form):
    """The person, by id."""

    person = forms.UUIDField(error_messages={"required": "Choose somebody from the list.", "invalid": "Choose again."})


class PersonNewForm(forms.Form):
    """Somebody whom nobody knows yet; the console made the id. One word is enough."""

    id = forms.UUIDField()
    name = forms.CharField(
        max_length=120, error_messages={"required": "Give at least one word: a name, or what they are called."}
    )
    born = forms.IntegerField(required=False, error_messages={"invalid": "Type the year of birth as four digits."})
    about = forms.CharField(max_length=200, required=False)


class PersonUnlinkForm(forms.Form):
    """Why the call is not about them."""

    reason = forms.ChoiceField(choices=list(PERSON_UNLINK.items()), error_messages={"required": "Say why."})


class CautionForm(forms.Form):
    """A hazard for the file; the console made the id."""

    id = forms.UUIDField()
    about = forms.ChoiceField(choices=[("person", "with the person"), ("place", "at the address")])
    text = forms.CharField(max_length=200, error_messages={"required": "Say what the hazard is."})
    kind = forms.ChoiceField(
        choices=list(CAUTION_KINDS.items()), error_messages={"required": "Choose the kind of hazard."}
    )
    severity = forms.ChoiceField(choices=Caution.Severity.choices)
    source = forms.ChoiceField(choices=list(CAUTION_SOURCES.items()))
    days = forms.IntegerField(error_messages={"required": "In how many days does it end?", "invalid": "Type days."})
