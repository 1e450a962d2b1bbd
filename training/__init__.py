"""What the product's trained parts were trained on, and how. Not needed to run the product, and not in its image."""
