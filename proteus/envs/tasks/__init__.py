"""What is learned: who is decided for, what it sees, does and is rewarded for."""
