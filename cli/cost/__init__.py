"""What a deployment costs: prices and measurements in, dollars out."""
