"""Proofs that a version goes live with: of exactly its content, under the protocol that is or will be live."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Centre
from accounts.problems import Refused
from programs.checks.behind import proof_ready
from programs.checks.runner import kept, program_proof, proof_digest
from programs.models import Check, ProgramVersion, VersionState


def standing_programs(centre: Centre) -> list[ProgramVersion]:
    """What a protocol must carry when it goes live: the live programs, and those approved for a later time."""
    wanted = (VersionState.PUBLISHED, VersionState.SCHEDULED)
    versions = ProgramVersion.objects.filter(program__centre=centre, state__in=wanted).select_related("program")
    return list(versions.order_by("program__slug", "number"))


def locked(centre: Centre) -> None:
    """One publishing at a time in a centre: no program is proven under a protocol that is being replaced.

    Not a lock that a new call, which only refers to the centre, would wait for; the same for versions that are live, to
    which decisions refer.
    """
    Centre.objects.select_for_update(no_key=True).get(pk=centre.pk)


def program_holds(version: ProgramVersion, protocol: Mapping[str, Any], *, whose: str = "") -> Check:
    """The kept proof of a version under a protocol. Raises Refused, with a call in words, when none is or it fails."""
    found = kept(Check.Kind.PROOF, proof_digest(version.spec["rules"], protocol))
    if found is None:
        words = f"{whose}The rules are not proven for this content yet. Try again."
        raise Refused("not_proven", words, field="approve", status=409)
    if not found.holds:
        first = next(one for one in found.findings if one["kind"] == "invariant" and not one["holds"])
        example = first["example"]["words"] if first.get("example") else ""
        words = f"{whose}Not safe: {first['label']}. {example}".strip()
        raise Refused("not_safe", words, field="approve", status=409)
    return found


def programs_prove(centre: Centre, protocol: Mapping[str, Any], *, at: datetime) -> None:
    """Make the proofs of the standing programs that a protocol does not have yet. Call it outside a transaction."""
    for version in standing_programs(centre):
        program_proof(version.spec["rules"], protocol, at=at)


def programs_ready(centre: Centre, protocol: Mapping[str, Any], *, at: datetime) -> bool:
    """Whether all of those proofs are kept; missing ones are begun at once and never waited for (checks.behind)."""
    ready = [proof_ready(version.spec["rules"], protocol, at=at) for version in standing_programs(centre)]
    return all(ready)


def programs_hold(centre: Centre, protocol: Mapping[str, Any]) -> None:
    """Raises Refused that names the first standing program which a protocol would make unsafe, with a call in words."""
    for version in standing_programs(centre):
        program_holds(version, protocol, whose=f"{version.program.name}, version {version.number}, under it. ")
