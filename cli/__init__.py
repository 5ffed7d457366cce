"""The `scorelet` command and the local stack. Never deployed."""
