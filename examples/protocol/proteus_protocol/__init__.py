"""The rules of a protocol: what it charges, when it settles, what it rewards, what it reads."""
