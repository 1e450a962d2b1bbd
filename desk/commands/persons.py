"""Commands about the person of a call: whom it is about, new, not them, a hazard for the file, a profile taken over."""

from functools import partial

from accounts.access import FLOOR
from desk.commands.care import these
from desk.commands.grammar import Line, Unreadable
from desk.commands.plans import Context, Done, Plan, Verb, call_meant, code_of, coded, needed, simple
from desk.person_part import persons_looked_up
from dispatch.access import person_for
from dispatch.reasons import CAUTION_KINDS, CAUTION_SOURCES, PERSON_UNLINK
from dispatch.services.cautions import caution_tell
from dispatch.services.persons import person_link, person_link_new, person_unlink
from dispatch.services.profiles import profile_take
from people.models import Caution

_ABOUT = {"person": "with the person", "place": "at the address"}
_SEVERITIES = {str(code): str(said).lower() for code, said in Caution.Severity.choices}
_DAYS = "90"


def _about(context: Context, line: Line) -> Plan:
    """Only where the words mean exactly one person: a name that several have is no choice."""
    call, text = call_meant(context, line), " ".join((*line.words, line.fields.get("born", ""))).strip()
    if not text:
        raise Unreadable('Type a name, a year of birth or a number: about "ana ruiz" born:1984.')
    found = persons_looked_up(context.centre, text, context.user, context.at)
    if len(found) != 1:
        several = "; ".join(one.person.words for one in found)
        raise Unreadable(
            f"Which one? {several}." if found else "Nobody like this is on file: whois makes a new person."
        )
    person = person_for(context.user, found[0].person.id)

    def run() -> Done:
        person_link(call=call, person=person, by=context.user, at=context.at)
        undo = {"kind": "person", "id": str(call.pk), "person": str(person.pk)}
        return Done(f"{code_of(call.incident)} is about {found[0].person.words}.", undo=undo)

    return Plan(f"{code_of(call.incident)} is about {found[0].person.words}", run)


def _new(context: Context, line: Line) -> Plan:
    call, name, born = call_meant(context, line), " ".join(line.words), line.fields.get("born", "")
    if not name:
        raise Unreadable('Type at least one word: whois "ana ruiz" born:1984 -- hard of hearing.')
    if born and not born.isdigit():
        raise Unreadable("Type the year of birth as four digits: born:1984.")

    def run() -> Done:
        year = int(born) if born else None
        done = person_link_new(
            call=call, id=context.id, name=name, born=year, about=line.text, by=context.user, at=context.at
        )
        undo = {"kind": "person", "id": str(call.pk), "person": str(done.person_id)}
        return Done(f"{code_of(call.incident)} is about {name}, new on file.", undo=undo)

    return Plan(f"{code_of(call.incident)} is about {name}, new on file{f', born {born}' if born else ''}", run)


def _not_about(context: Context, line: Line) -> Plan:
    call = call_meant(context, line)
    if call.person_id is None:
        raise Unreadable(f"Nobody is linked to {code_of(call.incident)}.")
    reason = coded(PERSON_UNLINK, needed(line, "why", "wrong_person"), "why")
    said = PERSON_UNLINK[reason].lower()
    echo = f"{code_of(call.incident)} is not about them: {said}; what their file said still counts"
    run = partial(person_unlink, call=call, reason=reason, by=context.user, at=context.at)
    return simple(context, line, echo, run)


def _hazard(context: Context, line: Line) -> Plan:
    call, text = call_meant(context, line), line.text
    about = coded(_ABOUT, line.words[0] if line.words else "person", "hazard")
    if not text:
        raise Unreadable("Say what it is: hazard person kind:animal sev:warn days:90 -- large dog.")
    days = line.fields.get("days", _DAYS)
    if not days.isdigit():
        raise Unreadable("In how many days does it end? days:90.")
    kind = coded(CAUTION_KINDS, needed(line, "kind", "animal"), "kind")
    severity = coded(_SEVERITIES, line.fields.get("sev", "warn"), "sev")
    source = coded(CAUTION_SOURCES, line.fields.get("src", "caller"), "src")
    echo = f"hazard {_ABOUT[about]} of {code_of(call.incident)}, {_SEVERITIES[severity]}, {days} days: “{text}”"
    run = partial(
        caution_tell, id=context.id, call=call, about=about, text=text, kind=kind, severity=severity, source=source,
        days=int(days), by=context.user, at=context.at,
    )  # fmt: skip
    return simple(context, Line(line.verb), echo, run)


def _profile(context: Context, line: Line) -> Plan:
    """Whether there is one is not said before Enter: what is only being typed reads no profile."""
    call = call_meant(context, line)
    run = partial(profile_take, call=call, by=context.user, at=context.at)
    return simple(context, line, f"take over the safety profile's notes for {code_of(call.incident)}", run)


Verb(
    "about", 'about #0412 "ana ruiz" born:1984', "Whom the call is about, on file", FLOOR, _about,
    fields=("born",), does=("call_person_link",),
)  # fmt: skip
Verb(
    "whois", 'whois #0412 "ana ruiz" born:1984 -- hard of hearing', "Whom the call is about, new on file", FLOOR, _new,
    fields=("born",), takes_text=True, does=("call_person_new",),
)  # fmt: skip
Verb(
    "unwho", "unwho #0412 why:wrong_person", "The call is not about who is linked", FLOOR, _not_about,
    fields=("why",), choices={"why": lambda _: list(PERSON_UNLINK)}, does=("call_person_unlink",),
)  # fmt: skip
Verb(
    "hazard", "hazard #0412 person kind:animal sev:warn days:90 -- large dog", "Put a hazard on file", FLOOR, _hazard,
    fields=("kind", "sev", "src", "days"), takes_text=True,
    choices={
        **these(*_ABOUT), "kind": lambda _: list(CAUTION_KINDS), "sev": lambda _: list(_SEVERITIES),
        "src": lambda _: list(CAUTION_SOURCES),
    },
    does=("call_caution",),
)  # fmt: skip
Verb(
    "profile", "profile #0412", "Take over the notes of the caller's safety profile", FLOOR, _profile,
    does=("call_profile_take",),
)  # fmt: skip
