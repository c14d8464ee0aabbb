"""Rating over time bands: a rate card for each band, and a call that may last over several."""

from dataclasses import dataclass, replace
from datetime import datetime

from billhook.core.bands import BandCalendar, Split
from billhook.core.calendar import local_date
from billhook.core.derivation import Step
from billhook.core.money import Currency
from billhook.core.price import PriceError
from billhook.core.ratecard import Rate, RateCard
from billhook.core.rating import RECORD_DECIMALS, RatedCall, cap, connected_seconds, fee, floor, rated, sliced
from billhook.core.rounding import Rounding
from billhook.core.spans import OverEdge, Span, billed_lengths, span_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class BandDeck:
    """The rate card of one time band."""

    band: str
    card: RateCard


@dataclass(frozen=True, slots=True, kw_only=True)
class BandedCards:
    """A rate card for each band of a calendar; all in one currency.

    Args:
        calendar: when which band holds.
        decks: one for each band.
        split: whether a call over several bands is cut; `by_start` for data and messages.
        over: what happens to an increment that runs over the edge of a band.
    """

    calendar: BandCalendar
    decks: tuple[BandDeck, ...]
    split: Split = Split.BANDS
    over: OverEdge = OverEdge.CARRY_OVER

    def __post_init__(self) -> None:
        """Refuse a band without card or with two, and a second currency."""
        named = [deck.band for deck in self.decks]
        if sorted(named) != sorted({band.name for band in self.calendar.bands}):
            raise PriceError(f"The cards are for the bands {', '.join(named)}; give one for each band of the calendar.")
        if len({deck.card.currency for deck in self.decks}) > 1:
            raise PriceError("The cards of the bands have two currencies; keep bands for each.")

    @property
    def currency(self) -> Currency:
        """Return the currency of every card."""
        return self.decks[0].card.currency

    def card(self, band: str) -> RateCard:
        """Return the card of a band."""
        return next(deck.card for deck in self.decks if deck.band == band)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An answered call, or a session of data, as it was measured.

    Args:
        number: digits with country code, without + or 00.
        start: the instant of the answer.
        seconds: of speech, or units.
        origin: the caller's digits, for decks over two numbers.
        continues: whether it continues a call that has paid its connection fee.
    """

    number: str
    start: datetime
    seconds: int
    origin: str = ""
    continues: bool = False


def rate_session(
    cards: BandedCards, session: Session, *, decimals: int = RECORD_DECIMALS, mode: Rounding = Rounding.HALF_UP
) -> RatedCall:
    """Rate a call over time bands; fee, grace, minimum and maximum are those of the band in which it starts.

    Raises:
        NoRateError: no prefix of a band's card matches.
        BandError: it lasts less than nothing.
    """
    if not session.seconds:
        return rated((), cards.currency, decimals=decimals, mode=mode)
    rate = session_spans(cards, session, 0)[0][1]
    if session.seconds <= rate.grace_seconds:
        return replace(rated((), cards.currency, decimals=decimals, mode=mode), rate=rate)
    lasting = max(session.seconds, rate.minimum_seconds)
    seconds = connected_seconds(rate, lambda length: _steps(cards, session, length), lasting)
    found = rated((*_steps(cards, session, seconds), *cap(rate)), cards.currency, decimals=decimals, mode=mode)
    spans = [span for span, _ in session_spans(cards, session, seconds)]
    return replace(found, rate=rate, billed_seconds=sum(billed_lengths(spans, cards.over)))


def session_spans(cards: BandedCards, session: Session, seconds: int) -> list[tuple[Span, Rate]]:
    """Return the spans of a session that lasts some seconds, each with its rate."""
    parts = cards.calendar.split(session.start, seconds)
    if cards.split is Split.BY_START:
        parts = (replace(parts[0], seconds=seconds),)
    day = local_date(session.start, cards.calendar.zone)
    elapsed, spans = 0, list[tuple[Span, Rate]]()
    for part in parts:
        rate = cards.card(part.band.name).rate_for(session.number, day, origin=session.origin)
        spans += [(span, rate) for span in sliced(rate, elapsed, elapsed + part.seconds, part.band.name)]
        elapsed += part.seconds
    return spans


def _steps(cards: BandedCards, session: Session, seconds: int) -> tuple[Step, ...]:
    """Return the steps to what a session that lasts some seconds costs, before its maximum."""
    found = session_spans(cards, session, seconds)
    first = found[0][1]
    paid = () if session.continues else fee(first)
    return (*paid, *span_steps([span for span, _ in found], cards.over), *floor(first)) if seconds else ()
