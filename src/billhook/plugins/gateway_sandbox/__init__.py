"""A payment processor to try things with: it keeps its own books, and its tokens say how a charge ends."""
