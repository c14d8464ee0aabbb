"""What can happen to invoices; one file for each happening."""
