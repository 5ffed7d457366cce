import numpy as np
import pytest
from scorelet.texts import Texts, weave


def column(chance, n, longest):
    texts = [bytes(chance.choices(b"abc,\n\0", k=chance.randrange(longest + 1))) for _ in range(n)]
    dense = longest <= 16 and chance.random() < 0.3
    if dense:
        data = np.frombuffer(b"".join(text.ljust(16, b"#") for text in texts), np.uint8)
        starts, lengths = np.arange(n) * 16, np.array([len(text) for text in texts])
        return texts, Texts(data, starts, lengths, dense=True)
    return texts, Texts.of(texts)


@pytest.mark.law
def test_weaving_is_joining(law):
    chance = law.chance()
    for _ in law.each(range(300)):
        n, longest = chance.randrange(1, 40), chance.choice([0, 1, 15, 16, 17, 33, 300])
        columns = [column(chance, n, chance.choice([longest, 8, 16, 40])) for _ in range(chance.randrange(1, 6))]
        if chance.random() < 0.7:  # what makes the quick way possible
            first = [text + b"x" * chance.choice([16, 32]) for text in columns[0][0]]
            columns[0] = first, Texts.of(first)
        wanted = b"".join(b"".join(texts[i] for texts, _ in columns) for i in range(n))
        assert weave([texts for _, texts in columns]).tobytes() == wanted


def test_nothing_is_woven_to_nothing():
    assert weave([Texts.of([]), Texts.of([])]).tobytes() == b""
