"""What a provider cannot do, said in the port's words."""

from ...domain.ports import CANNOT_HOLD, CANNOT_RELEASE, Answer, Charge, Outcome, Part, Released, Reply


class ChargesAtOnce:
    """It cannot hold money."""

    def authorise(self, charge: Charge) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_HOLD)

    def capture(self, part: Part) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_HOLD)

    def void(self, key: str, payment_ref: str) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_HOLD)


class TakesNothingBack:
    """What went to a payee stays there."""

    def take_back(self, part: Part, release: Released) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)

    def look_up_take_back(self, key: str, release: Released) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)


class ReleasesNothing(TakesNothingBack):
    """It knows no payees."""

    def release(self, part: Part, account: str) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)

    def look_up_release(self, key: str, payment_ref: str) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)


class AnsweredAsUsual:
    """Any 2xx tells it that a report was taken."""

    def reply(self, refusal: str) -> Reply | None:
        return None
