from accounts.hashers import Argon2


class CheapArgon2(Argon2):
    """The product's algorithm at its least cost. Tests about hashing or its timing use the product's own."""

    memory_cost = 8
    time_cost = 1
