"""Reading, carrying out and undoing a line. The page, the journeys and the tests all come through here."""

from uuid import UUID

from django.core import signing

from accounts.access import may
from accounts.models import User
from desk.commands import calls, care, pane, persons, units, visits
from desk.commands.grammar import Unreadable, read
from desk.commands.plans import VERBS, Context, Done, Plan
from dispatch.access import assignment_for, call_for, incident_for, note_for
from dispatch.services.incidents import nature_set
from dispatch.services.narrative import note_strike
from dispatch.services.parting import call_part
from dispatch.services.persons import person_unlink
from dispatch.services.step_back import UNDO_WITHIN, assignment_step_back

__all__ = ["calls", "care", "carry_out", "pane", "persons", "plan_of", "undo", "units", "visits"]
_SALT = "command.undo"


def plan_of(typed: str, context: Context) -> Plan:
    """What the line would do. Raises Unreadable, Refused, TransitionRefused, PermissionDenied or Http404."""
    line = read(typed)
    verb = VERBS.get(line.verb)
    if verb is None or not may(context.user, *verb.roles):
        raise Unreadable(f"There is no command “{line.verb}” for you here. Type help.")
    extra = [name for name in line.fields if name not in verb.fields]
    if extra:
        known = ", ".join(verb.fields) or "none"
        raise Unreadable(f"{line.verb} has no field “{extra[0]}”. Its fields: {known}.")
    if line.text and not verb.takes_text:
        raise Unreadable(f"{line.verb} takes no text after dashes.")
    return verb.plan(context, line)


def carry_out(typed: str, context: Context) -> tuple[Done, str]:
    """Do it. Returns what was done and a token with which the same person can undo it for ten seconds, or ""."""
    done = plan_of(typed, context).run()
    if done.undo is None:
        return done, ""
    return done, signing.dumps({**done.undo, "by": str(context.user.pk)}, salt=_SALT)


def undo(token: str, context: Context) -> str:
    """Undo what a token names: a further entry, never a deletion. Raises Unreadable and what the services raise."""
    try:
        what = signing.loads(token, salt=_SALT, max_age=UNDO_WITHIN)
    except signing.SignatureExpired as error:
        raise Unreadable("Too late to undo: set what is right.") from error
    except signing.BadSignature as error:
        raise Unreadable("This cannot be undone.") from error
    if what["by"] != str(context.user.pk):
        raise Unreadable("Only who did it can undo it.")
    return _UNDO[what["kind"]](context.user, what, context)


def _note(user: User, what: dict[str, str], context: Context) -> str:
    note_strike(entry=note_for(user, UUID(what["id"])), by=user, at=context.at)
    return "The note is struck; it stays readable."


def _nature(user: User, what: dict[str, str], context: Context) -> str:
    incident = incident_for(user, UUID(what["id"]), change=True)
    if incident.nature != what["from"]:
        raise Unreadable("Somebody has changed the nature since.")
    nature_set(incident=incident, nature=what["to"], by=user, at=context.at)
    return f"#{incident.number:04d} has its former nature."


def _step(user: User, what: dict[str, str], context: Context) -> str:
    assignment = assignment_for(user, UUID(what["id"]))
    back = assignment_step_back(assignment=assignment, action=what["action"], by=user, at=context.at)
    return f"{back.unit.call_sign} is {back.state.replace('_', ' ').upper()} again."


def _person(user: User, what: dict[str, str], context: Context) -> str:
    call = call_for(user, UUID(what["id"]))
    if str(call.person_id) != what["person"]:
        raise Unreadable("Somebody has changed whom it is about since.")
    person_unlink(call=call, reason="chosen_by_mistake", by=user, at=context.at)
    return f"#{call.incident.number:04d} is not about them; what their file said still counts until asked again."


def _join(user: User, what: dict[str, str], context: Context) -> str:
    call = call_for(user, UUID(what["id"]))
    if str(call.incident_id) != what["into"]:
        raise Unreadable("The caller is not with that incident any more.")
    parted = call_part(call=call, by=user, at=context.at)
    return f"The caller has an incident of their own again: #{parted.incident.number:04d}."


_UNDO = {"note": _note, "nature": _nature, "step": _step, "person": _person, "join": _join}
