"""What the console posts."""

import json
from typing import Any, ClassVar

from django import forms

from accounts.models import CentreThresholds
from dispatch.models import Answer, CallHandover
from dispatch.models.call import HEADINGS, Channel
from dispatch.models.call_draft import DRAFT_FIELDS, LONGEST_DRAFT
from dispatch.states import CALL_ENDS


class CallForm(forms.Form):
    """A new call: the client made the id before the first keystroke."""

    id = forms.UUIDField()
    channel = forms.ChoiceField(choices=Channel.choices, required=False)
    device_at = forms.DateTimeField(required=False)
    number = forms.CharField(max_length=24, required=False)
    rang_at = forms.DateTimeField(required=False)


class PlaceSearchForm(forms.Form):
    """Words for the gazetteer. Posted, since an address in a URL would be logged."""

    text = forms.CharField(max_length=200, required=False)
    token = forms.SlugField(max_length=60, required=False)


class LocationForm(forms.Form):
    """Where: a picked place, or words as typed."""

    text = forms.CharField(max_length=200, error_messages={"required": "Say where."})
    place = forms.UUIDField(required=False)
    force = forms.BooleanField(required=False)
    carrier = forms.BooleanField(required=False)
    moving = forms.BooleanField(required=False)
    heading = forms.ChoiceField(choices=[("", "")] + [(one, one) for one in HEADINGS], required=False)
    seen_min = forms.IntegerField(min_value=0, max_value=1440, required=False)
    lat = forms.FloatField(min_value=-90, max_value=90, required=False)
    lon = forms.FloatField(min_value=-180, max_value=180, required=False)


class PostForm(forms.Form):
    """What a console adds to a field or an answer that it may have to send again: an id of its own and its own time."""

    post = forms.UUIDField(required=False)
    device_at = forms.DateTimeField(required=False)


class PhoneForm(forms.Form):
    """The number to call back."""

    number = forms.CharField(max_length=24, error_messages={"required": "Type the number to call back."})
    confirmed = forms.BooleanField(required=False)


class NatureForm(forms.Form):
    """What happened, as a slug of the nature table."""

    nature = forms.SlugField(max_length=40, error_messages={"required": "Pick a nature from the list."})


class AnswerForm(forms.Form):
    """One answer to one question. The value is JSON for lists, `true`/`false` for yes or no, else the code."""

    key = forms.SlugField(max_length=32)
    value = forms.CharField(max_length=400)
    basis = forms.ChoiceField(choices=Answer.Basis.choices, required=False)

    def clean_value(self) -> Any:
        raw = str(self.cleaned_data["value"])
        if raw in {"true", "false"} or raw.startswith("[") or raw.isdigit():
            try:
                return json.loads(raw)
            except ValueError as error:
                raise forms.ValidationError("The answer cannot be read.") from error
        return raw


class NoteForm(forms.Form):
    """A note; the client made its id, so that sending twice is one note."""

    id = forms.UUIDField()
    text = forms.CharField(max_length=4000, strip=True, error_messages={"required": "The note is empty."})
    device_at = forms.DateTimeField(required=False)


class DraftForm(forms.Form):
    """The note that is being typed: posted, never in an address, read for cues and kept nowhere. Only its end counts.

    `seen`: the marks of dangers that the page shows already, one a line; `all` asks for the whole card.
    """

    draft = forms.CharField(required=False, strip=False)
    seen = forms.CharField(required=False)
    all = forms.BooleanField(required=False)

    def clean_draft(self) -> str:
        return str(self.cleaned_data["draft"])[-LONGEST_DRAFT:]


class UnsentForm(forms.Form):
    """What is typed in a field so far, from one tab, at the browser's own time."""

    field = forms.ChoiceField(choices=[(one, one) for one in DRAFT_FIELDS])
    text = forms.CharField(required=False, strip=False)
    tab = forms.UUIDField()
    typed_at = forms.DateTimeField()


class SettledForm(forms.Form):
    """Others' unsent words that have been dealt with, by id."""

    ids = forms.RegexField(r"^\d{1,18}(,\d{1,18}){0,99}$")

    def clean_ids(self) -> list[int]:
        return [int(one) for one in str(self.cleaned_data["ids"]).split(",")]


class CueForm(forms.Form):
    """A mark to dismiss."""

    mark = forms.CharField(max_length=300)


class DecisionForm(forms.Form):
    """Accept, override or send. `seen` is the class that was suggested on the screen."""

    id = forms.UUIDField()
    seen = forms.SlugField(max_length=20, required=False)
    action = forms.ChoiceField(choices=[(a, a) for a in ("accept", "override", "send")])
    response_class = forms.CharField(max_length=20, required=False)
    program = forms.SlugField(max_length=50, required=False)
    reason = forms.SlugField(max_length=40, required=False)


class EndForm(forms.Form):
    """How the call ended."""

    ended_as = forms.ChoiceField(choices=[(end, end) for end in CALL_ENDS])


class JoinForm(forms.Form):
    """The incident that the call belongs to."""

    incident = forms.UUIDField()


class WhisperForm(forms.Form):
    """On or off."""

    on = forms.BooleanField(required=False)


class ChannelForm(forms.Form):
    """How the caller reached us."""

    channel = forms.CharField(max_length=16)


class CallbackTryForm(forms.Form):
    """One try to call back; the console made its id."""

    id = forms.UUIDField()
    reached = forms.BooleanField(required=False)
    device_at = forms.DateTimeField(required=False)


class MinutesForm(forms.Form):
    """In how many minutes the caller is called back."""

    minutes = forms.IntegerField(error_messages={"required": "In how many minutes?", "invalid": "Type minutes."})


class HandOverForm(forms.Form):
    """A colleague, by id."""

    id = forms.UUIDField()
    to = forms.IntegerField(error_messages={"required": "Choose a colleague."})


class HandoverAnswerForm(forms.Form):
    """What the colleague says, or that it is withdrawn."""

    answer = forms.ChoiceField(choices=CallHandover.Answer.choices)


class FollowUpForm(forms.Form):
    """What was done about a forced address."""

    note = forms.CharField(max_length=160, error_messages={"required": "Say what was done."})


class ThresholdsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """When the clocks of a centre begin to matter."""

    class Meta:
        model = CentreThresholds
        fields = ("answer_s", "entry_s", "decision_s", "waiting_s", "callbacks_owed", "callback_within_s")
        labels: ClassVar[dict[str, str]] = {
            "answer_s": "Answer (seconds)",
            "entry_s": "Place known (seconds)",
            "decision_s": "Decided (seconds)",
            "waiting_s": "Waiting where no program promises a wait (seconds)",
            "callbacks_owed": "Tries that a lost call is owed",
            "callback_within_s": "All tries within (seconds)",
        }
