"""Who works in the invented city: agencies, people, programs, teams, units, shifts; and what is known of some places.

All names are invented. Telephone numbers are of the block 555-0100 to 555-0199, which is kept for fiction.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Record = dict[str, object]

CENTRE_AGENCY = "wrenfield-ecc"
_BEHAVIORAL, _OUTREACH = "wrenfield-behavioral", "sedge-outreach"
_SAFETY = "wrenfield-safety"
_POLICE, _EMS, _FIRE = "wrenfield-police", "wrenfield-ems", "wrenfield-fire"
AGENCIES: tuple[tuple[str, str, str], ...] = (
    (CENTRE_AGENCY, "Wrenfield Emergency Communications", "centre"),
    (_POLICE, "Wrenfield Police Department", "police"),
    (_EMS, "Wrenfield Ambulance Service", "ems"),
    (_FIRE, "Wrenfield Fire Department", "fire"),
    (_BEHAVIORAL, "Wrenfield Behavioral Health", "behavioral"),
    (_OUTREACH, "Sedge County Outreach", "community"),
    (_SAFETY, "Wrenfield Community Safety", "community"),
)

_PASSWORD_WORDS = ("amber", "barley", "copper", "heron", "juniper", "kestrel", "lantern", "meadow", "orchard", "willow")

# user name, name, all roles (the headline one first), agency, languages, home screen, who plays the part
_DESK: tuple[tuple[str, str, tuple[str, ...], str, tuple[str, ...], str, str], ...] = (
    ("calltaker1", "Dana Whitlow", ("call_taker",), CENTRE_AGENCY, ("en", "es"), "console", "person"),
    ("calltaker2", "Ruben Achterberg", ("call_taker",), CENTRE_AGENCY, ("en",), "console", "person"),
    ("dispatcher1", "Imani Okafor", ("dispatcher", "call_taker"), CENTRE_AGENCY, ("en",), "queue", "person"),
    ("dispatcher2", "Lena Sorvik", ("dispatcher",), CENTRE_AGENCY, ("en", "so"), "queue", "person"),
    ("supervisor1", "Marcus Thibault", ("supervisor", "dispatcher", "call_taker"), CENTRE_AGENCY, ("en",), "overview",
     "person"),
    ("clinician1", "Priya Ramanathan", ("clinician", "responder"), _BEHAVIORAL, ("en", "es"), "console", "person"),
    ("programs1", "Noor Haddad", ("program_administrator",), _BEHAVIORAL, ("en",), "programs", "person"),
    ("programs2", "Gail Brandvold", ("program_administrator",), CENTRE_AGENCY, ("en",), "programs", "person"),
    ("sysadmin1", "Teo Marchetti", ("system_administrator",), CENTRE_AGENCY, ("en",), "overview", "person"),
    ("analyst1", "Wen Castellane", ("analyst",), CENTRE_AGENCY, ("en",), "overview", "person"),
    ("auditor1", "Oskar Lindqvist", ("auditor",), CENTRE_AGENCY, ("en",), "audit", "person"),
    ("sim-calltaker", "Simulated call taker", ("call_taker",), CENTRE_AGENCY, ("en",), "console", "simulator"),
    ("sim-dispatcher", "Simulated dispatcher", ("dispatcher",), CENTRE_AGENCY, ("en",), "queue", "simulator"),
)  # fmt: skip


@dataclass(frozen=True)
class _Team:
    slug: str
    name: str
    preset: str | None
    agency: str
    kind: str


TEAMS = (
    _Team("star", "Street Team for Assisted Response", "star", _BEHAVIORAL, "mobile_team"),
    _Team("c3", "Crisis Call Clinicians", "austin_c3", _BEHAVIORAL, "tele_clinician"),
    _Team("outreach", "County Overdose Outreach", "plymouth_county_outreach", _OUTREACH, "outreach"),
    _Team("co-response", "Officer and Clinician Pairs", "advocates", _POLICE, "co_response"),
    _Team("safety", "Northgate Community Safety", "albuquerque_acs", _SAFETY, "mobile_team"),
    _Team("response-car", "Granary Hill Response Car", "aurora_amrt", _BEHAVIORAL, "mobile_team"),
    _Team("care", "Southmeadow Care Team", "chicago_care", _BEHAVIORAL, "mobile_team"),
    _Team("street-medics", "Depot Yards Street Medics", "cahoots", _SAFETY, "mobile_team"),
    _Team("ride-pool", "Orchard Heights Ride Pool", "edmonton_crisis_diversion", _OUTREACH, "mobile_team"),
    _Team("support", "Police Mental Health Support", "tucson_mhst", _POLICE, "co_response"),
    _Team("social-work", "Police Social Workers", "alexandria_social_workers", _POLICE, "outreach"),
    _Team("deflection", "Deflection Coordinators", "steer", _OUTREACH, "outreach"),
)

INFORMATION = "smart911"
"""The program without a team: safety profiles, which inform and are never sent."""

DISTRICTS_OF: dict[str, tuple[str, ...]] = {
    "advocates": ("Orchard Heights", "Depot Yards", "Market", "Southmeadow"),
    "albuquerque_acs": ("Northgate",),
    "aurora_amrt": ("Granary Hill",),
    "cahoots": ("Depot Yards",),
    "chicago_care": ("Southmeadow",),
    "edmonton_crisis_diversion": ("Orchard Heights",),
}
"""Where a program works; one that is not named works in the whole city. The pairs serve two thirds of it, so that "out
of area" can be seen; each district but the middle one has a local team beside the city-wide street team."""


@dataclass(frozen=True)
class _Unit:
    call_sign: str
    team: str | None
    agency: str
    kind: str
    capabilities: tuple[str, ...]
    post: str
    """Label of the common place where the unit waits at the start."""
    crew: tuple[tuple[str, str, tuple[str, ...]], ...]
    """username, name, languages; the first one carries the phone."""
    armed: bool = False
    unmarked: bool = False
    capacity_at_once: int = 1
    days_only: bool = False
    languages: tuple[str, ...] = field(default=("en",))


_VAN = ("clinician", "medic", "transport")
_CAR = ("peer", "officer", "transport")
_PAIR = ("officer", "clinician", "transport")

UNITS = (
    _Unit("Star 1", "star", _BEHAVIORAL, "mobile_team", _VAN, "Harbor Light Crisis Center",
          (("star1", "Alma Reyes", ("en", "es")), ("star1b", "Colm Fearon", ("en",))), languages=("en", "es")),
    _Unit("Star 2", "star", _BEHAVIORAL, "mobile_team", (*_VAN, "youth"), "Northgate Community Clinic",
          (("star2", "Jonah Petterle", ("en",)), ("star2b", "Sade Ogun", ("en",)))),
    _Unit("Star 3", "star", _BEHAVIORAL, "mobile_team", (*_VAN, "peer"), "Depot Yards Bus Terminal",
          (("star3", "Hodan Warsame", ("en", "so")), ("star3b", "Pete Vandersloot", ("en",))), languages=("en", "so")),
    _Unit("Star 4", "star", _BEHAVIORAL, "mobile_team", _VAN, "Oriole Shopping Center",
          (("star4", "Minh Tran", ("en", "vi")), ("star4b", "Bea Callister", ("en",))), languages=("en", "vi")),
    _Unit("Star 5", "star", _BEHAVIORAL, "mobile_team", (*_VAN, "youth"), "Southmeadow Branch Library",
          (("star5", "Kit Aldous", ("en", "ase")), ("star5b", "Rosa Ibarra", ("en", "es"))),
          days_only=True, languages=("en", "es", "ase")),
    _Unit("C3-1", "c3", _BEHAVIORAL, "clinician", ("clinician",), "City Hall",
          (("clinician1", "Priya Ramanathan", ("en", "es")),), capacity_at_once=2, languages=("en", "es")),
    _Unit("C3-2", "c3", _BEHAVIORAL, "clinician", ("clinician", "youth"), "City Hall",
          (("clinician2", "Desmond Achebe", ("en",)),), capacity_at_once=2),
    _Unit("C3-3", "c3", _BEHAVIORAL, "clinician", ("clinician",), "City Hall",
          (("clinician3", "Yuki Haraldsen", ("en", "so")),), capacity_at_once=2, languages=("en", "so")),
    _Unit("Outreach 1", "outreach", _OUTREACH, "outreach", _CAR, "Day Center and Kitchen",
          (("outreach1", "Carla Nygaard", ("en",)), ("outreach1b", "Ray Dufresne", ("en",))),
          armed=True, unmarked=True),
    _Unit("Outreach 2", "outreach", _OUTREACH, "outreach", _CAR, "Willow House Sobering Center",
          (("outreach2", "Tomas Villanueva", ("en", "es")),), armed=True, unmarked=True, languages=("en", "es")),
    _Unit("Outreach 3", "outreach", _OUTREACH, "outreach", ("peer", "clinician"), "Northgate Transfer",
          (("outreach3", "Bly Hartsock", ("en",)),), unmarked=True),
    _Unit("CR 1", "co-response", _POLICE, "co_responder", _PAIR, "Police Headquarters",
          (("cr1", "Officer Joan Mbeki", ("en",)), ("cr1b", "Felix Arrowood", ("en", "es"))),
          armed=True, languages=("en", "es")),
    _Unit("CR 2", "co-response", _POLICE, "co_responder", _PAIR, "Sedge Valley Medical Center",
          (("cr2", "Officer Sam Keating", ("en",)), ("cr2b", "Hana Duarte", ("en", "vi"))),
          armed=True, unmarked=True, languages=("en", "vi")),
    _Unit("Safety 1", "safety", _SAFETY, "mobile_team", ("clinician", "transport", "naloxone", "aed"),
          "Northgate Community Clinic",
          (("safety1", "Amina Torvald", ("en", "so")), ("safety1b", "Ned Quarles", ("en",))), languages=("en", "so")),
    _Unit("Response 1", "response-car", _BEHAVIORAL, "mobile_team", ("clinician", "medic", "minor_medical_care"),
          "Oriole Shopping Center", (("response1", "Gwen Asari", ("en",)), ("response1b", "Tove Mercer", ("en",)))),
    _Unit("Care 1", "care", _BEHAVIORAL, "mobile_team", _VAN, "Hospital Loop Bus Stop",
          (("care1", "Ilse Monteiro", ("en", "es")), ("care1b", "Drew Halloran", ("en",))), languages=("en", "es")),
    _Unit("Medics 1", "street-medics", _SAFETY, "mobile_team", ("medic", "crisis_worker", "transport"),
          "Prairie View Group Home", (("medics1", "Rafa Lindgren", ("en",)), ("medics1b", "June Okonjo", ("en",)))),
    _Unit("Ride 1", "ride-pool", _OUTREACH, "mobile_team", ("transport", "outreach"), "Ring Road Motor Lodge",
          (("ride1", "Hal Brisco", ("en",)), ("ride1b", "Mei Castellan", ("en", "vi"))), languages=("en", "vi")),
    _Unit("Support 1", "support", _POLICE, "co_responder", (*_PAIR, "crisis_training", "court_orders"),
          "Sedge County Courthouse", (("support1", "Officer Paul Renner", ("en",)),), armed=True, unmarked=True),
    _Unit("Social 1", "social-work", _POLICE, "outreach", ("social_work", "family_support", "panic_button"),
          "Police Headquarters", (("social1", "Edda Kowal", ("en",)),), unmarked=True),
    _Unit("Deflect 1", "deflection", _OUTREACH, "outreach", ("screening", "peer", "treatment_linkage"),
          "Day Center and Kitchen", (("deflect1", "Lou Marchbank", ("en",)), ("deflect1b", "Sy Abernathy", ("en",)))),
    _Unit("P11", None, _POLICE, "police", ("officer", "transport"), "Police Headquarters",
          (("police11", "Officer Ada Lund", ("en",)),), armed=True),
    _Unit("P12", None, _POLICE, "police", ("officer", "transport"), "Northgate Transfer",
          (("police12", "Officer Theo Banks", ("en",)),), armed=True),
    _Unit("P13", None, _POLICE, "police", ("officer", "transport"), "Garnet Avenue Grocery",
          (("police13", "Officer Mara Quist", ("en", "es")),), armed=True, languages=("en", "es")),
    _Unit("P14", None, _POLICE, "police", ("officer", "transport"), "Oriole Shopping Center",
          (("police14", "Officer Neil Abara", ("en",)),), armed=True),
    _Unit("Medic 1", None, _EMS, "ems", ("medic", "transport"), "Wrenfield General Hospital",
          (("medic1", "Joss Hennig", ("en",)),)),
    _Unit("Medic 2", None, _EMS, "ems", ("medic", "transport"), "Fire Station 2",
          (("medic2", "Amara Diallo", ("en",)),)),
    _Unit("Medic 3", None, _EMS, "ems", ("medic", "transport"), "Fire Station 3",
          (("medic3", "Luis Camber", ("en", "es")),), languages=("en", "es")),
    _Unit("Engine 1", None, _FIRE, "fire", ("medic",), "Fire Station 1",
          (("engine1", "Captain Ines Roth", ("en",)),), capacity_at_once=1),
)  # fmt: skip

_HOME_OF_KIND = {"clinician": "console"}

# Which place, by kind and beat, and what is known of it. A negative expiry has run out already and must not be shown as
# current; the texts are what a crew or an officer wrote.
_CAUTIONS: tuple[tuple[str, str, tuple[tuple[str, str, str, str, int, int], ...]], ...] = (
    ("private_residence", "E2", (
        ("Handgun kept in a bedside safe; owner said so himself", "weapon", "danger", "Police report", 40, 325),)),
    ("private_residence", "A3", (
        ("Large dog loose in the yard, side gate does not latch", "animal", "warn", "Crew of Star 2", 12, 168),)),
    ("private_residence", "D1", (
        ("Resident struck a medic during a hypoglycemic episode", "violence", "warn", "Ambulance run report", 95, 85),
        ("Oxygen in use, no open flame", "environment", "warn", "Ambulance run report", 95, 270),)),
    ("private_residence", "C2", (
        ("Hard of hearing: knock loudly, lamp signal at the door", "access", "info", "Family", 200, 165),)),
    ("private_residence", "F4", (
        ("Threats towards officers, calm with clinicians", "violence", "danger", "Police report", 20, 2),)),
    ("private_residence", "B2", (
        ("Knife wielded in the kitchen", "weapon", "danger", "Police report", 370, -5),)),
    ("group_home", "", (
        ("Staff hold a care plan and a key; ask for the shift lead", "access", "info", "Provider", 60, 300),)),
    ("hotel", "", (
        ("Used syringes in the stairwell", "environment", "warn", "Crew of Outreach 1", 6, 84),)),
)  # fmt: skip


def agencies() -> list[Record]:
    """Every agency of the demo is marked simulated; the product refuses simulation anywhere else."""
    return [{"slug": slug, "name": name, "kind": kind, "simulated": True} for slug, name, kind in AGENCIES]


def password(rng: random.Random) -> str:
    """One readable password for all demo people: three words and two digits."""
    return "-".join([*rng.sample(_PASSWORD_WORDS, 3), str(rng.randint(10, 99))])


def people(secret: str) -> list[Record]:
    """Desk people first, then crews in unit order; no user name twice."""
    found: list[Record] = []
    for username, name, roles, agency, languages, home, played_by in _DESK:
        found.append(_person(username, secret, name, roles, agency, languages, home, played_by))
    known = {record["username"] for record in found}
    for unit in UNITS:
        home = _HOME_OF_KIND.get(unit.kind, "phone")
        roles = ("clinician", "responder") if unit.kind == "clinician" else ("responder",)
        for username, name, languages in unit.crew:
            if username not in known:
                known.add(username)
                found.append(_person(username, secret, name, roles, unit.agency, languages, home, "crew"))
    return found


def _person(
    username: str,
    secret: str,
    name: str,
    roles: Sequence[str],
    agency: str,
    languages: Sequence[str],
    home: str,
    played_by: str,
) -> Record:
    return {
        "username": username,
        "password": secret,
        "name": name,
        "role": roles[0],
        "roles": list(roles),
        "agency": agency,
        "languages": list(languages),
        "home": home,
        "played_by": played_by,
    }


def programs(city: object, areas: Mapping[str, object]) -> list[Record]:
    """All thirteen presets as this city runs them: hours widened so that the demo works at any time of the day.

    `areas` by preset; a program that is not named works in the whole `city`.
    """
    run_by = {team.preset: team.agency for team in TEAMS if team.preset} | {INFORMATION: CENTRE_AGENCY}
    return [
        {"preset": preset, "agency": agency, "area": areas.get(preset, city), "overrides": {"hours": "24/7"}}
        for preset, agency in run_by.items()
    ]


def teams() -> list[Record]:
    return [
        {"slug": team.slug, "name": team.name, "program": team.preset, "agency": team.agency, "kind": team.kind}
        for team in TEAMS
    ]


def units(places: Sequence[Record]) -> list[Record]:
    """Units at their posts. `exclusive` is false only for clinicians on the phone, who may hold two calls."""
    spot = {place["label"]: place for place in places if place["kind"] == "common_place"}
    return [
        {
            "call_sign": unit.call_sign,
            "team": unit.team,
            "agency": unit.agency,
            "kind": unit.kind,
            "capabilities": [*unit.capabilities, *unit.languages],
            "exclusive": unit.capacity_at_once == 1,
            "armed": unit.armed,
            "unmarked": unit.unmarked,
            "capacity_at_once": unit.capacity_at_once,
            "lat": spot[unit.post]["lat"],
            "lon": spot[unit.post]["lon"],
            "post": unit.post,
            "crew": [username for username, _, _ in unit.crew],
            "languages": list(unit.languages),
        }
        for unit in UNITS
    ]


def targets() -> list[Record]:
    """Whom the centre telephones when a message is not enough. Nobody has tried these numbers yet."""
    return [
        {"kind": kind, "name": name, "phone": f"+1 308 555 {number:04d}"}
        for kind, name, number in (
            ("988", "988 Lifeline, regional line", 188),
            ("211", "211 Help line", 121),
            ("311", "311 City services", 131),
            ("other_centre", "Riverton County 911", 191),
            ("police", "Police desk", 171),
            ("ems", "EMS desk", 172),
            ("fire", "Fire desk", 173),
        )
    ]


def shifts() -> list[Record]:
    """Three eight-hour shifts a day for all, none across midnight; one van works by day only (06:00 to 22:00)."""
    every_day = list(range(7))
    found: list[Record] = []
    for unit in UNITS:
        hours = ((6, 14), (14, 22)) if unit.days_only else ((0, 8), (8, 16), (16, 24))
        found += [{"unit": unit.call_sign, "starts_hour": a, "ends_hour": b, "days": every_day} for a, b in hours]
    return found


def premises(places: Sequence[Record]) -> list[Record]:
    """Places with cautions on file: the middle address of the wanted kind and beat, so that the choice is stable."""
    found: list[Record] = []
    for kind, beat, cautions in _CAUTIONS:
        fitting = [
            place
            for place in places
            if place["kind"] == "address" and place["location_type"] == kind and beat in ("", place["beat"])
        ]
        place = fitting[len(fitting) // 2]
        found.append(
            {
                "label": place["label"],
                "lat": place["lat"],
                "lon": place["lon"],
                "cautions": [
                    {
                        "text": text,
                        "kind": hazard,
                        "severity": severity,
                        "source": source,
                        "added_days_ago": added,
                        "expires_in_days": expires,
                    }
                    for text, hazard, severity, source, added, expires in cautions
                ],
            }
        )
    return found


def phones(places: Sequence[Record], rng: random.Random) -> list[Record]:
    """Telephones with what a carrier would report: a fixed line's address, a mobile's circle, or nothing at all."""
    homes = [place for place in places if place["kind"] == "address"]
    found: list[Record] = []
    for number in range(100, 160):
        place = homes[rng.randrange(len(homes))]
        draw = rng.random()
        kind, radius = (
            ("landline", 0) if draw < 0.2 else ("voip", 0) if draw < 0.3 else ("mobile", rng.choice((12, 35, 90, 300)))
        )
        carrier: Record = {
            "lat": place["lat"],
            "lon": place["lon"],
            "uncertainty_m": radius,
            "confidence_percent": 90 if radius else 100,
            "label": place["label"] if kind == "landline" else "",
        }
        # A line over the internet reports no position: the caller has to say where help is needed.
        found.append(
            {"number": f"+1308555{number:04d}", "kind": kind, "carrier_location": None if kind == "voip" else carrier}
        )
    return found
