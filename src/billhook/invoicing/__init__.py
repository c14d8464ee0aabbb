"""What is claimed: immutable invoices, their balances and documents."""
