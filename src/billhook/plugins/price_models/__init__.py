"""The price models of the core as plugins: parameters in, a frozen price out."""
