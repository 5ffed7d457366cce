"""The one door to TensorFlow: quiet, on the CPU, deterministic. Everything in training imports `tf` and `keras` here.

Importing this module takes about three seconds, so only commands that train may do it.
"""

from __future__ import annotations

import os
from contextlib import suppress

from training.quiet import quiet

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # warnings and below; errors still show
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its kernels round differently from run to run of another shape

with quiet():
    import keras
    import tensorflow as tf
    from absl import logging as _absl_logging

    _absl_logging.set_verbosity(_absl_logging.ERROR)
    with suppress(RuntimeError):  # somebody has used TensorFlow before us: devices are fixed then
        tf.config.set_visible_devices([], "GPU")
    tf.config.experimental.enable_op_determinism()

__all__ = ["keras", "tf"]
