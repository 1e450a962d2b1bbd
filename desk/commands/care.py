"""Commands around a call: its number, park, whisper, hand-over, callbacks, transfer, joining, its end."""

from collections.abc import Callable
from functools import partial

from accounts.access import FLOOR
from accounts.models import Centre, Role, RoleGrant, User
from desk.call_care import colleagues_of, handed_to, strikable
from desk.commands.grammar import Line, Unreadable
from desk.commands.plans import Context, Done, Plan, Verb, call_meant, code_of, coded, incident_meant, needed, simple
from dispatch.access import incident_for
from dispatch.models import Alarm, CallHandover, Incident, LocationEntry, NarrativeEntry, Transfer
from dispatch.models.target import LINE_KINDS
from dispatch.selectors.call_drafts import unsent_of_others
from dispatch.selectors.callbacks import OWED
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.incident import callers_joined
from dispatch.selectors.targets import targets_of
from dispatch.selectors.triage import answers_merged
from dispatch.services.call_care import (
    CALLER_CHANNELS,
    call_park,
    caller_cancels,
    channel_set,
    handover_answer,
    handover_offer,
    whisper_set,
)
from dispatch.services.call_drafts import drafts_to_note
from dispatch.services.callbacks import callback_attempt, callback_promise
from dispatch.services.calls import call_end, phone_set
from dispatch.services.cues import cue_dismiss
from dispatch.services.incidents import call_join
from dispatch.services.locations import location_record
from dispatch.services.narrative import note_strike
from dispatch.services.parting import call_part, duplicate_apart
from dispatch.services.promise import callback_note
from dispatch.services.transfer_ends import transfer_drop, transfer_withdraw
from dispatch.services.transfers import transfer_connect, transfer_offer, transfer_ring
from dispatch.services.transfers_in import transfer_from
from dispatch.states import CALL_ENDS, TRANSFER_LIVE

_CHANNELS = {str(one.value): str(one.label) for one in CALLER_CHANNELS}
_STEPS = {"ring": "it rings", "answered": "they have the caller", "back": "the caller is back", "lost": "line lost"}
_SENDERS = {"988": "988", "other_centre": "Another centre", "211": "211", "311": "311"}
_ANSWERS = {"accept": "accepted", "decline": "declined", "withdraw": "withdrawn"}
_REACHED = {"reached": "reached", "no": "not reached"}


def one_word(line: Line, example: str) -> str:
    if len(line.words) != 1:
        raise Unreadable(f"Type it like this: {example}.")
    return line.words[0]


def rest(line: Line) -> Line:
    """The line without its first word, which has been read."""
    return Line(line.verb, line.words[1:], line.fields, line.text, line.incident)


def _phone(context: Context, line: Line) -> Plan:
    number, call = one_word(line, "ph 9195550142"), call_meant(context, line)
    sure = coded({"yes": "", "no": ""}, line.fields.get("sure", "no"), "sure") == "yes"
    echo = f"{code_of(call.incident)}: call back {number}{', confirmed' if sure else ''}"
    run = partial(phone_set, call=call, number=number, confirmed=sure, by=context.user, at=context.at)
    return simple(context, rest(line), echo, run)


def _park(parked: bool) -> Callable[[Context, Line], Plan]:
    def plan(context: Context, line: Line) -> Plan:
        call = call_meant(context, line)
        echo = f"{code_of(call.incident)} {'parked' if parked else 'taken up again'}"
        return simple(context, line, echo, partial(call_park, call=call, parked=parked, by=context.user, at=context.at))

    return plan


def _whisper(context: Context, line: Line) -> Plan:
    call = call_meant(context, line)
    on = coded({"on": "", "off": ""}, line.words[0] if line.words else "on", "whisper") == "on"
    echo = f"{code_of(call.incident)}: " + ("whisper, yes or no only" if on else "the caller can talk again")
    return simple(context, rest(line), echo, partial(whisper_set, call=call, on=on, by=context.user, at=context.at))


def _channel(context: Context, line: Line) -> Plan:
    call, channel = call_meant(context, line), coded(_CHANNELS, one_word(line, "via relay"), "via")
    echo = f"{code_of(call.incident)} came by {_CHANNELS[channel]}"
    return simple(
        context, rest(line), echo, partial(channel_set, call=call, channel=channel, by=context.user, at=context.at)
    )


def _called_back(context: Context, line: Line) -> Plan:
    """A try that a lost call is owed, or what was said to a caller who waits."""
    call, how = call_meant(context, line), coded(_REACHED, one_word(line, "cb reached"), "called back")
    echo = f"{code_of(call.incident)} called back: {_REACHED[how]}"
    reached = how == "reached"
    owed = Alarm.objects.filter(subject=str(call.pk), kind__in=OWED, ended_at__isnull=True).exists()

    def run() -> None:
        id, by, at = context.id, context.user, context.at
        if call.state != "open" and owed:
            callback_attempt(id=id, call=call, reached=reached, text=line.text, by=by, at=at)
        else:
            callback_note(id=id, incident=call.incident, reached=reached, text=line.text, by=by, at=at)

    return simple(context, rest(line), echo, run)


def _promise(context: Context, line: Line) -> Plan:
    call, minutes = call_meant(context, line), one_word(line, "promise 15")
    if not minutes.isdigit():
        raise Unreadable("In how many minutes? promise 15.")
    echo = f"call {code_of(call.incident)} back in {minutes} min"
    run = partial(callback_promise, call=call, minutes=int(minutes), by=context.user, at=context.at)
    return simple(context, rest(line), echo, run)


def _cancels(context: Context, line: Line) -> Plan:
    call = call_meant(context, line)
    echo = f"the caller of {code_of(call.incident)} cancels"
    return simple(context, line, echo, partial(caller_cancels, call=call, by=context.user, at=context.at))


def _colleague(user: User, word: str) -> User:
    wanted = word.lower()
    people = colleagues_of(user)
    found = [one for one in people if one.username.lower() == wanted] or [
        one for one in people if wanted in str(one).lower().split() or str(one).lower().startswith(wanted)
    ]
    if len(found) != 1:
        raise Unreadable(f"Which colleague? {', '.join(one.username for one in (found or people))}.")
    return found[0]


def _give(context: Context, line: Line) -> Plan:
    if not line.words:
        raise Unreadable("Type the colleague: give kim.")
    call, to = call_meant(context, line), _colleague(context.user, " ".join(line.words))
    echo = f"offer {code_of(call.incident)} to {to}"
    run = partial(handover_offer, id=context.id, call=call, to=to, by=context.user, at=context.at)
    return simple(context, Line(line.verb), echo, run)


def _handed(context: Context, line: Line) -> Plan:
    """The first call that a colleague offers, or the one named; or one's own offer, withdrawn."""
    answer = coded(_ANSWERS, line.words[0] if line.words else "accept", "get")
    if answer == "withdraw":
        waiting = CallHandover.objects.filter(by=context.user, answered_at__isnull=True)
        found = list(waiting.select_related("call__incident").order_by("-asked_at"))
    else:
        found = handed_to(context.user)
    found = [one for one in found if line.incident in {None, one.call.incident.number}]
    if not found:
        raise Unreadable("Nothing is offered." if line.incident is None else f"#{line.incident:04d} is not offered.")
    echo = f"hand-over of {code_of(found[0].call.incident)}: {_ANSWERS[answer]}"
    run = partial(handover_answer, handover=found[0], answer=_ANSWERS[answer], by=context.user, at=context.at)
    return simple(context, rest(line), echo, run)


def _strike(context: Context, line: Line) -> Plan:
    """One's own last note; a supervisor's last note is anybody's."""
    incident = incident_meant(context, line)
    notes = NarrativeEntry.objects.filter(incident=incident, struck_at__isnull=True).select_related("words")
    may = strikable(list(notes), context.user)
    own = [note for note in notes.order_by("-at", "-pk") if note.pk in may and hasattr(note, "words")]
    mine = [note for note in own if note.by_id == context.user.pk] or own
    if not mine:
        raise Unreadable(f"You have no note on {code_of(incident)} to strike.")
    echo = f"strike the note “{mine[0].words.text[:60]}” on {code_of(incident)}"
    return simple(context, line, echo, partial(note_strike, entry=mine[0], by=context.user, at=context.at))


def _unsent(context: Context, line: Line) -> Plan:
    """What a colleague left unsent in a call that is one's own now becomes a note. Reading it is audited as Enter is
    pressed: the echo says who, and not what."""
    call = call_meant(context, line)
    left = unsent_of_others([call], context.user)
    if not left:
        raise Unreadable(f"Nobody left unsent words in {code_of(call.incident)}, or it is not yours.")
    run = partial(drafts_to_note, id=context.id, call=call, by=context.user, at=context.at)
    who = ", ".join(dict.fromkeys(str(one.by) for one in left))
    return simple(context, line, f"unsent words of {who} become a note on {code_of(call.incident)}", run)


def _dismiss(context: Context, line: Line) -> Plan:
    """Words of the notes that wait for a person: the first do not mean what they were taken for."""
    incident = incident_meant(context, line)
    proposals = proposals_of(incident)
    waiting = proposals.open(answers_merged(incident))
    if not waiting:
        raise Unreadable(f"No words of {code_of(incident)} wait for a person.")
    echo = f"“{proposals.quoted(waiting[0])}” on {code_of(incident)} does not mean that"
    run = partial(cue_dismiss, incident=incident, mark=waiting[0].mark, by=context.user, at=context.at)
    return simple(context, line, echo, run)


def _numbered(context: Context, number: int) -> Incident:
    """The incident that a number names, whatever is selected: the latest, and not one that was joined to another."""
    same = Incident.objects.filter(centre=context.centre, number=number).exclude(state="joined")
    found = same.order_by("-opened_at").values_list("pk", flat=True).first()
    if found is None:
        raise Unreadable(f"There is no incident #{number:04d} here.")
    return incident_for(context.user, found, change=True)


def _join(context: Context, line: Line) -> Plan:
    """The selected call to the incident that is named: here the number is the target, never the subject."""
    if line.incident is None:
        raise Unreadable("To which? dup #0412.")
    call = call_meant(context, Line(line.verb))
    into = _numbered(context, line.incident)
    echo = f"add the caller of {code_of(call.incident)} to {code_of(into)}"
    if line.words:
        raise Unreadable(f"{line.verb} takes no further word: “{line.words[0]}”.")

    def run() -> Done:
        call_join(call=call, into=into, by=context.user, at=context.at)
        return Done(f"{echo[:1].upper()}{echo[1:]}.", {"kind": "join", "id": str(call.pk), "into": str(into.pk)})

    return Plan(echo, run)


def _apart(context: Context, line: Line) -> Plan:
    """The selected call taken out of the incident that it was joined to, or kept apart from the one that is named."""
    call = call_meant(context, Line(line.verb))
    if line.incident is None:
        mine = callers_joined(call.incident)
        last = call.incident.calls.filter(pk__in=mine).order_by("-received_at").first()
        if last is None:
            raise Unreadable("Apart from which? apart #0412. No caller was joined here.")
        echo = f"take the caller who was joined to {code_of(call.incident)} out again"
        return simple(context, line, echo, partial(call_part, call=last, by=context.user, at=context.at))
    other = _numbered(context, line.incident)
    echo = f"{code_of(call.incident)} and {code_of(other)} are not the same"
    run = partial(duplicate_apart, incident=call.incident, other=other, by=context.user, at=context.at)
    return simple(context, line, echo, run)


def _transfer(context: Context, line: Line) -> Plan:
    call, wanted = call_meant(context, line), " ".join(line.words).lower()
    bridge = coded({"yes": "", "no": ""}, line.fields.get("stay", "no"), "stay") == "yes"
    targets = targets_of(context.centre, *LINE_KINDS)
    target = next((one for one in targets if wanted in {one.kind, one.name.lower()}), None)
    if target is None and wanted != Transfer.Kind.CLINICIAN:
        raise Unreadable(f"To whom? tr {', tr '.join(_whom(context.centre))}.")
    echo = f"offer the caller of {code_of(call.incident)} to {target.name if target else 'the clinicians'}"
    run = partial(
        transfer_offer, id=context.id, call=call, kind=target.kind if target else Transfer.Kind.CLINICIAN,
        target=target, bridge=bridge, by=context.user, at=context.at,
    )  # fmt: skip
    return simple(context, Line(line.verb), echo + (", and stay on the line" if bridge else ""), run)


def _whom(centre: Centre) -> list[str]:
    return ["clinician", *dict.fromkeys(str(one.kind) for one in targets_of(centre, *LINE_KINDS))]


def _transfer_step(context: Context, line: Line) -> Plan:
    call, step = call_meant(context, line), coded(_STEPS, one_word(line, "trs answered name:Kim"), "trs")
    transfer = call.transfers.filter(direction="out", state__in=TRANSFER_LIVE).first()
    if transfer is None:
        raise Unreadable(f"No transfer of {code_of(call.incident)} is on its way.")
    user, at, name = context.user, context.at, line.fields.get("name", "")
    run = {
        "ring": partial(transfer_ring, transfer=transfer, by=user, at=at),
        "answered": partial(transfer_connect, transfer=transfer, by=user, at=at, receiver_name=name),
        "back": partial(transfer_withdraw, transfer=transfer, by=user, at=at),
        "lost": partial(transfer_drop, transfer=transfer, reason="line_lost", caller_there=True, by=user, at=at),
    }[step]
    return simple(context, rest(line), f"transfer of {code_of(call.incident)}: {_STEPS[step]}", run)


def _from(context: Context, line: Line) -> Plan:
    call = call_meant(context, line)
    kind = coded(_SENDERS, one_word(line, "from 988 no:+13085550188"), "from")
    number = needed(line, "no", "+13085550188")
    run = partial(
        transfer_from, id=context.id, call=call, kind=kind, sender_number=number,
        sender_name=line.fields.get("name", ""), sender_reference=line.fields.get("ref", ""), by=context.user,
        at=context.at,
    )  # fmt: skip
    echo = f"{_SENDERS[kind]} gave us the caller of {code_of(call.incident)}: tell them how it ends"
    return simple(context, rest(line), echo, run)


def _end(context: Context, line: Line) -> Plan:
    call = call_meant(context, line)
    ended = coded(dict.fromkeys(CALL_ENDS, ""), one_word(line, "end dropped"), "end")
    echo = f"the call of {code_of(call.incident)} ended: {ended}"
    return simple(
        context, rest(line), echo, partial(call_end, call=call, ended_as=ended, by=context.user, at=context.at)
    )


def _carrier(context: Context, line: Line) -> Plan:
    """Where the telephone network has the caller: kept apart and never verified."""
    call, text = call_meant(context, line), " ".join(line.words)
    if not text:
        raise Unreadable('Type where: ali "1198 Main Street".')
    run = partial(
        location_record, incident=call.incident, call=call, text=text, state=LocationEntry.State.UNVERIFIED,
        subject=LocationEntry.Subject.CARRIER, by=context.user, at=context.at,
    )  # fmt: skip
    return simple(context, Line(line.verb), f"{code_of(call.incident)}: caller at {text} (carrier, not verified)", run)


def _give_choices(centre: Centre) -> list[str]:
    takers = RoleGrant.objects.filter(role__in=[Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR]).values("user")
    people = User.objects.filter(centre=centre, is_active=True, pk__in=takers).order_by("username")
    return list(people.values_list("username", flat=True))


def these(*words: str) -> dict[str, Callable[[Centre], list[str]]]:
    return {"": lambda _: list(words)}


_TAKING = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR})

Verb("ph", "ph #0412 9195550142 sure:yes", "Number to call back", FLOOR, _phone, fields=("sure",), does=("call_phone",))
Verb("ali", 'ali #0412 "1198 Main Street"', "Carrier's place", FLOOR, _carrier, does=("call_location",))
Verb("park", "park #0412", "Put the call aside", FLOOR, _park(True), does=("call_park",))
Verb("unpark", "unpark #0412", "Take a parked call up again", FLOOR, _park(False), does=("call_park",))
Verb(
    "whisper", "whisper #0412 off", "Yes or no only", FLOOR, _whisper,
    choices=these("on", "off"), does=("call_whisper",),
)  # fmt: skip
Verb(
    "via", "via #0412 relay", "How the caller reached us", FLOOR, _channel,
    choices=these(*_CHANNELS), does=("call_channel",),
)  # fmt: skip
Verb(
    "cb", "cb #0412 reached -- calm, waits inside", "The caller was called back", FLOOR, _called_back,
    takes_text=True, choices=these(*_REACHED), does=("call_callback", "called_back"),
)  # fmt: skip
Verb("promise", "promise #0412 15", "Promise a call back in minutes", FLOOR, _promise, does=("call_promise",))
Verb("cancel", "cancel #0412", "The caller says nobody need come", FLOOR, _cancels, does=("call_cancel",))
Verb(
    "give", "give #0412 kim", "Hand the call over to a colleague", _TAKING, _give,
    choices={"": _give_choices}, does=("call_hand_over",),
)  # fmt: skip
Verb(
    "get", "get decline #0412", "Answer a colleague's hand-over, or withdraw one", _TAKING, _handed,
    choices=these(*_ANSWERS), does=("handover_answer",),
)  # fmt: skip
Verb("strike", "strike #0412", "Strike one's last note; it stays readable", FLOOR, _strike, does=("note_strike",))
Verb(
    "unsent", "unsent #0412", "A colleague's unsent words become a note", FLOOR, _unsent,
    does=("call_unsent_read", "call_unsent_settled"),
)  # fmt: skip
Verb("not", "not #0412", "First marked words do not mean that", FLOOR, _dismiss, does=("call_dismiss",))
Verb("dup", "dup #0412", "Add this caller to that incident", FLOOR, _join, does=("call_join",))
Verb("apart", "apart #0412", "Not the same; alone: take a joined caller out again", FLOOR, _apart, does=("call_apart",))
Verb(
    "tr", "tr 988 #0412 stay:yes", "Offer the caller to a clinician, 988, 211, 311 or a centre", FLOOR, _transfer,
    fields=("stay",), choices={"": _whom}, does=("call_transfer",),
)  # fmt: skip
Verb(
    "trs", "trs answered #0412 name:Kim", "What the transfer's line does", FLOOR, _transfer_step,
    fields=("name",), choices=these(*_STEPS), does=("call_transfer_step",),
)  # fmt: skip
Verb(
    "from", "from 988 #0412 no:+13085550188 ref:R-7", "Who gave us this caller, to be told how it ends", _TAKING, _from,
    fields=("no", "name", "ref"), choices=these(*_SENDERS), does=("call_transfer_step",),
)  # fmt: skip
Verb("end", "end #0412 dropped", "How the call ended", FLOOR, _end, choices=these(*CALL_ENDS), does=("call_end",))
