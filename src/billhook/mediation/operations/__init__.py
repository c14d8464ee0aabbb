"""What can happen to usage; one file for each happening."""
