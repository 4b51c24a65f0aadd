"""The archive: dossiers whose term is over, and the lists by which they are destroyed."""
