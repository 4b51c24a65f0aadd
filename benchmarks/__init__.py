"""What is measured of the portal's speed and size, against which targets, and how to measure it again."""
