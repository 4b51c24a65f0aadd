"""Hot spots (热点): what rose against its own past, what the rules watch, and what people said to it."""
