"""What the guided path asks."""

from typing import Any

from django import forms

from accounts.models import Agency
from desk.forms.programs.fields import ContactsField
from desk.forms.programs.sections import CLASS_CHOICES, KINDS
from programs.hours import hours_of

_ROWS = {"rows": 2}


class StartForm(forms.Form):
    """The questions of the source guide's best-practice list, in its order."""

    name = forms.CharField(max_length=120, label="What is it called?", error_messages={"required": "Give it a name."})
    agency = forms.ModelChoiceField(queryset=Agency.objects.none(), label="Which agency runs it?", empty_label=None)
    kind = forms.ChoiceField(choices=[one for one in KINDS if one[0] != "information"], label="What kind is it?")
    response_class = forms.ChoiceField(choices=CLASS_CHOICES, label="Which response does it give?")
    stakeholders = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs=_ROWS), label="Who has a stake in it?",
        help_text="Police, EMS, behavioural health, hospitals, 988 and 211, people with lived experience, neighbours.",
    )  # fmt: skip
    contacts = ContactsField(
        required=False,
        label="Whom does the floor call about it?",
        help_text="One a line: “Duty clinician: 303 555 0100”.",
    )
    funding = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs=_ROWS), label="Who pays, and until when?"
    )
    agreements = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs=_ROWS), label="Which agreements are signed?",
        help_text="Memoranda, data sharing, liability, union.",
    )  # fmt: skip
    hours = forms.CharField(
        max_length=400, label="When is it open?",
        help_text="As 24/7, or Mo-Fr 09:00-17:00; Sa 10:00-14:00. Past midnight: Mo-Su 22:00-02:00.",
    )  # fmt: skip
    whole = forms.BooleanField(required=False, label="Everywhere in the centre's boundary")
    districts = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Or in these districts"
    )
    natures = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Which calls does it take?"
    )
    exclusions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="What shuts a call out?",
        help_text="The safety protocol stands above these: a program can only be more cautious.",
    )  # fmt: skip
    backup = forms.CharField(
        required=False, max_length=400, widget=forms.Textarea(attrs=_ROWS), label="Who helps the crew when it turns?"
    )
    caller_script = forms.CharField(
        required=False, max_length=1200, widget=forms.Textarea(attrs={"rows": 3}), label="What is the caller told?"
    )
    follow_up = forms.CharField(
        required=False, max_length=120, label="What is owed afterwards?",
        help_text="For example: call the person within 48 hours. Due times are set in the draft.",
    )  # fmt: skip
    measures = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs=_ROWS), label="How will you know that it works?"
    )

    def __init__(self, *args: Any, lists: dict[str, Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["agency"].queryset = lists["agencies"]  # type: ignore[attr-defined]  # the model field of this form
        for name in ("districts", "natures", "exclusions"):
            self.fields[name].choices = lists[name]  # type: ignore[attr-defined]  # choice fields

    def clean_hours(self) -> str:
        hours = str(self.cleaned_data["hours"]).strip()
        try:
            hours_of(hours)
        except ValueError as error:
            raise forms.ValidationError(f"{error} Write for example Mo-Fr 09:00-17:00.") from None
        return hours
