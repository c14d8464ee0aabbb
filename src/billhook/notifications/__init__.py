"""What people are told: messages, their wording and their channels."""
