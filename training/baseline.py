"""What training saw, as counts: the state that monitoring compares live traffic with."""

from __future__ import annotations

import numpy as np
from scorelet.predict import Predictions
from scorelet.sketch import LABEL, SCORE, Baseline, Bins, Counts

from training.data import Dataset


def baseline(train: Dataset, unseen: Predictions, most_bins: int) -> Baseline:
    """Bins and counts: features from the training rows, score and label from answers to rows the model had not seen."""
    bins: dict[str, Bins] = {}
    counts: dict[str, Counts] = {}
    for index, feature in enumerate(train.signature.features):
        column, null = train.matrix[:, index], train.imputed[:, index]
        bins[feature.name] = Bins.for_feature(feature, column[~null], most_bins)
        counts[feature.name] = bins[feature.name].count(bins[feature.name].index(column, null))
    never = np.zeros(len(unseen.score), dtype=np.bool_)
    bins[SCORE] = Bins.of_equal_share(unseen.score, most_bins)
    bins[LABEL] = Bins(values=max(1, len(train.signature.labels)))
    counts[SCORE] = bins[SCORE].count(bins[SCORE].index(unseen.score, never))
    counts[LABEL] = bins[LABEL].count(bins[LABEL].index(unseen.label.astype(np.float32), never))
    return Baseline(bins, counts)
