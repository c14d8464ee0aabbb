"""What can happen to messages; one file for each happening."""
