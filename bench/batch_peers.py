"""The peers of bench-batch, each a whole job from file to file. Runs in an environment of its own:

    .venv-peers/bin/python bench/batch_peers.py PEER FOLDER

`FOLDER` holds table.csv and answers.npz, the answers that are to be written: jobs that only read and write take them
from there. Prints one line of JSON: the processor seconds of the job and what it ran on.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

LABELS = ("low", "mid", "high")
COLOURS = {"red": 0.0, "light green": 1.0}
ANSWERS = ("prediction", "score", *(f"probability_{label}" for label in LABELS))


def polars_read_write(folder: Path) -> str:
    """Read the table, types inferred, put ready answers beside it, write it."""
    import polars as pl

    answers = np.load(folder / "answers.npz")
    ready = pl.DataFrame({"prediction": np.array(LABELS)[answers["label"]], **{n: answers[n] for n in ANSWERS[1:]}})
    _started()
    pl.concat([pl.read_csv(folder / "table.csv"), ready], how="horizontal").write_csv(folder / "peer.csv")
    return f"polars {pl.__version__}"


def pandas_onnxruntime(folder: Path) -> str:
    """The usual script: read_csv, one call of the session, to_csv."""
    import onnxruntime as ort
    import pandas as pd

    session = _session()
    _started()
    table = pd.read_csv(folder / "table.csv")
    matrix = np.stack(
        [table["amount"], table["age"], table["member"], table["colour"].map(COLOURS)],
        axis=1,
        dtype=np.float32,
        casting="unsafe",
    )
    outputs = session.run(None, {"x": matrix})[0]
    label = outputs.argmax(axis=1)
    table["prediction"], table["score"] = np.array(LABELS)[label], outputs.max(axis=1)
    for index, name in enumerate(LABELS):
        table[f"probability_{name}"] = outputs[:, index]
    table.to_csv(folder / "peer.csv", index=False)
    return f"pandas {pd.__version__}, onnxruntime {ort.__version__}"


def csv_module(folder: Path) -> str:
    """A loop over csv.reader and csv.writer, a thousand rows per call of the session."""
    session = _session()
    _started()
    with (folder / "table.csv").open(newline="") as source, (folder / "peer.csv").open("w", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target)
        writer.writerow([*next(reader), *ANSWERS])
        while rows := list(islice(reader, 1000)):
            matrix = [[float(r[1]), float(r[2]), float(r[3] == "true"), COLOURS[r[4]]] for r in rows]
            outputs = session.run(None, {"x": np.array(matrix, dtype=np.float32)})[0]
            writer.writerows(_answered(rows, outputs))
    return f"csv of Python {sys.version.split()[0]}"


def _answered(rows: list[list[str]], outputs: np.ndarray) -> Iterator[list[Any]]:
    for row, output, label in zip(rows, outputs, outputs.argmax(axis=1), strict=True):
        yield [*row, LABELS[label], output[label], *output]


def _session() -> Any:
    """A net of the same size as ours, on one thread."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(_net(), options)


def _net() -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(20240501)
    weights = {"w1": (4, 8), "b1": (8,), "w2": (8, 3), "b2": (3,)}
    scale = np.array([[1 / 250], [1 / 50], [1], [1]])
    values = {name: random.normal(0, 1, shape).astype(np.float32) for name, shape in weights.items()}
    values["w1"] = (values["w1"] * scale).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("Gemm", ["r", "w2", "b2"], ["z"]),
            helper.make_node("Softmax", ["z"], ["p"]),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


PEERS: dict[str, Callable[[Path], str]] = {
    "polars, read and write only": polars_read_write,
    "pandas + onnxruntime": pandas_onnxruntime,
    "csv module + onnxruntime": csv_module,
}
_start = 0.0


def _started() -> None:
    """The job begins: imports, the session and ready answers are not counted."""
    global _start  # noqa: PLW0603 - one job per process
    _start = time.process_time()


def main() -> None:
    """Run one peer once."""
    versions = PEERS[sys.argv[1]](Path(sys.argv[2]))
    seconds = time.process_time() - _start
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "versions": versions, "peak_mb": peak}))


if __name__ == "__main__":
    main()
