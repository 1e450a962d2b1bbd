"""The sections of the editor that are plain forms: each says what it shows of a spec and what it changes in it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from desk.forms.programs.fields import ContactsField, CrewField, MinutesField, WordsField
from desk.forms.programs.section import Section
from programs.hours import DAY_NAMES, WeekTable, notation_of, week_table
from programs.words import SWITCH_WORDS, switch_label
from responders.models import Team
from triage import natures, vocabulary
from triage.programs import SWITCH_NAMES

CLASS_CHOICES = [(str(key), label) for key, label in vocabulary.load().class_labels.items() if key != "emergency"]
KINDS = [
    ("mobile_team", "Mobile team"),
    ("co_response", "Co-response with an officer"),
    ("tele_clinician", "Clinician by phone or video"),
    ("outreach", "Outreach"),
    ("embedded_followup", "Embedded follow-up"),
    ("deflection", "Deflection"),
    ("specialised_officers", "Specialised officers"),
    ("information", "Information only, no crew"),
]


class Basics(Section):
    slug, title = "basics", "Basics"
    names: ClassVar[dict[str, str]] = {
        "name": "name", "summary": "summary", "kind": "rules.kind", "response_class": "rules.response_class",
    }  # fmt: skip
    name = forms.CharField(max_length=120, error_messages={"required": "Give the program a name."})
    summary = forms.CharField(
        max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="Who comes, and for what."
    )
    kind = forms.ChoiceField(choices=KINDS, label="Kind of program")
    response_class = forms.ChoiceField(
        choices=[*CLASS_CHOICES, ("", "None: information only")],
        required=False,
        help_text="A call that needs a more cautious class is never taken, whatever else is set here.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["response_class"] = data.get("response_class") or None
        if "kind" in data and (data["kind"] == "information") != (data["response_class"] is None):
            self.add_error("response_class", "Exactly an information program has no response class.")
        return data


class Hours(Section):
    slug, title = "hours", "Hours"
    table = forms.CharField(required=False, widget=forms.HiddenInput)
    exceptions = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Exceptions and holidays",
        help_text="One a line, stronger than the week: “PH off” (public holidays), “Dec 24 10:00-14:00”.",
    )
    notation = forms.CharField(
        required=False, max_length=400, label="In OpenStreetMap notation",
        help_text="For what the table cannot say, for example seasons. It is used when it was changed here.",
    )  # fmt: skip
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for nth, name in enumerate(DAY_NAMES):
            self.fields[f"day_{nth}"] = forms.CharField(
                required=False, max_length=60, label=name,
                widget=forms.TextInput(attrs={"placeholder": "closed", "data-day": nth}),
            )  # fmt: skip

    @classmethod
    def initial_of(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        notation = str(spec.get("hours", ""))
        table = week_table(notation)
        found: dict[str, Any] = {"notation": notation, "shown": notation, "table": "yes" if table else ""}
        for nth in range(7):
            found[f"day_{nth}"] = table.days[nth] if table else ""
        found["exceptions"] = "\n".join(table.exceptions) if table else ""
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        written, shown = str(data.get("notation", "")).strip(), str(data.get("shown", "")).strip()
        if written != shown or not data.get("table"):
            data["hours"] = written
            return data
        days = [str(data.get(f"day_{nth}", "")).strip() for nth in range(7)]
        lines = [line.strip() for line in str(data.get("exceptions", "")).splitlines() if line.strip()]
        try:
            data["hours"] = notation_of(WeekTable(days, lines))
        except ValueError as error:
            day = next((nth for nth, name in enumerate(DAY_NAMES) if str(error).startswith(name)), None)
            self.add_error("exceptions" if day is None else f"day_{day}", str(error))
        return data

    def values(self) -> dict[str, Any]:
        return {"hours": self.cleaned_data["hours"]}


class NatureGroups(forms.CheckboxSelectMultiple):
    """Natures as ticks; the template groups them."""


class Natures(Section):
    slug, title = "natures", "Natures"
    every = forms.BooleanField(required=False, label="Every nature that is not dangerous")
    natures = forms.MultipleChoiceField(
        required=False,
        widget=NatureGroups,
        choices=[(n.slug, n.name) for n in natures.load().natures if not n.dangerous and not n.undetermined],
    )

    @classmethod
    def initial_of(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        found = spec["rules"].get("natures")
        return {"every": found is None, "natures": found or []}

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"rules.natures": None if data["every"] else list(data["natures"])}


class Eligibility(Section):
    """The seven local matters and the ages. The rules themselves are edited row by row."""

    slug, title = "eligibility", "Eligibility"
    ages = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(str(o.value), o.label) for o in vocabulary.load().get("age_band").options],
        help_text="All ticked means every age, and an unknown age is then not asked.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in SWITCH_NAMES:
            self.fields[f"switch_{name}"] = forms.ChoiceField(
                label=switch_label(name), choices=[(key, words.capitalize()) for key, words in SWITCH_WORDS.items()]
            )

    @property
    def switch_fields(self) -> list[forms.BoundField]:
        """The local matters, in the order of the data."""
        return [self[f"switch_{name}"] for name in SWITCH_NAMES]

    @classmethod
    def initial_of(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        rules = spec["rules"]
        every = [str(v) for v in vocabulary.load().get("age_band").values]
        found: dict[str, Any] = {"ages": every if rules.get("ages") is None else rules["ages"]}
        for name in SWITCH_NAMES:
            found[f"switch_{name}"] = rules.get("switches", {}).get(name, "exclude")
        return found

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        every = len(data["ages"]) == len(vocabulary.load().get("age_band").values)
        return {
            "rules.ages": None if every else list(data["ages"]),
            "rules.switches": {name: data[f"switch_{name}"] for name in SWITCH_NAMES},
        }


class Crew(Section):
    slug, title = "crew", "Crew and capability"
    names: ClassVar[dict[str, str]] = {
        "crew": "crew", "capabilities": "capabilities", "needs": "needs", "two_person": "two_person",
        "requires_language": "requires_language", "capacity": "capacity",
    }  # fmt: skip
    teams = forms.ModelMultipleChoiceField(
        queryset=Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple,
        label="Teams that serve it", help_text="Takes effect at once: it is not part of the version.",
    )  # fmt: skip
    crew = CrewField(required=False, help_text="One seat a line: “1 clinician”, “1 officer armed”.")
    capabilities = WordsField(
        required=False, label="What the crew can do", help_text="For example: clinician, medic, transport."
    )
    needs = WordsField(
        required=False, label="Must have", help_text="Capabilities without which a unit is not offered the call."
    )
    two_person = forms.BooleanField(required=False, label="Never fewer than two people on a unit")
    requires_language = forms.BooleanField(required=False, label="Only a unit that speaks the caller's language")
    capacity = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=500,
        label="Most responses at one time",
        help_text="Empty: as many as there are units.",
    )

    def __init__(self, *args: Any, teams: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if teams is not None:
            self.fields["teams"].queryset = teams  # type: ignore[attr-defined]  # the model field of this form

    def values(self) -> dict[str, Any]:
        """Seats that stay keep the source that they came with."""
        found = super().values()
        old = {(row["role"], row["count"], bool(row.get("armed"))): row for row in self.initial.get("crew") or []}
        found["crew"] = [old.get((row["role"], row["count"], row["armed"]), row) for row in found["crew"]]
        return found


class Offers(Section):
    slug, title = "offers", "Offers and promise"
    names: ClassVar[dict[str, str]] = {
        "offer_mode": "offer_mode", "simultaneous_offers": "simultaneous_offers", "offer_timeout_s": "offer_timeout_s",
        "response_target_min": "response_target_s", "max_wait_min": "max_wait_s", "may_preempt": "may_preempt",
        "may_be_preempted": "may_be_preempted",
    }  # fmt: skip
    offer_mode = forms.ChoiceField(
        label="How it is offered",
        choices=[
            ("ordered", "To one unit after the other, best first"),
            ("simultaneous", "To several at once; the first to accept has it"),
            ("dispatcher_confirm", "To the unit that a dispatcher names"),
        ],
    )
    simultaneous_offers = forms.IntegerField(
        min_value=2, max_value=5, label="Units at once", help_text="Used only when offered to several."
    )
    offer_timeout_s = forms.IntegerField(min_value=10, max_value=900, label="Seconds to answer an offer")
    response_target_min = MinutesField(required=False, min_value=1, max_value=1440, label="Response target, minutes")
    max_wait_min = MinutesField(
        min_value=1, max_value=1440, label="Maximum wait, minutes",
        help_text="The promise. Before it runs out a dispatcher must choose.",
    )  # fmt: skip
    wait_1 = MinutesField(required=False, min_value=1, max_value=1440, label="for priority 1")
    wait_2 = MinutesField(required=False, min_value=1, max_value=1440, label="for priority 2")
    wait_3 = MinutesField(required=False, min_value=1, max_value=1440, label="for priority 3")
    wait_4 = MinutesField(required=False, min_value=1, max_value=1440, label="for priority 4")
    may_preempt = forms.BooleanField(required=False, label="May take a unit from a less urgent call")
    may_be_preempted = forms.BooleanField(required=False, label="May lose its unit to a more urgent call")

    @classmethod
    def initial_of(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        waits = spec.get("max_wait_by_priority") or {}
        return {**super().initial_of(spec), **{f"wait_{n}": waits.get(str(n)) for n in range(1, 5)}}

    def values(self) -> dict[str, Any]:
        waits = {str(n): self.cleaned_data[f"wait_{n}"] for n in range(1, 5)}
        return {**super().values(), "max_wait_by_priority": {n: wait for n, wait in waits.items() if wait}}


class Fallback(Section):
    slug, title = "fallback", "Fallback and release"
    names: ClassVar[dict[str, str]] = {
        "police_release": "police_release", "co_response_units": "co_response_units", "officer_from": "officer_from",
        "backup": "backup",
    }  # fmt: skip
    first = forms.ChoiceField(required=False, label="If it cannot go, next try")
    second = forms.ChoiceField(required=False, label="then")
    third = forms.ChoiceField(required=False, label="then")
    police_release = forms.ChoiceField(
        label="Release by an officer on scene",
        choices=[
            ("officer_and_dispatcher", "The named officer and the accepting dispatcher, answers asked again"),
            ("never", "Never: the officer stays"),
        ],
    )
    co_response_units = forms.ChoiceField(
        label="Where an officer must come too",
        choices=[("one_vehicle", "In one vehicle"), ("two_units", "As two units")],
    )
    officer_from = forms.ChoiceField(required=False, label="Team that gives the officer, where they are two units")
    backup = forms.CharField(
        max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2}), label="Backup, in words"
    )

    def __init__(
        self, *args: Any, others: list[tuple[str, str]] | None = None, teams: Any = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        officers = [("", "police, asked by a hand-off"), *((team.slug, team.name) for team in teams)]
        self.fields["officer_from"].choices = officers  # type: ignore[attr-defined]  # a choice field
        for name in ("first", "second", "third"):
            self.fields[name].choices = [("", "the next more cautious class"), *(others or [])]  # type: ignore[attr-defined]  # choice fields

    @classmethod
    def initial_of(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        steps = [*(spec.get("fallback") or []), "", "", ""]
        return {**super().initial_of(spec), "first": steps[0], "second": steps[1], "third": steps[2]}

    def values(self) -> dict[str, Any]:
        steps = [self.cleaned_data[name] for name in ("first", "second", "third")]
        return {**super().values(), "fallback": list(dict.fromkeys(step for step in steps if step))}


class Transport(Section):
    slug, title = "transport", "Transport and follow-up"
    names: ClassVar[dict[str, str]] = {
        "transport_rule": "transport_rule", "transport": "transport", "safety_check_min": "safety_check_min",
    }  # fmt: skip
    transport_rule = forms.ChoiceField(
        choices=[
            ("none", "It drives nobody"),
            ("voluntary", "Voluntary only"),
            ("voluntary_and_court_ordered", "Voluntary, and by order of a court"),
        ]
    )
    transport = forms.CharField(
        max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2}), label="In words"
    )
    safety_check_min = forms.IntegerField(
        min_value=5, max_value=120, label="Safety check after minutes on scene",
        help_text="The crew is asked whether all is well; no answer is an alarm.",
    )  # fmt: skip


class Script(Section):
    slug, title = "script", "Script and contacts"
    names: ClassVar[dict[str, str]] = {"caller_script": "caller_script", "contacts": "contacts"}
    caller_script = forms.CharField(
        max_length=1200, required=False, widget=forms.Textarea(attrs={"rows": 5}), label="What the call taker says",
        help_text="Who comes, that they are not police if so, and what to say at once if anything changes.",
    )  # fmt: skip
    contacts = ContactsField(
        required=False, label="Contact numbers", help_text="One a line: “Duty clinician: +1 303 555 0100”."
    )


class Sharing(Section):
    slug, title = "sharing", "Sharing and cost"
    names: ClassVar[dict[str, str]] = {"sharing": "sharing", "cost_per_response": "cost_per_response"}
    sharing = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Notes that its crews may read",
        choices=[
            ("general", "General"), ("clinical", "Clinical"),
            ("substance", "Substance use (Part 2)"), ("justice", "Justice"),
        ],
        help_text="The safety line crosses every label and is always shown to whoever is sent.",
    )  # fmt: skip
    cost_per_response = forms.FloatField(
        required=False, min_value=0, max_value=1_000_000, label="Cost per response, US dollars"
    )
    stakeholders = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), label="Stakeholders"
    )
    funding = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), label="Funding source"
    )
    agreements = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), label="Agreements",
        help_text="Memoranda, data-sharing agreements, with their dates.",
    )  # fmt: skip
    measures = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), label="Measures of success"
    )

    @classmethod
    def initial_of(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().initial_of(spec), **(spec.get("charter") or {})}

    def values(self) -> dict[str, Any]:
        names = ("stakeholders", "funding", "agreements", "measures")
        return {**super().values(), "charter": {name: self.cleaned_data[name] for name in names}}


FORMS: dict[str, type[Section]] = {
    form.slug: form
    for form in (Basics, Hours, Natures, Eligibility, Crew, Offers, Fallback, Transport, Script, Sharing)
}
TABS: list[tuple[str, str]] = [
    ("basics", "Basics"), ("area", "Area"), ("hours", "Hours"), ("natures", "Natures"), ("eligibility", "Eligibility"),
    ("crew", "Crew and capability"), ("offers", "Offers and promise"), ("fallback", "Fallback and release"),
    ("transport", "Transport and follow-up"), ("script", "Script and contacts"), ("sharing", "Sharing and cost"),
    ("review", "Review and publish"),
]  # fmt: skip
