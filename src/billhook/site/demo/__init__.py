"""The example that must always work, played in a sandbox company."""
