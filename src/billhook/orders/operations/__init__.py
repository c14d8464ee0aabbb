"""What can happen to orders; one file for each happening."""
