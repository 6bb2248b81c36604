"""The operators' console: Django's admin with Unfold's theme, and our own permissions, forms and actions."""
