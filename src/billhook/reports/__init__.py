"""What management asks."""
