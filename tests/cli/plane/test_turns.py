"""A lock for those who would otherwise wait for all of a long row of steps."""

import threading
import time

from cli.plane.turns import Turns


def test_it_is_given_in_the_order_in_which_it_was_asked_for():
    turns, had = Turns(), []

    def take(name):
        with turns:
            had.append(name)

    with turns:
        others = [threading.Thread(target=take, args=[name]) for name in "abc"]
        for number, other in enumerate(others, 1):
            other.start()
            while turns.waiting < number:
                time.sleep(0.001)
    with turns:
        had.append("again")
    for other in others:
        other.join()
    assert had == ["a", "b", "c", "again"]


def test_whoever_has_it_may_take_it_again():
    turns = Turns()
    with turns:
        with turns:
            pass
        assert turns.waiting == 0
        other = threading.Thread(target=turns.__enter__)
        other.start()
        while not turns.waiting:
            time.sleep(0.001)
        assert other.is_alive()
    other.join(30)
    assert not other.is_alive()
