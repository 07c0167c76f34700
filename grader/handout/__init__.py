"""What students get, made from the reference."""
