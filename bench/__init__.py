"""Benchmarks: what the suite claims of its speed and of what it finds, measured.  Each is `python -m bench.NAME`."""
