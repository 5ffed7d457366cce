"""Print the runtime and its answers to five fixed rows, as JSON; run by this machine's Python and the built layers."""

import json
import sys
from pathlib import Path

import numpy as np
from scorelet.model import TfliteModel, runtime

if __name__ == "__main__":
    model = TfliteModel(Path(sys.argv[1]).read_bytes())
    rows = np.linspace(-2, 2, 5 * model.width, dtype=np.float32).reshape(5, model.width)
    print(json.dumps([runtime()[0], model.run(rows).tolist()]))
