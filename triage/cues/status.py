"""What the words around a cue do to it: said to be absent, long past, only heard, only feared."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from triage.cues.lexicon import Derived, Found, Lexicon
from triage.cues.words import COMMA, NOTHING, SENTENCE, Word

_REACH = 8
_VERB_REACH = 5
_USED_TO_REACH = 5
_LIST_REACH = 6
_NO_LONGER_REACH = 3


class Status(StrEnum):
    """How a cue is meant. Negated, past, figurative, lookalike and doubted cues are shown and propose nothing.

    Doubted: a phrase was found, and the second reader speaks against it.
    """

    PRESENT = "present"
    NEGATED = "negated"
    PAST = "past"
    HEARSAY = "hearsay"
    HYPOTHETICAL = "hypothetical"
    FIGURATIVE = "figurative"
    LOOKALIKE = "lookalike"
    DOUBTED = "doubted"


class Reading:
    """One text, read once: its words, where its sentences begin and end."""

    def __init__(self, lexicon: Lexicon, words: Sequence[Word], texts: Sequence[str]) -> None:
        self.lexicon, self.words, self.texts = lexicon, words, texts
        self._places: dict[str, dict[int, list[int]]] = {}
        starts = [i for i, word in enumerate(words) if word.parted == SENTENCE]
        self.shouted = sum(w.capital for w in words) > len(words) // 2
        self._sentence_start, self._sentence_end = [0] * len(words), [0] * len(words)
        for number, start in enumerate(starts):
            end = starts[number + 1] if number + 1 < len(starts) else len(words)
            for i in range(start, end):
                self._sentence_start[i], self._sentence_end[i] = start, end

    def sentence(self, at: int) -> tuple[int, int]:
        """First word of the sentence with word ``at``, and the one after its last."""
        return self._sentence_start[at], self._sentence_end[at]

    def _listed(self, name: str) -> dict[int, list[int]]:
        """Where sequences of the named list begin, and how long they are; looked for once in a text."""
        places = self._places.get(name)
        if places is None:
            places = self._places[name] = {}
            sequences, texts = self.lexicon.sequences[name], self.texts
            for at, text in enumerate(texts):
                sizes = [len(s) for s in sequences.get(text, ()) if tuple(texts[at : at + len(s)]) == s]
                if sizes:
                    places[at] = sizes
        return places

    def has(self, name: str, start: int, end: int) -> bool:
        """Whether a word sequence of the named list stands within words ``start`` to ``end``."""
        return any(start <= at and at + min(sizes) <= end for at, sizes in self._listed(name).items())

    def at(self, name: str, start: int, end: int) -> int:
        """The length of the longest sequence of the named list that begins at ``start`` and ends by ``end``."""
        sizes = self._listed(name).get(start, ())
        return max((size for size in sizes if start + size <= end), default=0)

    def any_of(self, name: str, start: int, end: int) -> bool:
        """Whether one of the named set's words stands within words ``start`` to ``end``."""
        words = self.lexicon.sets[name]
        return any(text in words for text in self.texts[start:end])

    def clause(self, found: Found) -> tuple[int, int]:
        """The part of the sentence that belongs to a cue: up to a contrast, or a comma or "and" with a new subject."""
        first, last = self.sentence(found.start)
        start = found.start
        while start > first and not self._begins(start):
            start -= 1
        end = found.end
        while end < last and not self._begins(end):
            end += 1
        return start, end

    def listed(self, before: Found, found: Found) -> bool:
        """Whether a cue goes on with a list that another began: "no gun or knife", "neg wpns/injs"."""
        sets = self.lexicon.sets
        between = range(before.end, found.start)
        if found.start < before.end or self.sentence(before.start) != self.sentence(found.start) or len(between) > 4:
            return False
        joined = any(self.texts[at] in sets["list_joins"] for at in between)
        return joined and all(self.texts[at] in sets["list_joins"] | sets["list_fill"] for at in between)

    def name(self, found: Found, key: str) -> bool:
        """Whether a cue is part of a name: capitals within ordinary text before "Road", or after "name is"."""
        words, sets = self.words, self.lexicon.sets
        written = [w.capital for w in words[found.start : found.end] if w.text not in sets["small"]]
        if self.shouted or not written or not all(written):
            return False
        end = found.end
        while end < len(words) and end < found.end + 3 and words[end].capital and words[end].parted == NOTHING:
            if self.texts[end] in sets["name_heads"]:
                return True
            end += 1
        first, start = self.sentence(found.start)[0], found.start
        single = found.end - found.start == 1 and start > first and not words[start].text.isdigit()
        if single and key != "hazard" and self.texts[start] not in sets["brands"] and not words[start].upper:
            return True
        while start > first and (words[start - 1].capital or self.texts[start - 1] in ("the", "and", "st", "mr")):
            start -= 1
        if self.texts[found.end - 1] in sets["name_heads"] and found.end - found.start > 1:
            return True
        return start > first and any(
            self.at("name_before", i, found.start) for i in range(max(first, start - 4), start)
        )

    def urgent(self, at: int) -> bool:
        """Whether the sentence of word ``at`` speaks of now, so that no general talk takes its danger away."""
        return self.has("urgent", *self.sentence(at))

    def alarmed(self) -> bool:
        """Whether words of alarm stand anywhere, so that no harmless scene (a play, a match) explains the rest."""
        return self.has("scene_void", 0, len(self.texts))

    def beside(self, rule: Derived, found: Found, first: int, last: int) -> int | None:
        """The word of a derived rule that stands beside a cue, by its place; None when there is none."""
        for at in range(first, last):
            if self.texts[at] not in rule.words:
                continue
            if rule.agent and not self._acts(at, found):
                continue
            return at
        return None

    def _acts(self, at: int, found: Found) -> bool:
        """Whether the person at word ``at`` may be the one who acts on somebody of the same house."""
        texts, sets = self.texts, self.lexicon.sets
        if at > 0 and texts[at - 1] == "by":
            return True
        if at > 1 and texts[at - 2] == "by" and texts[at - 1] in sets["own"]:
            return True
        if at >= found.end:
            return at > 0 and texts[at - 1] in sets["own_third"]
        between = texts[at + 1 : found.end]
        return not any(t in sets["passive"] for t in between[:3])

    def _begins(self, at: int) -> bool:
        sets, texts = self.lexicon.sets, self.texts
        if texts[at] in sets["breaks"]:
            return True
        if texts[at] in sets["subjects"] and at > 0:
            return self.words[at].parted != NOTHING or texts[at - 1] in ("and", "y", "so")
        return False

    def negated(self, found: Found, key: str) -> bool:
        """Whether the cue is said not to be there."""
        return self._negated_before(found, key) or self._negated_after(found)

    def _negated_before(self, found: Found, key: str) -> bool:
        first, _ = self.sentence(found.start)
        sets, texts = self.lexicon.sets, self.texts
        crossed_subject = crossed_comma = crossed_and = False
        for at in range(found.start - 1, max(first, found.start - _REACH) - 1, -1):
            after = self.words[at + 1].parted != NOTHING
            crossed_comma = crossed_comma or after
            text = texts[at]
            between = texts[at + 1 : found.start]
            wide = self.at("wide", at, found.start)
            if wide and not crossed_comma and (text != "no" or found.start - at <= _NO_LONGER_REACH):
                return True
            if text in sets["breaks"]:
                return False
            noun, verb = text in sets["negation_noun"], text in sets["negation_verb"]
            if text == "no":
                following = texts[at + 1]
                if after or following in sets["subjects"]:
                    noun = verb = False
                elif following in ("one", "puede", "quiere"):
                    noun = False
                else:
                    verb = verb and following not in ("longer", "doubt", "idea")
                    noun = noun and following not in ("longer", "doubt", "idea")
            if (noun or verb) and not crossed_subject and not self._void(at, found, between, noun, key):
                listed = text in sets["negation_deny"] or any(
                    t in ("or", "nor", "ni", "o") for t in texts[found.start - 1 : found.end + _LIST_REACH]
                )
                if (not crossed_comma or listed) and (noun or not crossed_and):
                    return True
            crossed_subject = crossed_subject or text in sets["subjects"]
            crossed_and = crossed_and or text in ("and", "y")
        return False

    def _void(self, at: int, found: Found, between: Sequence[str], noun: bool, key: str) -> bool:
        """Whether a negation is about something else than the cue."""
        sets = self.lexicon.sets
        if any(t in sets["negation_void"] for t in between) or self.has("void_pairs", at, found.start):
            return True
        if any(t in sets["finite"] for t in between[1:]):
            return not (between[0] == "one" or self.texts[at] in ("nobody", "noone", "nadie", "neither"))
        if noun:
            return False
        if key == "weapon":
            return any(t not in sets["weapon_between"] for t in between)
        return len(between) > _VERB_REACH

    def _negated_after(self, found: Found) -> bool:
        at, texts = found.end, self.texts
        if at >= len(texts):
            return False
        word = self.words[at]
        said = texts[at] in self.lexicon.sets["post_negation"]
        alone = at + 1 >= len(texts) or self.words[at + 1].parted != NOTHING
        if said and word.mark == "?":
            return at + 1 >= len(texts) or texts[at + 1] not in ("sure", "idea", "clue", "doubt")
        if said and word.parted == COMMA and alone:
            return True
        if word.parted != NOTHING:
            return False
        if said and alone:
            return True
        if texts[at] in ("is", "was", "were", "are") and at + 1 < len(texts):
            at += 1
        last = self.sentence(found.start)[1]
        tail = texts[at + 1 : min(at + 3, last)]
        absent = ("seen", "involved", "present", "mentioned", "there", "reported", "found", "known", "visible")
        if texts[at] in ("not", "none", "negative", "never", "isnt", "wasnt", "werent", "arent"):
            return any(t in absent for t in tail)
        return texts[at] == "ruled"

    def past(self, found: Found, key: str) -> bool:
        """Whether the cue is told as history: weeks or longer ago, or without a link to now."""
        start, end = self.clause(found)
        first = self.sentence(found.start)[0]
        weapon_kept = key == "weapon" and self.any_of("past_void", start, end) and not self.has("used_to", start, end)
        if weapon_kept:
            return False
        past_within = self.has("used_to", found.start, found.end) and key != "weapon"
        if past_within or self.has("past_after", found.start, end) or self._told_as_past_next(found):
            return True
        for at in range(first, found.start):
            size = self.at("past_before", at, found.start)
            if not size:
                continue
            between = self.texts[at + size : found.start]
            if any(t in self.lexicon.sets["breaks"] or t in self.lexicon.sets["past_void"] for t in between):
                continue
            words = self.texts[at : at + size]
            near = size == 1 or words in (["used", "to"], ["history", "of"])
            if at < start and at != first:
                continue
            if near and found.start - (at + size) >= _USED_TO_REACH:
                continue
            return True
        return False

    def _told_as_past_next(self, found: Found) -> bool:
        """Whether the next clause dates it: "He hit me. That was years ago."."""
        texts, at = self.texts, found.end
        last = self.sentence(found.start)[1]
        limit = self.sentence(last)[1] if last < len(texts) else last
        while at < limit - 2:
            if texts[at] in ("that", "this", "it", "eso") and texts[at + 1] in ("was", "happened", "were", "fue"):
                return self.has("past_after", at, self.sentence(at)[1])
            at += 1
        return False

    def uncertain(self, found: Found) -> bool:
        """Whether the cue is feared, supposed or conditional."""
        start, end = self.clause(found)
        first, last = self.sentence(found.start)
        if self.any_of("uncertain", max(start, found.start - _REACH), found.start):
            return True
        return self.has("uncertain_pairs", max(first, found.start - _REACH), min(last, end + 4))

    def doubted(self, found: Found) -> bool:
        """Whether a harmless look is itself in doubt ("not a toy", "might be a toy")."""
        first, last = self.sentence(found.start)
        return (
            self._negated_before(found, "")
            or self.any_of("uncertain", first, last)
            or self.has("uncertain_pairs", first, last)
        )

    def heard(self, found: Found) -> bool:
        """Whether the caller passes on what another said."""
        first, last = self.sentence(found.start)
        return self.has("hearsay", first, last)
