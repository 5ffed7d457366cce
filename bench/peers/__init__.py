"""The servers that `make bench-predict` measures; each runs in .venv-bench on the folder named in BENCH_MODEL."""
