import os
import subprocess
import sys

import pytest

from training.quiet import quiet

NOISE = (
    b"I0000 00:00:1700000000.1 12 port.cc:153] oneDNN custom operations are on.\n"
    b"2024-05-01 10:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] optimized\n"
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"fully_quantize: 0, inference_type: 6\n"
)


def test_noise_is_held_back_and_errors_pass(capfd):
    with quiet():
        os.write(2, NOISE + b"E0000 00:00:1700000000.1 12 x.cc:1] out of memory\nno shape known\n")
    assert capfd.readouterr().err == "E0000 00:00:1700000000.1 12 x.cc:1] out of memory\nno shape known\n"


def test_what_was_written_before_a_crash_is_shown(capfd):
    def crash():
        with quiet():
            os.write(2, b"the reason\n")
            raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        crash()
    assert "the reason" in capfd.readouterr().err
    os.write(2, NOISE)
    assert "oneDNN" in capfd.readouterr().err, "standard error is back"


def test_configs_and_tables_need_no_tensorflow():
    program = "import sys, training.config, training.data, training.evaluate; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
