"""AWS event shapes, each recognised and translated once, at the door. No event dict travels past these modules."""
