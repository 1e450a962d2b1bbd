"""The area of a draft: districts and beats in one click, polygons from a file, include or exclude."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.models import User
from accounts.problems import Refused
from desk.actions import act
from desk.views.programs.editor import page_context
from people.models import Area
from programs.access import EDITORS, version_for
from programs.areas import MOST_BYTES, Part, part_joined, parts_of, parts_read
from programs.models import ProgramVersion
from programs.services import draft_area_save

View = Callable[..., HttpResponse]


def limited(most: int) -> Callable[[View], View]:
    """Refuse a body above `most` bytes before anything of it is read; the token is checked after that."""

    def decorate(view: View) -> View:
        protected = csrf_protect(view)

        @csrf_exempt  # the check is made inside, once the size is known to be bearable
        @wraps(view)
        def sized(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            length = request.META.get("CONTENT_LENGTH") or "0"
            if not length.isdigit() or int(length) > most:
                words = f"This is larger than {most // 1_000_000} MB: nothing of it was read. Make the file smaller."
                return render(request, "desk/programs/refused.html", {"words": words}, status=413)
            return protected(request, *args, **kwargs)

        return sized

    return decorate


@limited(MOST_BYTES + 200_000)
@act(*EDITORS)
def area_changed(request: HttpRequest, user: User, at: datetime, id: UUID, action: str) -> HttpResponse:
    """Add, import, rename, turn over or remove one part of the area."""
    version = version_for(user, id)
    parts = parts_of(version.spec, version.area)
    lock = request.POST.get("lock", "0")
    try:
        changed = _ACTIONS[action](request, version, parts)
        draft_area_save(version=version, parts=changed, lock=int(lock) if lock.isdigit() else -1, by=user, at=at)
    except Refused as refused:
        context = page_context(
            version_for(user, id), user, "area", at, area_refused=refused.detail, typed=request.POST.get("geojson", "")
        )
        return render(request, "desk/programs/editor.html", context, status=refused.status)
    return redirect(reverse("desk:program_section", args=[version.pk, "area"]))


def _ground(request: HttpRequest, version: ProgramVersion, parts: list[Part]) -> list[Part]:
    """Districts, beats or the whole boundary of the centre, by name."""
    centre = version.program.centre
    names, mode = request.POST.getlist("name"), _mode(request)
    if not names:
        raise Refused("area_name", "Choose a district or a beat.", field="name")
    made = [*parts]
    for name in names:
        kind = request.POST.get("kind", "")
        rows = Area.objects.filter(centre=centre, name=name)
        found = rows.filter(kind=kind) if kind in Area.Kind.values else rows
        shapes = [row.shape for row in found]
        if kind == Area.Kind.DISTRICT and not shapes:
            shapes = [row.shape for row in Area.objects.filter(centre=centre, kind=Area.Kind.BEAT, district=name)]
        if not shapes:
            raise Refused("area_unknown", f"There is no {kind or 'area'} called {name} in this centre.", field="name")
        made = [part for part in made if part["name"] != name]
        made.append(part_joined(name, shapes, mode))
    return made


def _mode(request: HttpRequest) -> str:
    return "exclude" if request.POST.get("mode") == "exclude" else "include"


def _import(request: HttpRequest, version: ProgramVersion, parts: list[Part]) -> list[Part]:
    """Polygons from a file or from what was pasted."""
    upload = request.FILES.get("file")
    if upload is not None:
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused("area_kind", "This file is no text: export the area as GeoJSON.", field="file") from None
    else:
        text = request.POST.get("geojson", "")
    if not text.strip():
        raise Refused("area_nothing", "Choose a GeoJSON file, or paste its text.", field="geojson")
    mode = _mode(request)
    read = [{**part, "mode": mode} for part in parts_read(text)]
    names = {part["name"] for part in read}
    return [*(part for part in parts if part["name"] not in names), *read]


def _nth(request: HttpRequest, parts: list[Part]) -> int:
    nth = request.POST.get("nth", "")
    if not nth.isdigit() or int(nth) >= len(parts):
        raise Refused("area_gone", "This part is not there any more.", status=409)
    return int(nth)


def _remove(request: HttpRequest, version: ProgramVersion, parts: list[Part]) -> list[Part]:
    nth = _nth(request, parts)
    return [part for at, part in enumerate(parts) if at != nth]


def _turn(request: HttpRequest, version: ProgramVersion, parts: list[Part]) -> list[Part]:
    nth = _nth(request, parts)
    other = {"include": "exclude", "exclude": "include"}
    return [{**part, "mode": other[part["mode"]]} if at == nth else part for at, part in enumerate(parts)]


_ACTIONS: dict[str, Callable[[HttpRequest, ProgramVersion, list[Part]], list[Part]]] = {
    "ground": _ground, "import": _import, "remove": _remove, "turn": _turn,
}  # fmt: skip
