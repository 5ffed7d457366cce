"""What a bench ran on, for the line above its table."""

import os
import platform
import subprocess


def machine() -> str:
    """The functions' Python, the processor and how many there are."""
    python = subprocess.run([os.environ["PYTHON313"], "-V"], capture_output=True, text=True, check=True)  # noqa: S603 - the Makefile's choice
    return f"C{python.stdout.strip()}, {platform.machine()}, {os.cpu_count()} processors"
