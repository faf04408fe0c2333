"""Small assignments, and classes that hand them in: what `throughput.py` and `scale.py` grade."""
