"""The message door of lending: recorded messages through the rules of a pool, without a market."""
