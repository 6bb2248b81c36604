from tests.proof.state_machine.change_rules import ChangeRules
from tests.proof.state_machine.revocation_rules import RevocationRules
from tests.proof.state_machine.session_rules import SessionRules
from tests.proof.state_machine.time_rules import TimeRules


class SessionStateMachine(SessionRules, RevocationRules, ChangeRules, TimeRules):
    """All rules in any order. After each act the product is compared with the model."""
