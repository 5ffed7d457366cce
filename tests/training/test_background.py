"""The background of explanations: few rows, real ones, that stand for all."""

import numpy as np
from scorelet.features import columns_from_records, encode

from tests.fakes.package import tiny_package, tiny_records
from training.background import MOST_ROWS, background
from training.data import Dataset


def dataset(records):
    signature = tiny_package()[1].signature
    encoded = encode(signature, columns_from_records(signature, records))
    target = np.zeros(len(records))
    return Dataset(signature, tuple(records), encoded.matrix, encoded.imputed, target, "sha256:0", "made up")


def test_rows_are_real_and_none_stands_twice():
    records = tiny_records(300)
    found = background(dataset(records))
    assert len(found) == MOST_ROWS
    assert all(record in records for record in found)
    assert len({tuple(record.items()) for record in found}) == MOST_ROWS


def test_a_small_table_is_its_own_background():
    records = tiny_records(5)
    assert list(background(dataset(records))) == records


def test_their_means_are_near_those_of_all_rows():
    learn = dataset(tiny_records(1000))
    chosen = dataset(list(background(learn)))
    off = np.abs(chosen.matrix.mean(axis=0) - learn.matrix.mean(axis=0)) / learn.matrix.std(axis=0)
    assert off.max() < 0.25


def test_equal_rows_are_no_trouble():
    records = [tiny_records(1)[0]] * 100
    assert len(background(dataset(records))) == MOST_ROWS
