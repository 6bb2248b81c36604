"""The console's forms: drawn from the serializers of v1, and saved by them."""
