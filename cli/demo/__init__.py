"""`make demo`: the whole loop on one machine, told step by step with the figures it measured."""
