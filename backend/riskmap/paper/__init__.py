"""How things look on paper."""
