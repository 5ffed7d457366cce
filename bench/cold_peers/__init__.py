"""Plain handlers that `make bench-cold` compares with: no routing, no checks, the model file in the package."""
