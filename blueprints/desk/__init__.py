"""What the staff works with: the way in, the lists, registering, the page of a case."""
