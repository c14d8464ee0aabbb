"""What can happen to a billing run; one file for each happening."""
