"""The street network of a centre file: loaded whole, and again only when it has changed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Centre
from accounts.problems import Refused
from people.models import StreetNetwork, StreetPiece


def streets_load(*, centre: Centre, data: Mapping[str, Any], at: datetime) -> None:
    """Replace the centre's streets in the caller's transaction; a file without a network leaves them as they are.

    Raises Refused for a piece whose crossing the file does not have.
    """
    network = data.get("street_network")
    if not network:
        return
    digest = hashlib.sha256(json.dumps(network, sort_keys=True).encode()).hexdigest()
    stored, _ = StreetNetwork.objects.select_for_update().get_or_create(
        centre=centre, defaults={"digest": "", "loaded_at": at}
    )
    if stored.digest == digest:
        return
    crossings = {number: (lat, lon) for number, lat, lon in network["crossings"]}
    try:
        pieces = [
            StreetPiece(
                network=stored,
                name=row["name"],
                start=row["start"],
                end=row["end"],
                start_lat=crossings[row["start"]][0],
                start_lon=crossings[row["start"]][1],
                end_lat=crossings[row["end"]][0],
                end_lon=crossings[row["end"]][1],
                metres=row["metres"],
                speed_mps=row["speed_mps"],
                one_way=row["one_way"],
            )
            for row in network["pieces"]
        ]
    except KeyError as error:
        raise Refused("street_network", f"The street network is not whole: {error} is missing.") from error
    stored.pieces.all().delete()
    StreetPiece.objects.bulk_create(pieces, batch_size=2000)
    stored.digest, stored.loaded_at = digest, at
    stored.save(update_fields=["digest", "loaded_at"])
