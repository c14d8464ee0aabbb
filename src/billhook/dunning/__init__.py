"""What is late: dunning steps, reminders, penalties and suspension."""
