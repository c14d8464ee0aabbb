"""Settings, addresses and the demonstration: where the rooms become one installation."""
