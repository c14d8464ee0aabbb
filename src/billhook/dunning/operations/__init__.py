"""What can happen to customers who are late; one file for each happening."""
