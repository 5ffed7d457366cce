"""What a bench ran on, for the line above its table."""

import os
import platform
import subprocess
from pathlib import Path


def machine() -> str:
    """The functions' Python, the processor and how many there are."""
    python = subprocess.run([os.environ["PYTHON313"], "-V"], capture_output=True, text=True, check=True)  # noqa: S603 - the Makefile's choice
    return f"C{python.stdout.strip()}, {platform.machine()}, {os.cpu_count()} processors"


def peak_mib(process: int | str | None = "self") -> float:
    """The most memory a process has held since its exec, in MiB; 0 when it is gone.

    The kernel's VmHWM: `ru_maxrss` would include what the parent held before.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
