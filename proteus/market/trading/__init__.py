"""The event loop, and how traders and the venue talk."""
