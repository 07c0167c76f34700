"""What is asked of each section."""
