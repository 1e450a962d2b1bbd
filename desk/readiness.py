"""The go-live list: what a centre still misses before it takes a real call."""

from dataclasses import dataclass
from datetime import datetime

from accounts.access import SECOND_PERSONS
from accounts.models import Centre, Role, RoleGrant
from desk.program_list import program_rows
from dispatch.models import HandoffTarget, Incident
from people.models import Area, Place
from programs.access import CLINICAL, OPERATIONS
from programs.models import Readiness
from programs.selectors import protocol_approved

_SEATS = (Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR)
_MUST_ANSWER = ("police", "ems", "fire", "988")


@dataclass(frozen=True)
class Point:
    """One point: done or not, what is there in words, and where to mend it. `confirm`: a person says it here."""

    title: str
    done: bool
    words: str
    url: str = ""
    confirm: str = ""

    @property
    def administered(self) -> bool:
        """Whether a system administrator mends it, under /admin/."""
        return self.url.startswith("admin:")


def points(centre: Centre, at: datetime) -> list[Point]:
    """All points, in the order in which they are best done."""
    return [
        _people(centre),
        _second_persons(centre),
        _approvers(centre),
        _grounds(centre),
        _addresses(centre),
        _confirmed(
            centre, Readiness.Item.NATURES, "The centre's own nature codes mean the natures here; see the mapping"
        ),
        _targets(centre),
        _protocol(centre, at),
        _program(centre, at),
        _test_call(centre),
        _confirmed(centre, Readiness.Item.CARDS, "Blank intake cards in question order, for a morning without power"),
    ]


def missing(centre: Centre, at: datetime) -> list[str]:
    """The titles of the points that are not done."""
    return [point.title for point in points(centre, at) if not point.done]


def _holders(centre: Centre, *roles: str) -> set[int]:
    grants = RoleGrant.objects.filter(user__centre=centre, user__is_active=True, role__in=roles)
    return set(grants.values_list("user_id", flat=True))


def _people(centre: Centre) -> Point:
    empty = [str(Role(role).label).lower() for role in _SEATS if not _holders(centre, role)]
    words = f"Nobody is: {', '.join(empty)}." if empty else f"{len(_holders(centre, *_SEATS))} people hold the seats."
    return Point("People at every seat", not empty, words, "admin:accounts_user_changelist")


def _second_persons(centre: Centre) -> Point:
    count = len(_holders(centre, *SECOND_PERSONS))
    return Point(
        "A second person for less cautious choices",
        count >= 2,
        f"{count} of at least 2 dispatchers, supervisors or clinicians.",
        "admin:accounts_user_changelist",
    )


def _approvers(centre: Centre) -> Point:
    clinical, operations = _holders(centre, *CLINICAL), _holders(centre, *OPERATIONS)
    done = bool(clinical) and bool(operations) and len(clinical | operations) >= 2
    words = f"{len(clinical)} clinicians, {len(operations)} supervisors or program administrators; two people publish."
    return Point("Two people who may publish", done, words, "admin:accounts_user_changelist")


def _grounds(centre: Centre) -> Point:
    beats = Area.objects.filter(centre=centre, kind=Area.Kind.BEAT).count()
    return Point("Beats", beats > 0, f"{beats} beats.", "admin:people_area_changelist")


def _addresses(centre: Centre) -> Point:
    places = Place.objects.filter(centre=centre).count()
    return Point("Addresses", places > 0, f"{places} places in the gazetteer.", "admin:people_place_changelist")


def _targets(centre: Centre) -> Point:
    rows = list(HandoffTarget.objects.filter(centre=centre, active=True))
    kinds = {row.kind for row in rows}
    gone = [kind for kind in _MUST_ANSWER if kind not in kinds]
    untried = [row.name for row in rows if row.answered_at is None]
    if gone:
        words = f"No number for: {', '.join(gone)}."
    elif untried:
        words = f"Not called and answered yet: {', '.join(untried[:6])}."
    else:
        words = f"{len(rows)} numbers, each called and answered."
    return Point("Hand-off numbers called and answered", not gone and not untried, words)


def _protocol(centre: Centre, at: datetime) -> Point:
    done = protocol_approved(centre, at)
    words = (
        "Signed, with its review ahead."
        if done
        else "Until then each suggestion says “reference rules, not approved here”."
    )
    return Point("Protocol signed by a medical director", done, words, "desk:protocol")


def _program(centre: Centre, at: datetime) -> Point:
    rows = [row for row in program_rows(centre, at) if row.live is not None]
    staffed = [row.program.name for row in rows if row.on_shift]
    if staffed:
        words = f"On shift now: {', '.join(staffed[:4])}."
    else:
        words = f"{len(rows)} published; none has a unit with a crew on shift now."
    return Point("A published program with a unit on shift", bool(staffed), words, "desk:programs")


def _test_call(centre: Centre) -> Point:
    done = Incident.objects.filter(centre=centre, state="closed", calls__ended_as="test").exists()
    words = "Done." if done else "Take one call, end it as “test”, and close its incident."
    return Point("One test call from new to closed", done, words, "desk:console")


def _confirmed(centre: Centre, item: Readiness.Item, what: str) -> Point:
    row = Readiness.objects.filter(centre=centre, item=item).select_related("by").first()
    words = f"Confirmed by {row.by}, {row.at.astimezone(centre.zone):%Y-%m-%d}." if row else f"{what}. Confirm by name."
    url = "desk:downtime_cards" if item == Readiness.Item.CARDS else ""
    return Point(str(item.label), row is not None, words, url, confirm=item.value)
