"""Billhook, a billing platform whose every business decision is a plugin."""
