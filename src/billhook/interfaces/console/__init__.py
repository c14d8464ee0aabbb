"""The console: what an operator's people see and touch."""
