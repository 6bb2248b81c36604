"""Pages for people: the operators' console and the account page."""
