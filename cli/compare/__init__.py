"""Two versions' answers to the same rows, side by side: read from what their runs have written. No AWS in here."""
