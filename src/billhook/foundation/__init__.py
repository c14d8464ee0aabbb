"""Companies, people, permissions, events, numbers, jobs, the clock and the embedded database."""
