"""What may come next on the command line."""

from accounts.access import may
from accounts.models import Centre, User
from desk.commands.grammar import last_token
from desk.commands.plans import VERBS, Verb

MOST = 8


def verbs_for(user: User) -> list[Verb]:
    """The commands that the person's roles include, each once, in the order of the help."""
    return [verb for name, verb in VERBS.items() if name == verb.name and may(user, *verb.roles)]


def completions(typed: str, user: User, centre: Centre) -> list[str]:
    """Whole words that could stand where the last one stands; empty when nothing is known to fit."""
    words, token = typed.split(), last_token(typed)
    if not words or (len(words) == 1 and token):
        return [verb.name for verb in verbs_for(user) if verb.name.startswith(token.lower())][:MOST]
    verb = VERBS.get(words[0].lower())
    if verb is None or not may(user, *verb.roles) or "--" in words:
        return []
    key, colon, begun = token.partition(":")
    if colon:
        values = verb.choices[key.lower()](centre) if key.lower() in verb.choices else []
        return [f"{key.lower()}:{value}" for value in values if value.startswith(begun.lower())][:MOST]
    place = len([word for word in words[1:] if ":" not in word and not word.startswith("#")]) + (not token)
    choices = verb.choices.get(str(place)) if place > 1 else verb.choices.get("")
    values = choices(centre) if choices is not None else []
    fitting = [value for value in values if value.startswith(token.lower())]
    return (fitting or [f"{name}:" for name in verb.fields if name.startswith(token.lower())])[:MOST]
