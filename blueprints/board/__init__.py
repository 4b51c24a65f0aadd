"""The bulletin board: what everybody reads, and where its editors write."""
