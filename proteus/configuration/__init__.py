"""Words to checked configuration."""
