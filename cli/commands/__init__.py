"""One module per command: `add(commands)` describes it, `run(args)` does it and returns what to print."""
