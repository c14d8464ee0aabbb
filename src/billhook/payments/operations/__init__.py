"""What can happen to payments; one file for each happening."""
