"""The operators' console: Django's admin in Unfold's clothes, with our sessions, our rules and our acts."""
