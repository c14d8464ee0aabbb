"""Provisioning for those who have no network yet: what would be told to it is written to a file."""
