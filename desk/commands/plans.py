"""What a command is and what it would do: looked up, said back in words, and only then carried out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Value, When

from accounts.models import Centre, Role, User
from desk.commands.grammar import Line, Unreadable
from dispatch.access import incident_for
from dispatch.models import Call, Incident
from responders.models import Unit


@dataclass(frozen=True)
class Context:
    """Who types, when, and what the page has selected. `id` was made by the page: sent twice, it is done once."""

    user: User
    centre: Centre
    at: datetime
    id: UUID
    selected: UUID | None = None


@dataclass(frozen=True)
class Done:
    """What was done in words; how to undo it, if it can be; where to look next."""

    words: str
    undo: dict[str, str] | None = None
    go: str = ""
    show: str = ""
    """What of the page changes with it, for the page to hear."""


@dataclass(frozen=True)
class Plan:
    """What the line will do, said before Enter; `run` does it."""

    echo: str
    run: Callable[[], Done]


@dataclass(frozen=True)
class Verb:
    """One command: its names, how it is typed, what it does, who may, and what makes its plan."""

    name: str
    usage: str
    words: str
    roles: frozenset[Role]
    plan: Callable[[Context, Line], Plan]
    fields: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    takes_text: bool = False
    choices: dict[str, Callable[[Centre], list[str]]] = field(default_factory=dict)
    """Field, or "" for the first word, to the values that complete it."""
    does: tuple[str, ...] = ()
    """The posted addresses of console and queue whose work this command does too, by name."""

    def __post_init__(self) -> None:
        VERBS.update(dict.fromkeys((self.name, *self.aliases), self))


VERBS: dict[str, Verb] = {}


def code_of(incident: Incident) -> str:
    """The incident's number as boards show it."""
    return f"#{incident.number:04d}"


def incident_meant(context: Context, line: Line, *, change: bool = True) -> Incident:
    """The incident named by #number among the centre's open ones, else the one that is selected. Raises Unreadable."""
    if line.incident is not None:
        rows = Incident.objects.filter(centre=context.centre, number=line.incident).exclude(state="joined")
        found = rows.order_by("-opened_at").values_list("pk", flat=True).first()
        if found is None:
            raise Unreadable(f"There is no incident #{line.incident:04d} here.")
        return incident_for(context.user, found, change=change)
    if context.selected is None:
        raise Unreadable("Which call? Select one, or add its number: #0412.")
    return incident_for(context.user, context.selected, change=change)


def call_meant(context: Context, line: Line) -> Call:
    """The call that a line about an incident means: one on the line before one that has ended, one's own before
    others', the last one first. Raises Unreadable."""
    incident = incident_meant(context, line)
    mine = Case(When(owner=context.user, then=Value(0)), default=Value(1))
    call = incident.calls.order_by("-state", mine, "-received_at").first()
    if call is None:
        raise Unreadable("Nobody has called about this.")
    return call


def simple(context: Context, line: Line, echo: str, run: Callable[[], object], done: str = "") -> Plan:
    """A plan that is done in one step and said in the words of its echo. Raises Unreadable for words left over."""
    if line.words:
        raise Unreadable(f"{line.verb} takes no further word: “{line.words[0]}”.")

    def act() -> Done:
        run()
        return Done(done or f"{echo[:1].upper()}{echo[1:]}.")

    return Plan(echo, act)


def unit_meant(context: Context, word: str) -> Unit:
    """The unit of that call sign; spaces, dashes and capitals do not matter. Raises Unreadable."""
    wanted = call_sign_key(word)
    for unit in Unit.objects.filter(centre=context.centre).select_related("team"):
        if call_sign_key(unit.call_sign) == wanted:
            return unit
    raise Unreadable(f"There is no unit {word}.")


def call_sign_key(call_sign: str) -> str:
    """How a call sign is compared: star-2, Star 2 and STAR2 are one."""
    return "".join(sign for sign in call_sign.lower() if sign.isalnum())


def unit_choices(centre: Centre) -> list[str]:
    """The call signs as they are typed."""
    signs = Unit.objects.filter(centre=centre).order_by("call_sign").values_list("call_sign", flat=True)
    return [sign.lower().replace(" ", "-") for sign in signs]


def coded(table: dict[str, str], value: str, name: str) -> str:
    """A code of the table: as it is, or its only match by beginning. Raises Unreadable with what may be typed."""
    wanted = value.lower().replace("-", "_")
    found = [code for code in table if code == wanted] or [code for code in table if code.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    raise Unreadable(f"{name}:{value} is not known. One of: {', '.join(found or table)}.")


def needed(line: Line, name: str, example: str) -> str:
    """A field that the verb cannot do without. Raises Unreadable with an example."""
    if name not in line.fields:
        raise Unreadable(f"Add {name}:{example}.")
    return line.fields[name]
