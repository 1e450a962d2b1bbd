"""Forms of English words, so that the lexicon names a word once: verbs with their tenses, nouns with their plural."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_VOWELS = frozenset("aeiou")
_HISSING = ("s", "x", "z", "ch", "sh")


def plural(noun: str) -> Iterator[str]:
    """A noun and its regular plural."""
    yield noun
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        yield noun[:-1] + "ies"
    elif noun.endswith("fe"):
        yield noun[:-2] + "ves"
    else:
        yield noun + ("es" if noun.endswith(_HISSING) else "s")


def verb(base: str, irregular: Mapping[str, str]) -> Iterator[str]:
    """A verb with all its forms, spelt right and as often misspelt (``stabed``), with a dropped g (``stabbin``).

    ``irregular`` gives further forms for bases that have them, words parted by blanks; the regular past is then left
    out where they say so with a leading ``=``.
    """
    yield from plural(base)
    extra = irregular.get(base, "")
    yield from extra.lstrip("=").split()
    stems = {base}
    if base.endswith("e") and not base.endswith("ee"):
        stems = {base[:-1]}
    elif len(base) > 2 and base[-1] not in _VOWELS | set("wxy") and base[-2] in _VOWELS and base[-3] not in _VOWELS:
        stems.add(base + base[-1])
    for stem in stems:
        yield stem + "ing"
        yield stem + "in"
        if not extra.startswith("="):
            yield (base[:-1] + "ied") if base.endswith("y") and base[-2:-1] not in _VOWELS else stem + "ed"


def expand(token: str, irregular: Mapping[str, str]) -> Iterator[str]:
    """The words of one entry: ``~stab`` all forms of a verb, ``+axe`` a noun and its plural, else the word itself."""
    if token.startswith("~"):
        yield from verb(token[1:], irregular)
    elif token.startswith("+"):
        head, _, last = token[1:].rpartition("_")
        for form in plural(last):
            yield f"{head}_{form}" if head else form
    else:
        yield token
