"""Every figure in the documentation comes from a command here, run by `make bench-…`."""
