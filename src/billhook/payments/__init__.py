"""What is paid: payments, attempts at a gateway, allocations and customer credit."""
