"""What is sold, at which price: products, plans, dated prices, rate cards and taxes."""
