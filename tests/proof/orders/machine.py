from tests.proof.orders.being_there import BeingThere
from tests.proof.orders.changing import Changing
from tests.proof.orders.ending import Ending
from tests.proof.orders.passing import Passing


class Machine(BeingThere, Ending, Changing, Passing):
    """Every act there is, in any order, done to the product and to its model; after each the two are compared."""
