"""Recordings of running lending contracts, replayed through the door and compared step by step."""
