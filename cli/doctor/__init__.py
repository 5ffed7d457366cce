"""The checks of `scorelet doctor`, by what they look at. Each is a function that gives one Finding."""
