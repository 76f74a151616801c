"""Measurements: figures of one run on one machine, for ratios, never for tests."""
