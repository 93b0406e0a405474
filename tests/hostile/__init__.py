"""Signs, documents and tools that give orders, and a model that obeys them."""
