"""The monthly assessment of units (考核): frozen figures, breaches, objections with corrections, the notification."""
