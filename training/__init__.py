"""Offline: from a table to a model package. Never deployed; the only code that imports TensorFlow."""
