"""Metrics of generated pictures without Inception, each beside its value for real pictures; see `registry`."""
