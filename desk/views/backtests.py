"""Backtests and shadow runs of a version: ask for one, watch it, read it, open a call that changes."""

import io
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import FLOOR, may, require, role_required
from accounts.models import Role, User
from accounts.problems import Refused
from desk import backtest_page
from desk.forms.backtest import BacktestForm, ShadowForm
from dispatch.models.call import Channel
from dispatch.nudge import nudger
from dispatch.selectors.backtest_call import call_shown
from dispatch.selectors.cases import decisions_between
from interop.call_log.cases import cases
from interop.call_log.mapping import MapError, load_map, read_map
from interop.call_log.reader import BadRow
from programs.access import BACKTEST_READERS, backtest_for, shadow_for, version_for
from programs.backtest.case import Case
from programs.backtest.report import DEFINITIONS, VERDICT_WORDS
from programs.models import BacktestRun, ProgramVersion
from programs.selectors.backtests import (
    DEFAULT_MINUTES,
    backtests_of,
    plan_of,
    shadow_figures,
    shadows_of,
    units_of,
)
from programs.services.backtests import backtest_cancel, backtest_start
from programs.services.shadows import shadow_start, shadow_stop
from triage import natures

_PERIOD_DAYS = 91
_STARTERS = (Role.PROGRAM_ADMINISTRATOR,)


def _panel(version: ProgramVersion, user: User) -> dict[str, Any]:
    """What panel.html shows of a version."""
    return {
        "version": version,
        "zone": version.program.centre.time_zone,
        "runs": backtests_of(version)[:5],
        "shadows": shadows_of(version)[:3],
        "may_start": may(user, *_STARTERS),
    }


@require_GET
@role_required(*BACKTEST_READERS)
def panel(request: HttpRequest, id: UUID) -> HttpResponse:
    """The side panel of an editor: the last runs and the way to a new one."""
    user = require(request.user, *BACKTEST_READERS)
    return render(request, "desk/backtests/panel.html", _panel(version_for(user, id), user))


@require_http_methods(["GET", "POST"])
@role_required(*BACKTEST_READERS)
def start(request: HttpRequest, id: UUID) -> HttpResponse:
    """Ask for a backtest of a version; on POST queue it and go to its page."""
    user = require(request.user, *BACKTEST_READERS)
    version = version_for(user, id)
    if request.method == "POST":
        require(user, *_STARTERS)
        form = BacktestForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                run = _started(form.cleaned_data, version, user, timezone.now())
            except Refused as error:
                form.add_error(error.field if error.field in form.fields else None, error.detail)
            else:
                transaction.on_commit(lambda: nudger.push("desk.backtests"), robust=True)
                return redirect("desk:backtest", id=run.pk)
        return _start_page(request, version, user, form, status=422)
    today = timezone.now().astimezone(version.program.centre.zone).date()
    form = BacktestForm(
        initial={
            "source": "decisions",
            "since": today - timedelta(days=_PERIOD_DAYS),
            "until": today,
            "units": units_of(version),
            "minutes": DEFAULT_MINUTES,
        }
    )
    return _start_page(request, version, user, form)


def _start_page(
    request: HttpRequest,
    version: ProgramVersion,
    user: User,
    form: BacktestForm,
    *,
    shadow: ShadowForm | None = None,
    status: int = 200,
) -> HttpResponse:
    if shadow is None:
        shadow = ShadowForm(initial={"days": 14, "units": units_of(version), "minutes": DEFAULT_MINUTES})
    may_shadow = version.state in ("draft", "in_review", "scheduled")
    context = {**_panel(version, user), "form": form, "shadow_form": shadow, "may_shadow": may_shadow}
    return render(request, "desk/backtests/start.html", context, status=status)


def _started(data: dict[str, Any], version: ProgramVersion, user: User, at: datetime) -> BacktestRun:
    assumed = {"units": data["units"], "minutes": data["minutes"]}
    if data["source"] == "decisions":
        zone = version.program.centre.zone
        from_at = datetime.combine(data["since"], time(), zone).astimezone(UTC)
        until_at = datetime.combine(data["until"] + timedelta(days=1), time(), zone).astimezone(UTC)
        total = decisions_between(version.program.centre, from_at, until_at).count()
        return backtest_start(
            version=version, by=user, at=at, from_at=from_at, until_at=until_at, total=total, **assumed
        )  # fmt: skip
    found, bad, name = _read_log(data)
    return backtest_start(
        version=version, by=user, at=at, cases=found, log_name=data["log"].name, log_map=name, log_bad=bad, **assumed
    )


def _read_log(data: dict[str, Any]) -> tuple[list[Case], int, str]:
    """The calls of an uploaded log, how many rows could not be read, and the mapping's name. Raises Refused."""
    ours = {
        "natures": frozenset(nature.slug for nature in natures.load().natures),
        "channels": frozenset(Channel.values),
    }
    own = data["own_map"]
    try:
        mapping = read_map(own.read().decode(), own.name, **ours) if own else load_map(data["log_map"], **ours)
    except (MapError, UnicodeDecodeError) as error:
        raise Refused("map_unusable", str(error), field="own_map" if own else "log_map") from error
    try:
        text = io.TextIOWrapper(data["log"].file, encoding=mapping.encoding, newline="")
        rows = list(cases(text, mapping))
    except (MapError, UnicodeDecodeError) as error:
        raise Refused("log_unusable", f"This log cannot be read: {error}", field="log") from error
    found = [row for row in rows if not isinstance(row, BadRow)]
    return found, len(rows) - len(found), mapping.name


@require_GET
@role_required(*BACKTEST_READERS)
def backtest(request: HttpRequest, id: UUID) -> HttpResponse:
    """One run: its progress, or its result with every figure's definition."""
    user = require(request.user, *BACKTEST_READERS)
    run = backtest_for(user, id)
    context: dict[str, Any] = {**_progress(run, user), "definitions": DEFINITIONS}
    if run.result is not None:
        result = run.result
        context |= {
            "result": result,
            "sides": [backtest_page.SIDE_WORDS[name] for name in backtest_page.sides_of(result)],
            "figures": backtest_page.figures(result),
            "lists": backtest_page.lists(result),
            "changes": backtest_page.changes(result) if "live" in result["sides"] else [],
            "changed": backtest_page.calls(result, "list"),
            "sample": backtest_page.calls(result, "sample"),
            "outcomes": backtest_page.outcomes(result),
            "week": backtest_page.week(result),
            "draft_moved": (run.spec, run.area) != (run.version.spec, run.version.area),
        }
    return render(request, "desk/backtests/page.html", context)


def _progress(run: BacktestRun, user: User) -> dict[str, Any]:
    return {
        "run": run,
        "version": run.version,
        "zone": run.version.program.centre.time_zone,
        "open": run.state in ("queued", "running"),
        "may_start": may(user, *_STARTERS),
    }


@require_GET
@role_required(*BACKTEST_READERS)
def progress(request: HttpRequest, id: UUID) -> HttpResponse:
    """How far a run is; asks for the whole page anew once it has ended."""
    user = require(request.user, *BACKTEST_READERS)
    context = _progress(backtest_for(user, id), user)
    response = render(request, "desk/backtests/progress.html", context)
    if not context["open"]:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@role_required(*_STARTERS)
def cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    """End a run that is under way."""
    user = require(request.user, *_STARTERS)
    run = backtest_cancel(run=backtest_for(user, id), by=user, at=timezone.now())
    return redirect("desk:backtest", id=run.pk)


@require_GET
@role_required(*BACKTEST_READERS)
def backtest_call(request: HttpRequest, id: UUID, ref: UUID) -> HttpResponse:
    """One changed call: its coded answers and what both versions make of it. No names, numbers, places or notes."""
    user = require(request.user, *BACKTEST_READERS)
    run = backtest_for(user, id)
    if run.source != BacktestRun.Source.DECISIONS or run.from_at is None or run.until_at is None:
        raise Http404
    shown = call_shown(run.version.program.centre, ref, from_at=run.from_at, until_at=run.until_at, plan=plan_of(run))
    if shown is None:
        raise Http404
    context = {**_progress(run, user), "call": shown, "may_open": may(user, *FLOOR), "verdicts": VERDICT_WORDS}
    return render(request, "desk/backtests/call.html", context)


@require_POST
@role_required(*_STARTERS)
def shadow_started(request: HttpRequest, id: UUID) -> HttpResponse:
    """Put a version into shadow."""
    user = require(request.user, *_STARTERS)
    version = version_for(user, id)
    form = ShadowForm(request.POST)
    if form.is_valid():
        try:
            run = shadow_start(version=version, by=user, at=timezone.now(), **form.cleaned_data)
        except Refused as error:
            form.add_error(error.field if error.field in form.fields else None, error.detail)
        else:
            return redirect("desk:shadow", id=run.pk)
    given: dict[str, Any] = {"source": "decisions", "units": units_of(version), "minutes": DEFAULT_MINUTES}
    return _start_page(request, version, user, BacktestForm(initial=given), shadow=form, status=422)


@require_GET
@role_required(*BACKTEST_READERS)
def shadow(request: HttpRequest, id: UUID) -> HttpResponse:
    """A shadow run: what the version would have done beside what people did."""
    user = require(request.user, *BACKTEST_READERS)
    run = shadow_for(user, id)
    found = shadow_figures(run)
    context: dict[str, Any] = {
        "run": run,
        "version": run.version,
        "zone": run.version.program.centre.time_zone,
        "may_start": may(user, *_STARTERS),
        "found": found,
        "definitions": DEFINITIONS,
        "draft_moved": (run.spec, run.area) != (run.version.spec, run.version.area),
    }
    if found is not None:
        context |= {
            "sides": [backtest_page.SIDE_WORDS["draft"]],
            "figures": backtest_page.figures(found.report),
            "lists": backtest_page.lists(found.report),
            "week": backtest_page.week(found.report),
            "did": [(VERDICT_WORDS[verdict], code.replace("_", " "), n) for verdict, code, n in found.did],
        }
    return render(request, "desk/backtests/shadow.html", context)


@require_POST
@role_required(*_STARTERS)
def shadow_stopped(request: HttpRequest, id: UUID) -> HttpResponse:
    """Stop a shadow run before its end."""
    user = require(request.user, *_STARTERS)
    run = shadow_stop(run=shadow_for(user, id), by=user, at=timezone.now())
    return redirect("desk:shadow", id=run.pk)
