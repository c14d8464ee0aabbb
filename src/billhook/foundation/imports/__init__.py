"""Files of customers, products, orders and balances from another system: read row by row, taken in by the room."""
