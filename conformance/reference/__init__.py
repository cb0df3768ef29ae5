"""An endpoint that conforms: it speaks every contract faithfully, with a small language model behind it."""
