"""Narrative cues: found, understood in their context, and never a reason for less caution."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cues import main, measure, over_data, read
from training.sentences import ANSWERS, digest
from triage import vocabulary
from triage.cues import Status, dangers, find, hold, phrases_only, reader, second_reader, version
from triage.cues.extract import find_with, version_with
from triage.cues.forms import expand
from triage.cues.spelling import Spelling, distance, sound
from triage.cues.words import split
from triage.response import ResponseClass

CALM = {"weapon": "none", "violence": "none", "suicide": "none", "medical_signs": [], "hazard": "none"}


def status_of(text: str, key: str) -> set[Status]:
    return {cue.status for cue in find(text) if cue.key == key}


SETS = {
    "tuned": 120,
    "heldout": 120,
    "blind_a": 420,
    "blind_b": 300,
    "blind_c": 260,
    "blind_d": 300,
    "blind_e": 300,
    "blind_f": 300,
    "blind_h": 200,
    "blind_i": 200,
    "blind_j": 220,
    "blind_k": 220,
    "blind_l": 220,
}
DATA = resources.files("triage").joinpath("data")


@pytest.mark.parametrize(("name", "least"), SETS.items())
def test_danger_is_found_and_harmless_words_seldom_alarm(name: str, least: int) -> None:
    """A guard against loss: all sets have been learnt from. ADR 8 has the figures of their unseen runs."""
    figures = measure(read(name))
    assert figures["sentences"] >= least
    assert figures["recall"] >= 0.95
    assert figures["false_alarms"] < 0.10


def test_sentences_that_the_reader_never_learnt_from_are_read_as_well() -> None:
    """M and N: ADR 20 has the figures of their first runs."""
    figures = measure([sentence for name in ("blind_m", "blind_n") for sentence in read(name)])
    assert figures["sentences"] == 440
    assert figures["recall"] >= 0.95
    assert figures["false_alarms"] < 0.10


def test_the_two_sets_share_no_sentence_and_label_real_questions() -> None:
    tuned, heldout = read("tuned"), read("heldout")
    assert len(tuned) + len(heldout) >= 300
    assert not {s["text"] for s in tuned} & {s["text"] for s in heldout}
    for sentence in (*tuned, *heldout):
        for key in (*sentence["must"], *sentence["may"]):
            vocabulary.load().get(key)


@pytest.mark.parametrize(
    ("text", "key", "status"),
    [
        ("He has a gun.", "weapon", Status.PRESENT),
        ("No weapons.", "weapon", Status.NEGATED),
        ("He doesn't have a gun.", "weapon", Status.NEGATED),
        ("Any weapons? No, he is just sad.", "weapon", Status.NEGATED),
        ("Weapons: none.", "weapon", Status.NEGATED),
        ("She denies suicidal thoughts.", "suicide", Status.NEGATED),
        ("He has no knife.", "weapon", Status.NEGATED),
        ("The knife was not seen.", "weapon", Status.NEGATED),
        ("A weapon has been ruled out, weapon ruled out.", "weapon", Status.NEGATED),
        ("He hit her eight years ago.", "violence", Status.PAST),
        ("Years ago he hit her.", "violence", Status.PAST),
        ("She told me he has a gun.", "weapon", Status.HEARSAY),
        ("He might have a gun.", "weapon", Status.HYPOTHETICAL),
        ("I am not sure if he has a gun.", "weapon", Status.HYPOTHETICAL),
        ("I could murder a coffee.", "violence", Status.FIGURATIVE),
        ("He is killing me with his music.", "violence", Status.FIGURATIVE),
        ("The boy has a toy gun.", "weapon", Status.LOOKALIKE),
        ("It might be a toy gun.", "weapon", Status.HYPOTHETICAL),
        ("Put the strap on her bag.", "weapon", Status.LOOKALIKE),
    ],
)
def test_context(text: str, key: str, status: Status) -> None:
    found = status_of(text, key)
    assert status in found or (status is Status.FIGURATIVE and not dangers(find(text)))


@pytest.mark.parametrize(
    "text",
    [
        "He won't put the knife down.",
        "Nobody can get the knife away from him.",
        "No, he has a knife.",
        "no he has a knife",
        "There is no doubt he has a knife.",
        "Not only is he drunk, he has a knife.",
        "No one is hurt but he has a knife.",
        "It's not a toy, it's a knife.",
        "He bought a knife last year.",
        "He walked past me with a knife.",
        "My 12 year old has a knife.",
        "he has a kinfe",
        "He came back from the bar with a gun.",
        "After his shift he pulled a gun.",
        "He is no longer on his medicine and he has a knife.",
        "There is no time, he has a gun.",
    ],
)
def test_words_of_denial_about_something_else_do_not_hide_a_weapon(text: str) -> None:
    assert "weapon" in dangers(find(text))


def test_a_cue_names_its_words_where_they_stand_in_the_text() -> None:
    text = "Él tiene un CUCHILLO — and he's   holding a knife."
    for cue in find(text):
        assert text[cue.start : cue.end] == cue.words
    assert {cue.words for cue in find(text) if cue.key == "weapon"} >= {"holding a knife"}


def test_history_shows_the_historical_answer_and_proposes_nothing() -> None:
    (cue,) = [c for c in find("He hit her eight years ago.") if c.key == "violence"]
    assert (cue.value, cue.proposes) == ("history_only", False)


def test_a_weapon_that_somebody_has_is_taken_as_in_the_hand_and_one_put_away_is_not() -> None:
    assert dangers(find("He has a knife."))["weapon"] == "in_hand"
    assert dangers(find("There is a gun in the safe."))["weapon"] == "accessible"


def test_violence_beside_a_partner_asks_about_both() -> None:
    assert {"violence", "domestic"} <= dangers(find("My husband punched the man next door.")).keys()


def test_a_child_alone_is_a_danger_and_a_child_mentioned_a_hint() -> None:
    assert dangers(find("The baby was left alone."))["child_at_risk"] is True
    hint = [c for c in find("The kids are asleep.") if c.key == "child_at_risk"]
    assert [c.proposes for c in hint] == [False]
    assert "child_at_risk" not in dangers(hint)


def test_several_signs_are_proposed_together() -> None:
    assert dangers(find("She is pregnant. Chest pain."))["medical_signs"] == ["chest_pain", "pregnancy"]


class TestHold:
    CUES = find("He has a knife.")

    @pytest.mark.parametrize("answer", [{}, {"weapon": "unknown"}, {"weapon": "none"}, {"weapon": "accessible"}])
    def test_an_unconfirmed_danger_holds_a_less_cautious_class(self, answer: dict[str, Any]) -> None:
        assert hold("mobile_team", {**CALM, "weapon": None, **answer}, self.CUES) == ["weapon"]

    def test_more_care_is_never_held(self) -> None:
        assert hold(ResponseClass.CO_RESPONSE, {}, self.CUES) == []
        assert hold("emergency", {}, self.CUES) == []

    def test_confirming_or_dismissing_lets_go(self) -> None:
        assert hold("mobile_team", {"weapon": "in_hand"}, self.CUES) == []
        marks = [cue.mark for cue in self.CUES]
        assert hold("mobile_team", {"weapon": "none"}, self.CUES, dismissed=marks) == []
        assert "weapon" in hold("mobile_team", {"weapon": "none"}, find("Now: he has a machete."), dismissed=marks)

    def test_questions_come_in_the_order_of_the_vocabulary(self) -> None:
        cues = find("She wants to die. He is not breathing. He has a gun.")
        held = hold("outreach_followup", {}, cues)
        assert [key for key in held if key != "conscious"] == ["breathing", "weapon", "suicide"]

    def test_a_wrong_class_is_refused(self) -> None:
        with pytest.raises(ValueError, match="nonsense"):
            hold("nonsense", {}, ())


@settings(deadline=None)  # the first text loads phrases and weights
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for cue in find(text):
        assert text[cue.start : cue.end] == cue.words
        assert json.dumps(cue.to_dict())


@settings(deadline=None)
@given(st.lists(st.sampled_from([s["text"] for s in read("tuned")]), max_size=6))
def test_every_proposal_is_an_answer_and_only_danger_is_a_danger(texts: list[str]) -> None:
    cues = find(" ".join(texts))
    for key, value in dangers(cues).items():
        vocabulary.load().validate_answer(key, value)
    for cue in cues:
        if cue.status in (Status.NEGATED, Status.PAST, Status.FIGURATIVE, Status.LOOKALIKE):
            assert not cue.proposes


def test_nothing_is_found_in_nothing_and_a_long_text_is_read_from_its_end() -> None:
    assert find("") == find("... !") == find("uh, um") == ()
    text = "The bus is late. " * 500 + "he has a gun"
    assert [text[c.start : c.end] for c in find(text) if c.key == "weapon"] == ["has a gun"]
    assert version()


def test_one_entry_of_the_lexicon_stands_for_all_forms_of_a_word() -> None:
    assert {"stab", "stabs", "stabbed", "stabbing", "stabbin", "stabed"} <= set(expand("~stab", {}))
    assert {"bite", "bit", "biting"} <= set(expand("~bite", {"bite": "= bit"}))
    assert "bited" not in set(expand("~bite", {"bite": "= bit"}))
    assert set(expand("+pocket_knife", {})) == {"pocket_knife", "pocket_knives"}
    assert sound("nife") == sound("knife")
    assert sound("herion") == sound("heroin")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("What happens if someone overdoses, is there a class on it?", "ingestion"),
        ("I am writing a novel and a character took poison.", "ingestion"),
        ("My dog Pistol ran off.", "weapon"),
        ("The noise from Shotgun Hollow Road is bad.", "weapon"),
        ("He hit me once. That was years ago.", "violence"),
        ("No gun or knife.", "weapon"),
    ],
)
def test_talk_in_general_names_and_lists_of_what_is_not_there_propose_nothing(text: str, key: str) -> None:
    assert key not in dangers(find(text))


@pytest.mark.parametrize(
    "text",
    [
        "Kids from the karate class are sparring on the lawn with wooden swords.",
        "The film crew on our street has a man with a rifle.",
        "It's the butcher at the market, he's holding a cleaver.",
        "I'm drowning in bills.",
        "A pillow shaped like a hand grenade is on the shelf.",
        "He agreed that I call you.",
        "He works at the gas station on Fifth.",
        "He works on Water Street.",
        "She took her regular pills with her tea.",
        "She stayed on the line while her son checked the door.",
        "Wants a sharps container for her insulin pens.",
        "Her boss will bite her head off over the invoice.",
        "The noise is driving me up the wall.",
        "The van is parked well off the highway with a flat.",
        "Needs his school shots and a form for the nurse.",
    ],
)
def test_a_harmless_scene_or_figure_proposes_no_danger(text: str) -> None:
    assert dangers(find(text)) == {}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A man is standing on the train line.", "hazard"),
        ("The car went off the highway into the ditch.", "hazard"),
        ("He ran out of insulin and is shaking.", "medical_signs"),
        ("He keeps banging his head against the wall.", "medical_signs"),
        ("I heard shots before I called.", "violence"),
        ("Two guys jumped him behind the bar.", "violence"),
        ("She asks what she should do if he comes back with the gun.", "weapon"),
    ],
)
def test_words_close_to_harmless_ones_still_raise_the_danger(text: str, key: str) -> None:
    assert key in dangers(find(text))


def test_words_of_alarm_break_a_harmless_scene() -> None:
    assert "weapon" in dangers(find("At the karate class a man pulled a knife, everyone is screaming."))
    assert "violence" in dangers(find("The film crew is scared, he attacked an actor with a hammer."))


def test_od_with_its_apostrophe_is_an_overdose_and_odd_is_not() -> None:
    assert "ingestion" in dangers(find("He OD'd in the bathroom."))
    assert dangers(find("He seems odd today.")) == {}


def test_talk_in_general_does_not_hide_what_is_happening_now() -> None:
    assert "weapon" in dangers(find("What do I do if he comes back with the gun?"))


def test_a_child_beside_a_danger_is_at_risk_and_the_one_who_acts_in_the_family_is_domestic() -> None:
    assert dangers(find("The toddler is standing in the road."))["child_at_risk"] is True
    assert "domestic" in dangers(find("My stepfather shoved me down the stairs."))
    assert "domestic" not in dangers(find("My brother was shot at a bar."))


def test_spelling_is_mended_towards_known_words_only() -> None:
    spelling = Spelling({"machete", "suicide", "knife"}, {"suites"}, {"nife": "knife"})
    mended = [spelling.mend(w) for w in ("machette", "suiicde", "suites", "nife", "kinfe", "fives", "9mm00", "table")]
    assert mended == ["machete", "suicide", "suites", "knife", "knife", "fives", "9mm00", "table"]
    assert (distance("ab", "ba"), distance("", "abc"), distance("kitten", "sitting")) == (1, 3, 3)


def test_stammering_counts_once() -> None:
    assert [w.text for w in split("he he uh he's got got a gun. gun", frozenset({"uh"}))] == [
        "he", "hes", "got", "a", "gun", "gun",
    ]  # fmt: skip


def test_the_benchmark_prints_its_table_and_reads_real_natures(tmp_path: Any, capsys: Any) -> None:
    vera = tmp_path / "vera_call_type_taxonomy"
    vera.mkdir()
    (vera / "call_types_charleston_detroit.csv").write_text(
        "city,nature\nX,127D_Suicide Threat Weapon\nX,Vandal Wpqx\nX,Past Wp\n", encoding="utf-8"
    )
    assert over_data(tmp_path)["vera"]["weapon_suffixes_seen"] >= 1
    assert main(["--repeat", "2", "--sets", "heldout", "--data", str(tmp_path)]) == 0
    assert "heldout" in capsys.readouterr().out
    assert main(["--repeat", "1", "--sets", "heldout", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["heldout"]["both"]["recall"] >= 0.95


class TestSecondReader:
    """The trained reader beside the phrases: it asks, it doubts, and without it the phrases go on."""

    def test_the_weights_are_those_of_the_sentences_that_ship_with_them(self) -> None:
        card = reader.Card.model_validate_json(DATA.joinpath("cue_reader.json").read_bytes())
        assert card.training_sha256 == digest()
        loaded = second_reader()
        assert loaded is not None
        assert version() == version_with(loaded) != version_with(None)
        assert {(key, value) for key, values in ANSWERS.items() for value in values} == set(card.values)
        for key, value in card.values:
            question = vocabulary.load().get(key)
            vocabulary.load().validate_answer(key, [value] if question.kind == "list" else value)

    def test_what_it_finds_is_words_of_the_text_and_only_asks(self) -> None:
        found = [
            cue for sentence in read("blind_e") for cue in find(sentence["text"]) if cue.note.startswith("Read from")
        ]
        assert found
        assert all(cue.proposes and cue.words.strip() for cue in found)

    def test_a_phrase_that_it_doubts_is_shown_and_not_proposed(self) -> None:
        text = "The film about the bank robbery with the gun was so funny that we all still laugh about it."
        cues = [cue for sentence in read("blind_g") for cue in find(sentence["text"])] + list(find(text))
        doubted = [cue for cue in cues if cue.status is Status.DOUBTED]
        assert doubted
        assert not any(cue.proposes for cue in doubted)

    @pytest.mark.parametrize("plain", ["He has a knife.", "There's a fire in the kitchen.", "She wants to die."])
    def test_a_plain_statement_is_never_doubted_whatever_stands_beside_it(self, plain: str) -> None:
        calm = "My neighbour plays music late and I would like somebody to talk to him, because I work tomorrow. "
        assert dangers(find(plain)).keys() <= dangers(find(calm + plain)).keys()

    def test_what_was_read_stays_while_more_is_typed(self) -> None:
        begun = "He is in the kitchen and she keeps backing away from him. " * 8
        assert {c.mark for c in find(begun)} <= {c.mark for c in find(begun + "The bus is late.")}

    @pytest.mark.parametrize("damage", ["card", "weights", "digest"])
    def test_damaged_files_are_refused(self, damage: str) -> None:
        card, weights = (DATA.joinpath(f"cue_reader.{end}").read_bytes() for end in ("json", "npz"))
        if damage == "card":
            card = card[:-20]
        elif damage == "weights":
            weights = weights[:-1]
        else:
            weights = b"no archive"
            card = json.dumps({**json.loads(card), "weights_sha256": hashlib.sha256(weights).hexdigest()}).encode()
        with pytest.raises(reader.ReaderUnusable):
            reader.from_bytes(card, weights)

    def test_without_it_phrases_are_read_and_the_version_says_so(self) -> None:
        assert "weapon" in dangers(find_with("He has a knife.", None))
        assert phrases_only(version_with(None))
        assert not phrases_only(version())
