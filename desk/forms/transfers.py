"""What the console, the queue and the clinicians' screen post about transfers, promises and short answers."""

from typing import Any

from django import forms

from dispatch.models import Handoff
from people.models.audience import Audience
from triage import vocabulary
from triage.vocabulary import UNKNOWN_WORD


class TransferForm(forms.Form):
    """Whom to give a caller to: `clinician`, or the id of a number."""

    id = forms.UUIDField()
    whom = forms.CharField(max_length=40, error_messages={"required": "Choose whom to give the caller to."})
    bridge = forms.BooleanField(required=False)


class GivenForm(forms.Form):
    """Who gave us the caller, and where to tell them how it ended."""

    id = forms.UUIDField()
    kind = forms.SlugField(max_length=12, error_messages={"required": "Choose who gave us the caller."})
    sender_number = forms.CharField(max_length=24, error_messages={"required": "Type the number to tell them at."})
    sender_name = forms.CharField(max_length=80, required=False)
    sender_reference = forms.CharField(max_length=40, required=False)


class AnsweredForm(forms.Form):
    """Who answered there."""

    receiver_name = forms.CharField(max_length=80, required=False)


class TransferReasonForm(forms.Form):
    """A coded reason, checked by the service."""

    reason = forms.SlugField(max_length=40, error_messages={"required": "Choose a reason."})


class ResolveForm(forms.Form):
    """How a transfer ended."""

    disposition = forms.SlugField(max_length=40, error_messages={"required": "Choose how it ended."})


class EndedForm(forms.Form):
    """How a transfer ended: what happened and its code, `return:rescue_needed`."""

    how = forms.RegexField(
        r"^(resolve|return|decline|drop):[a-z_]{1,40}$",
        error_messages={"required": "Choose how it ended.", "invalid": "Choose how it ended."},
    )


class AudienceNoteForm(forms.Form):
    """A note and who may read it."""

    id = forms.UUIDField()
    text = forms.CharField(max_length=4000, strip=True, error_messages={"required": "The note is empty."})
    audience = forms.ChoiceField(choices=Audience.choices)


class ExtendForm(forms.Form):
    """A later end of the promise."""

    id = forms.UUIDField()
    minutes = forms.IntegerField(min_value=1, max_value=60)
    reason = forms.SlugField(max_length=40, error_messages={"required": "Choose why it may take longer."})
    caller_told = forms.BooleanField(required=False)


class CallbackForm(forms.Form):
    """Whether the caller was reached."""

    id = forms.UUIDField()
    reached = forms.ChoiceField(
        choices=[("yes", "Reached"), ("no", "No answer")], error_messages={"required": "Reached, or no answer?"}
    )
    text = forms.CharField(max_length=4000, required=False)


class HandoffDeclineForm(forms.Form):
    """Who will not take it, and why; or why we withdraw it (WITHDRAWN, with the words where the name stands)."""

    WITHDRAWN = "withdrawn"
    service = forms.ChoiceField(choices=Handoff.Service.choices)
    reason = forms.SlugField(max_length=40, error_messages={"required": "Choose why they will not take it."})
    receiver_name = forms.CharField(max_length=80, required=False)


class TellForm(forms.Form):
    """The word that a sender is owed."""

    reached = forms.ChoiceField(
        choices=[("yes", "Reached"), ("no", "Not reached")], error_messages={"required": "Reached, or not?"}
    )


class ShortAnswersForm(forms.Form):
    """Answers chosen from the short form; a question that nothing was chosen for is not answered."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self._values: dict[str, dict[str, Any]] = {}
        for question in vocabulary.load().questions:
            if question.key in self.data and question.kind in {"choice", "boolean"}:
                values = {str(option.value).lower(): option.value for option in question.options}
                self._values[question.key] = {**values, UNKNOWN_WORD: UNKNOWN_WORD}
                choices = [(value, value) for value in self._values[question.key]]
                self.fields[question.key] = forms.ChoiceField(choices=choices, required=False)

    def clean(self) -> dict[str, Any]:
        given = {key: self._values[key][value] for key, value in self.cleaned_data.items() if value}
        if not given and not self.errors:
            raise forms.ValidationError("Choose at least one answer.")
        return given
