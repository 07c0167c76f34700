"""What a marking looks like to people and to grade books: a page a student, a page for the class, and files to import."""
