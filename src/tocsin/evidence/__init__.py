"""Evidence: packages that leave, what they enclose and withhold, and what comes back."""
