"""Seeded faults: small changes of kernels that tests must notice; ``python -m tests.faults``."""
