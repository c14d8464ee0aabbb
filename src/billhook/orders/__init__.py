"""What was agreed: orders, their lines in versions, and the identifiers by which usage finds them."""
