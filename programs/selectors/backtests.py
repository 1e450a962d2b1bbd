"""Reads: backtests and shadow runs of a version, and what they compare."""

from dataclasses import dataclass
from typing import Any

from accounts.models import Centre
from programs.backtest.plan import Plan, Side
from programs.backtest.report import report
from programs.backtest.tally import Tally
from programs.models import BacktestRun, ProgramVersion, ProtocolVersion, ShadowRun
from programs.selectors.published import protocol_of
from responders.models import Unit
from triage.programs import ProgramRules

DEFAULT_MINUTES = 60
"""How long a call holds a unit where nobody says otherwise: published programs stay 50 to 80 minutes on a call."""


def side_of(spec: dict[str, Any], area: dict[str, Any], centre: Centre) -> Side:
    """One version as a side of a backtest. Raises ValueError for rules that cannot be read."""
    return Side(ProgramRules.from_dict(spec["rules"]), str(spec.get("hours", "")), centre.zone, area)


def plan_of(run: BacktestRun) -> Plan:
    """What a run compares: the version as it was when the run was asked for, with what was live then."""
    centre = run.version.program.centre
    live = side_of(run.live.spec, run.live.area, centre) if run.live is not None else None
    return Plan(
        protocol_of(run.protocol), side_of(run.spec, run.area, centre), live, run.units, run.minutes, run.seed
    )  # fmt: skip


def shadow_plan_of(run: ShadowRun) -> Plan:
    """A shadow run compares with what people did, so it has no live side."""
    centre = run.version.program.centre
    return Plan(protocol_of(run.protocol), side_of(run.spec, run.area, centre), None, run.units, run.minutes)


def units_of(version: ProgramVersion) -> int:
    """How many units serve the program at a time: its own limit, else the units of its teams, at least one."""
    limit = version.spec.get("capacity")
    if isinstance(limit, int) and limit > 0:
        return limit
    return max(1, Unit.objects.filter(team__programs=version.program).count())


def protocol_for_tests(centre: Centre) -> ProtocolVersion | None:
    """The protocol that calls are judged under: the published one."""
    return ProtocolVersion.objects.filter(centre=centre, state="published").first()


def backtests_of(version: ProgramVersion) -> list[BacktestRun]:
    """The version's runs, newest first, without what was counted on the way."""
    return list(
        version.backtests.select_related("requested_by", "live")
        .defer("tally", "spec", "area")
        .order_by("-requested_at")
    )


def shadows_of(version: ProgramVersion) -> list[ShadowRun]:
    """The version's shadow runs, newest first."""
    return list(version.shadows.select_related("requested_by").defer("spec", "area").order_by("-requested_at"))


@dataclass(frozen=True)
class ShadowFigures:
    """A shadow run's figures so far. ``agreed``: both take the call, or both send it elsewhere."""

    report: dict[str, Any]
    total: int
    both: int
    only_shadow: int
    only_people: int
    neither: int
    undecided: int
    did: list[tuple[str, str, int]]

    @property
    def agreed(self) -> int:
        return self.both + self.neither


def shadow_figures(run: ShadowRun) -> ShadowFigures | None:
    """What the version would have done against what people chose; None before the first count.

    ``both``: it takes the call, and people sent it to the same program. ``undecided``: an answer that was not recorded
    keeps the version from deciding, so nothing is compared.
    """
    if run.tally is None:
        return None
    figures = report(Tally.from_dict(run.tally), shadow_plan_of(run))
    draft = figures["sides"]["draft"]
    slug = run.version.program.slug
    did: list[tuple[str, str, int]] = [(verdict, code, n) for verdict, code, n in draft["did"]]
    takes = sum(n for verdict, _, n in did if verdict == "takes")
    both = sum(n for verdict, code, n in did if verdict == "takes" and code == slug)
    undecided = sum(n for verdict, _, n in did if verdict in ("asks", "unreadable"))
    passed = [(code, n) for verdict, code, n in did if verdict in ("excluded", "not_now")]
    only_people = sum(n for code, n in passed if code == slug)
    return ShadowFigures(
        report=figures,
        total=figures["total"],
        both=both,
        only_shadow=takes - both,
        only_people=only_people,
        neither=sum(n for code, n in passed if code != slug),
        undecided=undecided,
        did=did,
    )
