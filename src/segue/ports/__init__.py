"""What the shell must provide: protocols and the small values that pass through them."""
