"""Make the three tiny .tflite files of this folder: same weights whenever it runs. Needs TensorFlow; tests do not.

    python tests/data/make_models.py

Each takes float32 [n, 4] (see tests/fakes/package.py) and is a net of 8 hidden units with its inputs' scaling inside.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

MEANS = np.array([0.0, 40.0, 0.5, 1.0], dtype=np.float32)
SCALES = np.array([250.0, 25.0, 0.5, 0.8], dtype=np.float32)
TASKS = {"binary": (1, tf.nn.sigmoid), "multiclass": (3, tf.nn.softmax), "regression": (1, tf.identity)}


def make(task: str) -> bytes:
    outputs, squash = TASKS[task]
    random = np.random.default_rng(20240501)
    first = tf.constant(random.normal(0, 0.9, (4, 8)), tf.float32)
    shift = tf.constant(random.normal(0, 0.3, 8), tf.float32)
    last = tf.constant(random.normal(0, 1.1, (8, outputs)), tf.float32)

    class Net(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def __call__(self, x):
            hidden = tf.nn.relu(tf.matmul((x - MEANS) / SCALES, first) + shift)
            return squash(tf.matmul(hidden, last))

    net = Net()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([net.__call__.get_concrete_function()], net)
    return converter.convert()


if __name__ == "__main__":
    for name in TASKS:
        (Path(__file__).parent / f"tiny_{name}.tflite").write_bytes(make(name))
