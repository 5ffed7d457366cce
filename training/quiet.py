"""Hold back what TensorFlow's C++ code tells nobody in particular, and let every real error through."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Information and warnings that TensorFlow's C++ code writes straight to standard error. Errors (E, F) and anything
# of another shape are passed on, but for two that are none: "there is no GPU", and TensorFlow 2.21 wondering about an
# attribute of its own data sets.
_NOISE = re.compile(
    rb"^([IW]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IW] |WARNING: All log messages before absl|fully_quantize: \d|"
    rb"INFO: (Created TensorFlow Lite|Initialized TensorFlow Lite)|INFO:tensorflow:|WARNING:absl:|"
    rb"To enable the following instructions|E\d{4} .*(failed call to cuInit|NodeDef mentions attribute)|\s*$)"
)


@contextmanager
def quiet() -> Iterator[None]:
    """Hold standard error back for a call into C++ and let pass what is not noise. Not for two threads at once."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held, warnings.catch_warnings():
        # the quantization debugger uses the interpreter that TensorFlow announces to move to LiteRT
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated")
        # a message for the old quantizer, which gets input statistics; the representative rows give them here
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs were expected")
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not _NOISE.match(line)))
