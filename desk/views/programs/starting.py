"""The guided path to a new program, presets, and programs from a file."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Agency, Centre, User
from accounts.problems import Refused
from desk.actions import act
from desk.advice import class_words
from desk.forms.programs.starting import StartForm
from desk.views.programs.areas import limited
from people.models import Area
from programs.access import EDITORS
from programs.areas import Part, part_joined
from programs.exchange import MOST_BYTES, program_read
from programs.models import Program
from programs.preset_schema import Preset, all_presets
from programs.services import preset_install, program_start
from programs.services.starting import BLANK_RULES, blank_spec
from programs.spec import spec_of
from triage import natures


@require_GET
@role_required(*EDITORS)
def presets(request: HttpRequest) -> HttpResponse:
    """Where to begin: a preset, a blank, or a file."""
    return render(request, "desk/programs/presets.html", _presets(centre_of(require(request.user, *EDITORS))))


def _presets(centre: Centre) -> dict[str, Any]:
    have = set(Program.objects.filter(centre=centre).values_list("slug", flat=True))
    rows = [
        (preset, class_words(preset.response_class or "") or "Information only", preset.slug in have, _unsure(preset))
        for preset in sorted(all_presets().values(), key=lambda one: one.name)
    ]
    return {"presets": rows, "agencies": Agency.objects.filter(centre=centre).order_by("name")}


def _unsure(preset: Preset) -> int:
    """How many values of a preset are to be confirmed locally."""

    def count(node: Any) -> int:
        if isinstance(node, dict):
            return bool(node.get("verify_locally")) + sum(count(value) for value in node.values())
        return sum(count(value) for value in node) if isinstance(node, list | tuple) else 0

    return count(preset.model_dump())


@act(*EDITORS)
def preset_installed(request: HttpRequest, user: User, at: datetime, slug: str) -> HttpResponse:
    """Install a preset as a draft."""
    centre = centre_of(user)
    preset = all_presets().get(slug)
    if preset is None:
        raise Http404
    return _installed(request, preset, centre, user, at)


@limited(MOST_BYTES + 100_000)
@act(*EDITORS)
def imported(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """A program's file as a draft."""
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise Refused("file_needed", "Choose a program's YAML file.", field="file")
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused("file_kind", "This file is no text: a program file is YAML.", field="file") from None
        preset = program_read(text)
    except Refused as refused:
        context = _presets(centre_of(user)) | {"refused": refused.detail.splitlines()}
        return render(request, "desk/programs/presets.html", context, status=refused.status)
    return _installed(request, preset, centre_of(user), user, at)


def _installed(request: HttpRequest, preset: Preset, centre: Centre, user: User, at: datetime) -> HttpResponse:
    try:
        number = request.POST.get("agency", "")
        agency = Agency.objects.filter(centre=centre, pk=int(number) if number.isdigit() else 0).first()
        if agency is None:
            raise Refused("agency_unknown", "Choose the agency that runs it.", field="agency")
        version = preset_install(centre=centre, agency=agency, preset=preset, by=user, at=at)
    except Refused as refused:
        context = _presets(centre) | {"refused": [refused.detail]}
        return render(request, "desk/programs/presets.html", context, status=refused.status)
    return redirect(reverse("desk:program_section", args=[version.pk, "basics"]))


def _lists(centre: Centre, preset: Preset | None) -> dict[str, Any]:
    beats = Area.objects.filter(centre=centre, kind=Area.Kind.BEAT).exclude(district="")
    names = set(beats.values_list("district", flat=True))
    names |= set(Area.objects.filter(centre=centre, kind=Area.Kind.DISTRICT).values_list("name", flat=True))
    rules = preset.rules["exclusions"] if preset else BLANK_RULES
    return {
        "agencies": Agency.objects.filter(centre=centre).order_by("name"),
        "districts": [(name, name) for name in sorted(names)],
        "natures": [(n.slug, n.name) for n in natures.load().natures if not n.dangerous and not n.undetermined],
        "exclusions": [(rule["code"], rule["label"]) for rule in rules],
    }


def _initial(preset: Preset | None, lists: dict[str, Any]) -> dict[str, Any]:
    ticked = [code for code, _ in lists["exclusions"]]
    if preset is None:
        return {"exclusions": ticked, "kind": "mobile_team", "response_class": "mobile_team", "whole": True}
    every = [slug for slug, _ in lists["natures"]]
    return {
        "name": preset.name,
        "kind": preset.kind,
        "response_class": preset.response_class,
        "hours": preset.hours.value,
        "natures": every if preset.natures.value is None else list(preset.natures.value),
        "exclusions": ticked,
        "backup": preset.backup.value,
        "caller_script": preset.caller_script,
        "whole": True,
        "follow_up": preset.follow_ups[0].title if preset.follow_ups else "",
    }


@role_required(*EDITORS)
def start(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The questions, prefilled from a preset; ends with a draft and the page for the partners."""
    user, at = require(request.user, *EDITORS), datetime.now(UTC)
    centre = centre_of(user)
    preset = all_presets().get(slug) if slug else None
    if slug and (preset is None or preset.kind == "information"):
        raise Http404
    lists = _lists(centre, preset)
    if request.method != "POST":
        form = StartForm(initial=_initial(preset, lists), lists=lists)
        return render(request, "desk/programs/start.html", {"form": form, "preset": preset})
    form = StartForm(request.POST, lists=lists)
    if form.is_valid():
        try:
            version = program_start(
                centre=centre,
                agency=form.cleaned_data["agency"],
                spec=_spec(form.cleaned_data, preset, at),
                parts=_parts(centre, form.cleaned_data),
                by=user,
                at=at,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.detail)
        else:
            return redirect(reverse("desk:program_summary", args=[version.pk]))
    return render(request, "desk/programs/start.html", {"form": form, "preset": preset}, status=422)


def _spec(given: dict[str, Any], preset: Preset | None, at: datetime) -> dict[str, Any]:
    if preset is not None:
        spec = spec_of(preset)
    else:
        spec = blank_spec(
            name=given["name"], kind=given["kind"], response_class=given["response_class"], on=at.date().isoformat()
        )
    made = deepcopy(spec)
    made.update({name: given[name] for name in ("name", "hours", "contacts")})
    made["summary"] = made["summary"] or f"{given['name']}: {class_words(given['response_class']).lower()}."
    made["backup"] = given["backup"] or made["backup"]
    made["caller_script"] = given["caller_script"] or made["caller_script"]
    made["charter"] = {name: given[name] for name in ("stakeholders", "funding", "agreements", "measures")}
    rules = made["rules"]
    rules.update(kind=given["kind"], response_class=given["response_class"], natures=list(given["natures"]))
    rules["exclusions"] = [rule for rule in rules["exclusions"] if rule["code"] in given["exclusions"]]
    if given["follow_up"].strip() and not made["follow_ups"]:
        made["follow_ups"] = [_duty(given["follow_up"].strip())]
    return made


def _duty(title: str) -> dict[str, Any]:
    """A first duty in the guide's usual form: two attempts by phone within 48 hours after the unit clears."""
    return {
        "code": "first_follow_up",
        "title": title,
        "trigger": "encounter",
        "clock_starts": "assignment_cleared",
        "earliest_hours": None,
        "due_hours": [48.0],
        "modes": ["phone"],
        "attempts": 2,
        "owner_role": "case_worker",
        "done_when": "The person was reached.",
        "lapsed_when": "No contact after the attempts, or the person declines.",
        "escalate_to": "supervisor",
        "source": ["LOCAL"],
        "verify_locally": True,
    }


def _parts(centre: Centre, given: dict[str, Any]) -> list[Part]:
    if given["districts"]:
        return [_joined(centre, name) for name in given["districts"]]
    if given["whole"]:
        whole = Area.objects.filter(centre=centre, kind=Area.Kind.BOUNDARY).order_by("name")
        return [{"name": ground.name, "mode": "include", "geometry": ground.shape} for ground in whole]
    return []


def _joined(centre: Centre, district: str) -> Part:
    own = Area.objects.filter(centre=centre, kind=Area.Kind.DISTRICT, name=district)
    beats = Area.objects.filter(centre=centre, kind=Area.Kind.BEAT, district=district)
    return part_joined(district, [ground.shape for ground in (own or beats)])
