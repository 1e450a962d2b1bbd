"""What the pages of booked visits post."""

from django import forms

_WINDOWS = ((30, "30 minutes"), (60, "1 hour"), (120, "2 hours"), (240, "4 hours"), (480, "8 hours"))
WINDOWS = tuple((str(minutes), words) for minutes, words in _WINDOWS)


class WhenForm(forms.Form):
    """Between when and when, by the centre's clock, and who should go if they can."""

    starts_at = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"required": "Say when the visit begins.", "invalid": "Give date and time."},
    )
    minutes = forms.TypedChoiceField(choices=WINDOWS, coerce=int, error_messages={"required": "Say how long."})
    unit = forms.UUIDField(required=False, error_messages={"invalid": "Choose a unit of the list, or none."})


class BookForm(WhenForm):
    """A new visit. The short safety questions are read apart (desk.forms.transfers.ShortAnswersForm)."""

    id = forms.UUIDField()
    program = forms.SlugField(max_length=50, error_messages={"required": "Choose the program that goes."})
    purpose = forms.SlugField(max_length=24, error_messages={"required": "Choose what the visit is for."})


class MoveForm(WhenForm):
    """Another time."""

    reason = forms.SlugField(max_length=24, error_messages={"required": "Choose why it is moved."})


class CancelForm(forms.Form):
    """It does not take place."""

    reason = forms.SlugField(max_length=24, error_messages={"required": "Choose why it is cancelled."})
