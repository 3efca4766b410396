"""Numbers in English words, where digits would be read differently: years, decades, ordinals, numerals."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_ODD_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_FIRST_YEAR, _LAST_SPLIT_YEAR = 1010, 1999
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_CENTURY = 100


def cardinal(number: int) -> str:
    """The word for a number from 0 to 99."""
    if number < len(_SMALL):
        return _SMALL[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_SMALL[ones]}" if ones else _TENS[tens]


def ordinal(number: int) -> str:
    """The ordinal for a number from 0 to 99."""
    head, dash, last = cardinal(number).rpartition("-")
    if last in _ODD_ORDINALS:
        return head + dash + _ODD_ORDINALS[last]
    return head + dash + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def ordinal_digits(number: int) -> str:
    """The ordinal in digits, such as ``28th``, from 1 to 99."""
    teens = 10 < number % 100 < 20  # noqa: PLR2004 - eleven to nineteen
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def year(written: str) -> str:
    """Years are said in two halves. Engines read those from 2000 on correctly as numbers."""
    number = int(written)
    century, rest = divmod(number, _CENTURY)
    if not _FIRST_YEAR <= number <= _LAST_SPLIT_YEAR:
        return written
    if not rest:
        return f"{century} hundred"
    return f"{century} oh {rest}" if rest < 10 else f"{century} {rest}"  # noqa: PLR2004 - one digit


def decade(century: int | None, tens: int) -> str:
    """``nineteen nineties`` for 19 and 9. ``tens`` 0 means the hundreds."""
    if century is not None and not tens:
        return "two thousands" if century == 20 else f"{cardinal(century)} hundreds"  # noqa: PLR2004 - 2000
    named = "tens" if tens == 1 else f"{_TENS[tens][:-1]}ies"
    return named if century is None else f"{cardinal(century)} {named}"


def roman(numeral: str) -> int | None:
    """The value of a Roman numeral up to 99; None if it is not valid, such as IIX."""
    values = [_ROMAN[letter] for letter in numeral]
    total = sum(-value if value < later else value for value, later in zip(values, [*values[1:], 0], strict=True))
    return total if 0 < total < _CENTURY and numeral == _numeral(total) else None


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    return " X XX XXX XL L LX LXX LXXX XC".split(" ")[tens] + " I II III IV V VI VII VIII IX".split(" ")[ones]
