"""What can happen to assets; one file for each happening."""
