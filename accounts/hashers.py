from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2 with 19 MiB and two passes: 30 ms a hash. With Django's 100 MiB, fifty sign-ins exhaust a small host."""

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
