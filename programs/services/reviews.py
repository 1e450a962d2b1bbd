"""Writes of the review: hand in, send back."""

from datetime import datetime

from django.db import transaction

from accounts.access import require, roles_of
from accounts.models import User
from accounts.problems import Refused
from programs.access import CLINICAL, EDITORS, OPERATIONS
from programs.models import ProgramVersion, ProtocolVersion
from programs.selectors.around import draft_problems
from programs.services.steps import step


@transaction.atomic
def version_submit(*, version: ProgramVersion, reason: str, by: User, at: datetime) -> ProgramVersion:
    """Hand a draft in for review. The one who hands it in is its author and cannot approve it.

    Raises Refused that names the first thing to mend.
    """
    require(by, *EDITORS)
    found = ProgramVersion.objects.select_for_update(of=("self",)).select_related("program__centre").get(pk=version.pk)
    if not reason.strip():
        words = "Say in a sentence why this changes: the reviewer and the history read it."
        raise Refused("reason_needed", words, field="reason")
    if found.unsaved:
        sections = ", ".join(sorted(found.unsaved))
        raise Refused(
            "unsaved", f"There is something typed that could not be accepted, in: {sections}.", field="reason"
        )
    blocking = [problem for problem in draft_problems(found, at=at) if problem.blocks]
    if blocking:
        raise Refused("not_ready", f"{blocking[0].section.title()}: {blocking[0].words}", field="reason")
    found.author, found.reason = by, reason.strip()
    if by.pk not in found.editors:
        found.editors.append(by.pk)
    step(found, "submit", by=by, at=at, words=found.reason)
    found.save(update_fields=["author", "reason", "editors", "state"])
    return found


@transaction.atomic
def version_send_back(*, version: ProgramVersion, words: str, by: User, at: datetime) -> ProgramVersion:
    """Give a version in review back to its author, with what to change."""
    require(by, *EDITORS)
    if not words.strip():
        raise Refused("words_needed", "Say what should change.", field="words")
    found = ProgramVersion.objects.select_for_update(of=("self",)).select_related("program__centre").get(pk=version.pk)
    step(found, "send_back", by=by, at=at, words=words.strip())
    found.save(update_fields=["state"])
    return found


def two_people(author: User | None, approver: User, editors: list[int]) -> None:
    """Raises Refused unless the approver is another person, changed nothing, and the two cover both sides."""
    if author is None:
        raise Refused("no_author", "Nobody has handed it in.", status=409)
    if author.pk == approver.pk or approver.pk in editors:
        raise Refused("takes_two", "You wrote part of it: another person must approve it.", field="approve", status=409)
    held = roles_of(author) | roles_of(approver)
    if not held & CLINICAL:
        raise Refused(
            "clinical_needed", "Neither of the two is a clinician: a clinician must write or approve it.",
            field="approve", status=409,
        )  # fmt: skip
    if not held & OPERATIONS:
        raise Refused(
            "operations_needed",
            "Neither of the two answers for operations: a supervisor or program administrator must be one of them.",
            field="approve",
            status=409,
        )


@transaction.atomic
def protocol_submit(*, version: ProtocolVersion, reason: str, by: User, at: datetime) -> ProtocolVersion:
    """Hand a protocol in for review. Neither the one who hands it in nor the one who drafted it approves it."""
    require(by, *EDITORS)
    if not reason.strip():
        raise Refused("reason_needed", "Say in a sentence why this changes.", field="reason")
    found = ProtocolVersion.objects.select_for_update(of=("self",)).select_related("centre").get(pk=version.pk)
    found.author, found.reason = by, reason.strip()
    if by.pk not in found.editors:
        found.editors.append(by.pk)
    step(found, "submit", by=by, at=at, words=found.reason)
    found.save(update_fields=["author", "reason", "editors", "state"])
    return found


@transaction.atomic
def protocol_send_back(*, version: ProtocolVersion, words: str, by: User, at: datetime) -> ProtocolVersion:
    """Give a protocol in review back."""
    require(by, *EDITORS)
    if not words.strip():
        raise Refused("words_needed", "Say what should change.", field="words")
    found = ProtocolVersion.objects.select_for_update(of=("self",)).select_related("centre").get(pk=version.pk)
    step(found, "send_back", by=by, at=at, words=words.strip())
    found.save(update_fields=["state"])
    return found
