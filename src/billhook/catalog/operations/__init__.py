"""What can happen to the catalog."""
