"""What the demonstration came to, in words."""

from collections.abc import Iterator
from pathlib import Path

from iec104mm2ss.demo.ledger import Account
from iec104mm2ss.demo.play import Play


def verdict(play: Play, log_dir: Path) -> Iterator[str]:
    """Give the lines of the summary; the last but one says whether all went well."""
    yield f"The RTU sent {play.ledger.sent} reports."
    for account in play.accounts:
        yield f"{account.name} {_books(account)}"
    for complaint in play.complaints:
        yield f"FAILED: {complaint}"
    if play.is_clean:
        yield "Every report arrived, in order; every answer only where it was asked for."
    else:
        yield "FAILED: something was lost, leaked or unanswered."
    yield f"The log files of the three connections are in {log_dir.absolute()}"


def _books(account: Account) -> str:
    lost = account.lost + len(account.owed)
    return (
        f"received {account.received}, lost {lost}, foreign {account.strange};"
        f" its requests: {account.answered} answered, {account.unanswered} not"
    )
