"""How a plan is run: workers, folders, interruption, resuming."""
