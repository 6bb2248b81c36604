from accounts.hashers import Argon2


class Unhashed(Argon2):
    """Takes every password for the right one: a hash costs what it is made to cost, whatever the product does."""

    def verify(self, password: str, encoded: str) -> bool:
        return True

    def must_update(self, encoded: str) -> bool:
        return False
