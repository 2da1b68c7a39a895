"""Golden scenarios: small stories, run under every mechanism, whose outcome a reviewer can read."""
