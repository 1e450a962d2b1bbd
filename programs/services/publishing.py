"""Making a program version live: by two people, with a proof of exactly its content, now or at a time."""

from datetime import datetime

from django.db import transaction

from accounts.access import require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from programs.access import EDITORS
from programs.checks.behind import proof_ready
from programs.checks.runner import program_proof
from programs.models import ProgramVersion, VersionState
from programs.selectors.around import draft_problems, proving_protocol
from programs.services.proofs import locked, program_holds
from programs.services.reviews import two_people
from programs.services.steps import step
from programs.words import changes_in_words


class LiveChanged(Refused):
    """Another version went live since the draft was begun. `difference`: what it changed, in words."""

    def __init__(self, number: int, difference: list[str]) -> None:
        words = "; ".join(difference[:5]) or "nothing that shows"
        super().__init__(
            "live_changed",
            f"The live version changed meanwhile: it is now version {number} ({words}). Bring the draft up to date.",
            field="approve",
            status=409,
        )
        self.number, self.difference = number, difference


def _base_checked(version: ProgramVersion) -> ProgramVersion | None:
    """The live version, if it is the draft's base. Raises LiveChanged otherwise."""
    live = version.program.versions.select_for_update(no_key=True).filter(state=VersionState.PUBLISHED).first()
    if live is not None and live.pk != version.base_id:
        raise LiveChanged(live.number, _moved(version.base, live))
    return live


def _moved(base: ProgramVersion | None, live: ProgramVersion) -> list[str]:
    if base is None:
        return changes_in_words(None, live.spec)
    return changes_in_words(base.spec, live.spec, old_area=base.area, new_area=live.area)


def version_publish(
    *, version: ProgramVersion, effective_from: datetime | None, by: User, at: datetime
) -> ProgramVersion:
    """Approve a version in review, as the second person: live at once, or at `effective_from`.

    Raises Refused: one person alone, a side that nobody holds, something to mend, no proof, an unsafe rule;
    LiveChanged when another version went live since the draft was begun.
    """
    require(by, *EDITORS)
    protocol = proving_protocol(version.program.centre)
    # Outside the transaction: it starts a process of its own and no row should stay locked for it.
    program_proof(version.spec["rules"], protocol, at=at)
    return _publish(version, effective_from, by, at)


@transaction.atomic
def _publish(version: ProgramVersion, effective_from: datetime | None, by: User, at: datetime) -> ProgramVersion:
    locked(version.program.centre)
    found = (
        ProgramVersion.objects.select_for_update(of=("self",), no_key=True)
        .select_related("program__centre", "author", "base")
        .get(pk=version.pk)
    )
    later = effective_from is not None and effective_from > at
    if found.state == VersionState.IN_REVIEW:
        two_people(found.author, by, found.editors)
        blocking = [problem for problem in draft_problems(found, at=at) if problem.blocks]
        if blocking:
            raise Refused("not_ready", f"{blocking[0].section.title()}: {blocking[0].words}", field="approve")
        waiting = found.program.versions.filter(state=VersionState.SCHEDULED).first()
        if waiting is not None:
            raise Refused(
                "one_waits", f"Version {waiting.number} is approved and waits for its time: withdraw it first.",
                field="approve", status=409,
            )  # fmt: skip
        live = _base_checked(found)
        found.proof = program_holds(found, proving_protocol(found.program.centre))
    else:
        live = None
    step(found, "schedule" if later else "publish", by=by, at=at)
    if live is not None and not later:
        step(live, "supersede", by=by, at=at)
        live.save(update_fields=["state"])
    found.approver, found.published_at = by, at
    found.effective_from = effective_from if later else at
    found.save(update_fields=["approver", "published_at", "effective_from", "proof", "state"])
    if not later:
        _now_live(found, at)
    return found


def _now_live(version: ProgramVersion, at: datetime) -> None:
    program = version.program
    if program.name != version.spec["name"]:
        program.name = version.spec["name"]
        program.save(update_fields=["name"])
    event_record(
        centre_id=program.centre_id,
        entity="program_version",
        entity_id=version.pk,
        version=version.number,
        kind="program.publish",
        at=at,
    )


def version_go_live(*, version: ProgramVersion, at: datetime) -> ProgramVersion:
    """An approved version whose time has come. Its base is still live: nothing else is approved while it waits.

    It stays as it is while its proof is still being made.

    Raises Refused when it does not hold under the protocol that is live now: it goes on waiting.
    """
    if version.state != VersionState.SCHEDULED or version.effective_from is None or version.effective_from > at:
        return version
    # The protocol, or the data that ships with the code, may be another than when it was approved.
    protocol = proving_protocol(version.program.centre)
    return _go_live(version, at) if proof_ready(version.spec["rules"], protocol, at=at) else version


@transaction.atomic
def _go_live(version: ProgramVersion, at: datetime) -> ProgramVersion:
    locked(version.program.centre)
    found = (
        ProgramVersion.objects.select_for_update(of=("self",), no_key=True)
        .select_related("program__centre")
        .get(pk=version.pk)
    )
    if found.state != VersionState.SCHEDULED or found.effective_from is None or found.effective_from > at:
        return found
    program_holds(found, proving_protocol(found.program.centre))
    for live in found.program.versions.select_for_update(no_key=True).filter(state=VersionState.PUBLISHED):
        step(live, "supersede", by=None, at=at)
        live.save(update_fields=["state"])
    step(found, "go_live", by=None, at=at)
    found.save(update_fields=["state"])
    _now_live(found, at)
    return found


@transaction.atomic
def version_withdraw(*, version: ProgramVersion, words: str, by: User, at: datetime) -> ProgramVersion:
    """Take back an approved version before its time, or end a live program. One person: it only raises care."""
    require(by, *EDITORS)
    if not words.strip():
        raise Refused("words_needed", "Say why.", field="words")
    found = (
        ProgramVersion.objects.select_for_update(of=("self",), no_key=True)
        .select_related("program__centre")
        .get(pk=version.pk)
    )
    step(found, "retire" if found.state == VersionState.PUBLISHED else "withdraw", by=by, at=at, words=words.strip())
    found.save(update_fields=["state"])
    event_record(
        centre_id=found.program.centre_id,
        entity="program_version",
        entity_id=found.pk,
        version=found.number,
        kind="program.withdraw",
        at=at,
    )
    return found


@transaction.atomic
def version_publish_simulated(*, version: ProgramVersion, at: datetime) -> ProgramVersion:
    """Publish a version in a simulated centre, where no second person and no medical director is needed.

    For loading a demo city and for tests; people publish there as everywhere, two of them.
    Raises Refused elsewhere: there a version goes through review by two people.
    """
    if not version.program.centre.simulated:
        raise Refused(
            "needs_two_people", "Outside a simulated centre a program is published by two people.", status=409
        )
    ProgramVersion.objects.filter(program=version.program, state=VersionState.PUBLISHED).update(
        state=VersionState.SUPERSEDED
    )
    version.state, version.published_at, version.effective_from = VersionState.PUBLISHED, at, at
    version.save(update_fields=["state", "published_at", "effective_from"])
    audit(
        action="program.publish", at=at, centre=version.program.centre, entity="program_version", entity_id=version.pk
    )
    return version
