"""What citizens read and fill in."""
