"""The console's template tags and filters."""
