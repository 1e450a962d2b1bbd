"""What a person chose, against what is suggested: the plan of a choice, and whether a program takes the call."""

from accounts.problems import Refused
from dispatch.models import Incident
from dispatch.models.incident import RESPONSE_CLASSES
from dispatch.plan import Plan, below_its_class, direction, plan_held, plan_of, standard_plan
from dispatch.reasons import OVERRIDE_LESS, OVERRIDE_MORE
from dispatch.selectors.cues import Proposals
from dispatch.selectors.triage import Judged
from triage import natures
from triage.answers import is_danger
from triage.cues import Cue
from triage.response import ordered_services
from triage.results import FitResult

_FOR_POLICE = frozenset({"caller_asked_police", "officer_asked", "known_risk"})
"""Reasons for an emergency response that name police, also where the answers so far ask only for EMS."""


def standard(incident: Incident) -> Plan:
    """The standard response of an incident's nature: what goes when there is no suggestion."""
    nature = natures.load().get(incident.nature or None)
    return standard_plan(tuple(nature.standard_response) if nature else ())


def suggested(judged: Judged, incident: Incident) -> Plan:
    """What accepting would send by the answers alone, before unconfirmed cues hold it."""
    return plan_of(judged.suggestion) if judged.suggestion is not None else standard(incident)


def held(plan: Plan, judged: Judged, proposals: Proposals) -> tuple[Plan, list[Cue]]:
    """The plan as unconfirmed danger cues keep it, and those cues."""
    holding = proposals.hold(plan.response_class, judged.answers)
    if not holding or judged.suggestion is None:
        return plan, []
    words = proposals.sentence(holding)
    return plan_held(plan, judged.suggestion, [cue.key for cue in holding], words), holding


def chosen(judged: Judged, suggested: Plan, incident: Incident, response_class: str, program: str, reason: str) -> Plan:
    """The plan of a person's own choice. Raises Refused for a choice that cannot be sent, also not by two people."""
    if response_class not in RESPONSE_CLASSES:
        raise Refused("class_unknown", f"Choose one of {', '.join(RESPONSE_CLASSES)}.", field="response_class")
    if reason not in OVERRIDE_MORE and reason not in OVERRIDE_LESS:
        raise Refused("reason_needed", "Choose a reason.", field="reason")
    if response_class == "emergency":
        services = suggested.services or standard(incident).services
        if reason in _FOR_POLICE:
            services = ordered_services({*services, "police"})
        return Plan("emergency", "", services, suggested.triaged, reason, "")
    # A co-response is an officer with a clinician: police are asked whether or not a program sends the clinician.
    services = ordered_services({*suggested.services, "police"}) if response_class == "co_response" else ()
    fits = {fit.slug: fit for fit in judged.suggestion.fits} if judged.suggestion else {}
    able = [slug for slug in fits if takes_it(judged, Plan(response_class, slug, (), True))]
    if program:
        served = judged.published.by_slug(program) if judged.published is not None else None
        if judged.published is None or served is None:
            raise Refused("program_unknown", "This program is not published here.", field="program")
        if program in judged.published.suspended:
            raise Refused("suspended", "Diversion to this program is stopped.", field="program", status=409)
        if served.spec["rules"].get("response_class") != response_class and program not in able:
            raise Refused("program_class", "This program does not serve that response.", field="program")
        return Plan(response_class, program, services, suggested.triaged, reason, "")
    if able:
        return Plan(response_class, able[0], services, suggested.triaged, reason, "")
    if response_class == "co_response":
        return Plan("co_response", "", services, suggested.triaged, reason, "")
    if judged.suggestion is not None and judged.published is not None:
        by_slug = {one.program.slug: one.spec["rules"].get("response_class") for one in judged.published.versions}
        below = below_its_class(judged.suggestion, by_slug, response_class)
        if below:
            return Plan(response_class, below, services, suggested.triaged, reason, "")
    raise Refused(
        "no_program",
        "No program of this kind takes this call here and now: choose a program or a more cautious response.",
        field="program",
    )


def accepted(judged: Judged, suggested: Plan, program: str) -> Plan:
    """The suggestion, accepted for another program that takes the call, at the suggested class or a more cautious one.

    Raises Refused where the program does not take it, or would lower the class: that is an override by two people.
    """
    fits = judged.suggestion.fits if judged.suggestion is not None else ()
    fit = next((fit for fit in fits if fit.slug == program), None)
    if fit is None or fit.result is not FitResult.ELIGIBLE:
        said = "; ".join(reason.text for reason in fit.reasons) if fit is not None else "It is not published here."
        raise Refused("program_shut", f"This program does not take the call now. {said}", field="program", status=409)
    plan = Plan(fit.effective_class.value, program, (), suggested.triaged)
    if direction(plan.response_class, suggested.response_class) == "less":
        raise Refused("class_above", f"More is suggested now. {suggested.words}".strip(), field="program", status=409)
    if plan.response_class == "co_response":
        return Plan("co_response", program, ordered_services({*suggested.services, "police"}), suggested.triaged)
    return plan


def takes_it(judged: Judged, plan: Plan) -> bool:
    """Whether the plan's program takes the call by its own rules, as what it would be sent as."""
    fits = judged.suggestion.fits if judged.suggestion is not None else ()
    return any(
        fit.slug == plan.program
        and fit.result is FitResult.ELIGIBLE
        and fit.effective_class.value == plan.response_class
        for fit in fits
    )


INFORMATION = frozenset({"information"})
INFORMATION_NATURE = "administrative"


def information_only(judged: Judged, incident: Incident, proposals: Proposals) -> bool:
    """Whether nobody need be sent, by the protocol's own class: it may end on the telephone, with 211, 311, a promise.

    Only before sending, while no stop key is pressed here, for a call that is triaged, whose class before any program
    was looked for is one for the telephone, with no danger in answers or unconfirmed words, and that needs information
    and nothing else. That no program takes it is no reason to send somebody; what is suggested stays as it is, and a
    person chooses.
    """
    suggestion = judged.suggestion
    if suggestion is None or not suggestion.triaged or incident.sent_at is not None or incident.response_class:
        return False
    if judged.published is not None and judged.published.suspended:
        return False
    need = judged.answers.get("need")
    asks = set(need) if isinstance(need, (list, tuple, set, frozenset)) else set()
    if not (asks == INFORMATION or (incident.nature == INFORMATION_NATURE and asks <= INFORMATION)):
        return False
    said = str(suggestion.response_class)
    if direction(said, "tele_clinician") == "more" or proposals.hold(said, judged.answers):
        return False
    return not any(is_danger(key, value) for key, value in judged.answers.items())
