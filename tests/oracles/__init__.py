"""Cases with known answers that nobody here wrote, and what Billhook's core answers."""
