"""What a company's own customers see."""
