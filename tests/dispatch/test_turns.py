"""One round at a time in a process: who comes later waits, who comes after somebody who waits need not."""

import threading
from collections.abc import Callable

from dispatch.turns import Turns
from tests.dispatch.waiting import until

LONG_S = 30.0
"""Longer than any test waits."""


def _beside(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_the_second_waits_for_the_first_and_the_third_is_served_by_the_second() -> None:
    turns, said = Turns(LONG_S), list[str]()

    def second() -> None:
        with turns.taken(1) as mine:
            said.append(f"second {mine}")

    with turns.taken(1) as mine:
        assert mine
        waiting = _beside(second)
        until(lambda: 1 in turns._waiting)
        with turns.taken(1) as third:
            assert not third
        said.append("first ends")
    waiting.join(LONG_S)
    assert said == ["first ends", "second True"]
    with turns.taken(1) as again:
        assert again


def test_once_the_second_has_begun_the_next_waits_again() -> None:
    turns, go, begun = Turns(LONG_S), threading.Event(), list[int]()

    def round_(number: int) -> None:
        with turns.taken(1) as mine:
            assert mine
            begun.append(number)
            go.wait(LONG_S)

    first = _beside(lambda: round_(1))
    until(lambda: begun == [1])
    second = _beside(lambda: round_(2))
    until(lambda: 1 in turns._waiting)
    go.set()
    for one in (first, second):
        one.join(LONG_S)
    assert begun == [1, 2]
    assert not turns._waiting


def test_who_has_waited_long_enough_goes_on_beside_the_first() -> None:
    turns = Turns(patience_s=0.01)
    with turns.taken(1) as first:
        assert first
        with turns.taken(1) as second:
            assert second
        # The first still has its turn: its lock was not given back by the one that never got it.
        with turns.taken(1) as third:
            assert third
    with turns.taken(1) as after:
        assert after


def test_another_centre_is_not_waited_for_and_a_round_that_fails_ends_its_turn() -> None:
    turns = Turns(LONG_S)
    with turns.taken(1), turns.taken(2) as other:
        assert other
    try:
        with turns.taken(1):
            raise RuntimeError
    except RuntimeError:
        pass
    with turns.taken(1) as again:
        assert again
