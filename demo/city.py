"""The invented demo city as one file, made by code: `python -m demo.city [--seed 7] > centre.json`.

The same seed gives the same bytes. Nothing in it is real: the place is open grassland, the names are made up, the
telephone numbers belong to the block that is kept for fiction, and centre and agencies are marked `simulated`.

The centre file, format `centre/1`
----------------------------------
`load_centre` reads this and nothing else. All coordinates are WGS84 degrees; GeoJSON is [longitude, latitude].

- `format`: "centre/1". `seed`: the seed that it was made with.
- `centre`: {name, slug, time_zone (IANA), simulated: true, lat, lon (Central Square)}
- `agencies`: [{slug, name, kind: police | ems | fire | behavioral | community | centre, simulated: true}]
- `people`: [{username, password (the same for all; demo only), name, role (the headline one), roles: [call_taker |
  dispatcher | clinician | responder | supervisor | program_administrator | system_administrator | analyst | auditor],
  agency (slug), languages: [ISO 639 codes; "ase" is American Sign Language], home: console | queue | overview | phone |
  programs | audit (the screen after sign-in), played_by: person | simulator | crew (crew: simulated until a person
  signs in)}]
- `districts`, `beats`, `boundary`, `river`, `parks`, `streets`: GeoJSON FeatureCollections. Properties: districts
  {name}; beats {name, district}; boundary {name}; river {name}; parks {name}; streets {name, kind: street | avenue |
  radial | ring | parkway | lane, main: bool, from_number, to_number}. Beats cover districts, districts the boundary.
- `street_network`: {crossings: [[id, lat, lon]], pieces: [{start, end (ids of crossings), name, metres, speed_mps
  (metres a second on the average, stops included), one_way: bool (from start to end)}]}: what travel times come from.
- `places`: [{kind: address | intersection | common_place | block | street, label, lat, lon, beat, district,
  location_type (a value of the triage fact of that name; empty where the label alone does not tell it), block (the
  hundred block or the corner: what may be shown where a house number may not), aliases?: [what people call it]}].
  (kind, label) is unique.
- `premises`: [{label (of an address in `places`), lat, lon, cautions: [{text, kind: weapon | violence | animal |
  environment | access, severity: info | warn | danger, source, added_days_ago, expires_in_days (negative: run out)}]}]
- `phones`: [{number (E.164), kind: landline | mobile | voip, carrier_location: null | {lat, lon, uncertainty_m,
  confidence_percent, label (address of a fixed line, else empty)}}]
- `profiles`: [{external_id, phone (E.164), confirmed_days_ago, details: [{code, text}]}]: what residents have told
  a registry about themselves.
- `programs`: [{preset (slug of one that ships: all thirteen of the source guide), agency, area (GeoJSON geometry),
  overrides: {hours: "24/7" (the syntax of OpenStreetMap's opening_hours)}}]
- `teams`: [{slug, name, program (preset), agency, kind: mobile_team | co_response | tele_clinician | outreach, beats?:
  [names of the beats that it serves; without, wherever its programs do]}]
- `targets`: [{kind: 988 | 211 | 311 | other_centre | police | ems | fire, name, phone}]: whom the centre telephones.
- `units`: [{call_sign, team (slug) or null, agency, kind: mobile_team | clinician | outreach | police | ems | fire |
  co_responder, capabilities: [clinician | medic | peer | officer | transport | youth | language codes], exclusive,
  armed, unmarked (all bool), capacity_at_once, lat, lon, post (label of the common place where it waits), crew:
  [usernames; the first carries the phone], languages}]
- `shifts`: [{unit (call sign), starts_hour, ends_hour (local, 0 to 24, not across midnight), days: [0 = Monday .. 6]}]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from demo import gazetteer, ground, names, network, residents, roster

TIME_ZONE = "America/Chicago"
DEFAULT_SEED = 7


def build(seed: int = DEFAULT_SEED) -> dict[str, object]:
    """The whole centre file as a plain dictionary (see the module's docstring for its shape)."""
    rng = random.Random(seed)
    plan = ground.lay_out(rng)
    places = gazetteer.places(plan, rng)
    boundary = ground.to_wgs84(plan.boundary)
    areas = {
        preset: ground.to_wgs84(unary_union([plan.districts[name] for name in districts]))
        for preset, districts in roster.DISTRICTS_OF.items()
    }
    return {
        "format": "centre/1",
        "seed": seed,
        "centre": {
            "name": f"{names.CITY} Emergency Communications",
            "slug": names.CITY.lower(),
            "time_zone": TIME_ZONE,
            "simulated": True,
            "lat": ground.ORIGIN_LAT,
            "lon": ground.ORIGIN_LON,
        },
        "agencies": roster.agencies(),
        "people": roster.people(roster.password(rng)),
        "districts": _collection([({"name": name}, shape) for name, shape in plan.districts.items()]),
        "beats": _collection(
            [({"name": name, "district": district}, shape) for name, (district, shape) in plan.beats.items()]
        ),
        "boundary": _collection([({"name": names.CITY}, plan.boundary)]),
        "river": _collection([({"name": names.RIVER}, plan.river)]),
        "parks": _collection([({"name": name}, shape) for name, shape in plan.parks.items()]),
        "streets": gazetteer.streets_geojson(plan),
        "street_network": network.street_network(plan),
        "places": places,
        "premises": roster.premises(places),
        "phones": roster.phones(places, rng),
        "profiles": residents.profiles(),
        "programs": roster.programs(boundary, areas),
        "teams": roster.teams(),
        "targets": roster.targets(),
        "units": roster.units(places),
        "shifts": roster.shifts(),
    }


def _collection(parts: Sequence[tuple[dict[str, str], BaseGeometry]]) -> dict[str, object]:
    features = [
        {"type": "Feature", "properties": properties, "geometry": ground.to_wgs84(shape)} for properties, shape in parts
    ]
    return {"type": "FeatureCollection", "features": features}


def encode(centre: dict[str, object]) -> str:
    """The file's text: one line per top-level entry, so that two versions can be compared."""
    lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in centre.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the centre file to standard output."""
    parser = argparse.ArgumentParser(prog="python -m demo.city", description="Make the invented demo city.")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    chosen = parser.parse_args(arguments)
    sys.stdout.write(encode(build(chosen.seed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
