"""The knowledge base (知识库): found by everybody who asks, kept by staff, every entry reviewed by a second person."""
