"""Parts of market makers: what one believes, and what it quotes."""
