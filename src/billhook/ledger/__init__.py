"""What each customer owes: an append-only, balanced journal."""
