"""Scorelet's core: pure contracts and logic shared by training, the Lambda functions and the local stack."""

__version__ = "0.1.0"
