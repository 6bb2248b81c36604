"""Making and changing things at the console: forms that are drawn from v1's serializers, and sent to v1's views."""
