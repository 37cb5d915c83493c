"""Benchmarks: what Chit costs beside its peers. `make bench` runs them; docs/benchmarks.md keeps the figures."""
