"""Measurements: what the product does in a second, beside the bare work on the same machine in the same run."""
