from accounts.hashers import Argon2


class AcceptAnyPassword(Argon2):
    """Accepts every password without hashing it: the cost of a hash is chosen, and would hide the product's own."""

    def verify(self, password: str, encoded: str) -> bool:
        return True

    def must_update(self, encoded: str) -> bool:
        return False
