"""Units after numbers in English: ``60 km/h``, ``5kg``, ``-5°C``, ``10 m²``, ``5'10"``."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.forms import DIGITS, NUMBER, Rule

_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "kmh": ("kilometer per hour", "kilometers per hour"),
    "km/hr": ("kilometer per hour", "kilometers per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "m/s²": ("meter per second squared", "meters per second squared"),
    "m/s": ("meter per second", "meters per second"),
    "mi/h": ("mile per hour", "miles per hour"),
    "km²": ("square kilometer", "square kilometers"),
    "km2": ("square kilometer", "square kilometers"),
    "m²": ("square meter", "square meters"),
    "m2": ("square meter", "square meters"),
    "cm²": ("square centimeter", "square centimeters"),
    "mm²": ("square millimeter", "square millimeters"),
    "ft²": ("square foot", "square feet"),
    "sq ft": ("square foot", "square feet"),
    "sq. ft.": ("square foot", "square feet"),
    "m³": ("cubic meter", "cubic meters"),
    "m3": ("cubic meter", "cubic meters"),
    "cm³": ("cubic centimeter", "cubic centimeters"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "nm": ("nanometer", "nanometers"),
    "µm": ("micrometer", "micrometers"),
    "μm": ("micrometer", "micrometers"),
    "mi": ("mile", "miles"),
    "yd": ("yard", "yards"),
    "yds": ("yard", "yards"),
    "ft": ("foot", "feet"),
    "kg": ("kilogram", "kilograms"),
    "µg/m³": ("microgram per cubic meter", "micrograms per cubic meter"),
    "μg/m³": ("microgram per cubic meter", "micrograms per cubic meter"),
    "mg/dL": ("milligram per deciliter", "milligrams per deciliter"),
    "mg/mL": ("milligram per milliliter", "milligrams per milliliter"),
    "mg/kg": ("milligram per kilogram", "milligrams per kilogram"),
    "mg/L": ("milligram per liter", "milligrams per liter"),
    "g/L": ("gram per liter", "grams per liter"),
    "km/s": ("kilometer per second", "kilometers per second"),
    "mmHg": ("millimeter of mercury", "millimeters of mercury"),
    "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "μg": ("microgram", "micrograms"),
    "mg": ("milligram", "milligrams"),
    "µg": ("microgram", "micrograms"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "mL": ("milliliter", "milliliters"),
    "ml": ("milliliter", "milliliters"),
    "cl": ("centiliter", "centiliters"),
    "dl": ("deciliter", "deciliters"),
    "gal": ("gallon", "gallons"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "Kbps": ("kilobit per second", "kilobits per second"),
    "kbps": ("kilobit per second", "kilobits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "MB/s": ("megabyte per second", "megabytes per second"),
    "GB/s": ("gigabyte per second", "gigabytes per second"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "GW": ("gigawatt", "gigawatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "mAh": ("milliamp hour", "milliamp hours"),
    "kV": ("kilovolt", "kilovolts"),
    "mV": ("millivolt", "millivolts"),
    "mA": ("milliamp", "milliamps"),
    "dB": ("decibel", "decibels"),
    "kcal": ("kilocalorie", "kilocalories"),
    "kJ": ("kilojoule", "kilojoules"),
    "hPa": ("hectopascal", "hectopascals"),
    "kPa": ("kilopascal", "kilopascals"),
    "psi": ("pound per square inch", "pounds per square inch"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "bpm": ("beat per minute", "beats per minute"),
    "fps": ("frame per second", "frames per second"),
    "ms": ("millisecond", "milliseconds"),
    "µs": ("microsecond", "microseconds"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "yr": ("year", "years"),
    "yrs": ("year", "years"),
    "wk": ("week", "weeks"),
    "wks": ("week", "weeks"),
    "px": ("pixel", "pixels"),
    "Ω": ("ohm", "ohms"),
    "kΩ": ("kiloohm", "kiloohms"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "° C": ("degree Celsius", "degrees Celsius"),
    "° F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
}
_APART = {
    "m": ("meter", "meters"),
    "g": ("gram", "grams"),
    "L": ("liter", "liters"),
    "l": ("liter", "liters"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "s": ("second", "seconds"),
    "ha": ("hectare", "hectares"),
}
"""Only with a space before them: ``5m`` may be millions, ``5s`` a model."""
_TOGETHER = {"g": ("gram", "grams"), "L": ("liter", "liters")}

_LONGEST_FIRST = sorted({*_UNITS, *_APART}, key=len, reverse=True)
UNIT = "|".join(map(re.escape, _LONGEST_FIRST))
_AFTER_UNIT = r"(?![\w²³/]|-?\d)"
_MEASURE = re.compile(
    rf"(?<![\w/:@#.,$€£¥-])(?P<minus>[-−])?(?P<amount>{NUMBER})(?P<blank>[ -]?)"
    rf"(?P<unit>{UNIT}){_AFTER_UNIT}(?:\.(?= [a-z]))?"
)
_UNIT_BEHIND_DIGIT = re.compile(rf"\d[ -]?[{re.escape(''.join(sorted({unit[0] for unit in _LONGEST_FIRST})))}]")
_FEET_AND_INCHES = re.compile(
    r"(?<![\w.,/-])(?P<feet>\d{1,2}) ?ft\.? (?P<inches>\d{1,2}(?:\.\d)?) ?in(?P<dot>\.?)(?![\w-])(?! the| a )"
)
_FEET_BEHIND_DIGIT = re.compile(r"\d ?ft")
_SPEED = re.compile(r"(?<![\w/])(?P<unit>km/h|m/s)(?![\w/])")
_FEET = re.compile(r"(?<![\w.,/-])(?P<feet>\d{1,2})['’′]\s?(?P<inches>1?\d)(?:\"|”|″|''|’’)(?!\w)")
_PRIMES = re.compile(r"(?<![\w.,/-])(?P<amount>\d{1,4}(?:\.\d{1,2})?)(?P<sign>[′″])(?!\w)")
_ARTICLE = re.compile(r"(?:\A|\W)[Aa]n?\s\Z")
_NOUN = re.compile(
    r"[\s-](?!(?:and|or|to|in|for|at|on|of|from|is|was|a|an|the|per|each|more|less|by|but|if)\b)[a-z]"
)


def _measure(found: re.Match[str]) -> str | None:
    amount, blank, unit = found["amount"], found["blank"], found["unit"]
    names = unit_names(unit, blank)
    if names is None:
        return None
    minus = "minus " if found["minus"] else ""
    if blank == "-":
        return f"{minus}{amount}-{names[0].replace(' ', '-')}"
    return f"{minus}{amount} {names[0] if amount == '1' or _is_adjective(found) else names[1]}"


def _is_adjective(found: re.Match[str]) -> bool:
    """Whether it is an adjective: ``a 5 kg bag`` is a 5 kilogram bag."""
    before = found.string[max(0, found.start() - 4) : found.start()]
    return _ARTICLE.search(before) is not None and _NOUN.match(found.string, found.end()) is not None


def unit_names(unit: str, blank: str) -> tuple[str, str] | None:
    """The singular and plural names of a unit, with this space before them; None if it is ambiguous."""
    if unit in _UNITS:
        return _UNITS[unit]
    return _TOGETHER.get(unit) if blank != " " else _APART[unit]


def _feet_and_inches(found: re.Match[str]) -> str:
    feet, inches = found["feet"], found["inches"]
    return f"{feet} {_UNITS['ft'][feet != '1']} {inches} {'inch' if inches == '1' else 'inches'}{found['dot']}"


def _feet(found: re.Match[str]) -> str:
    return f"{found['feet']} foot {found['inches']}"


def _primes(found: re.Match[str]) -> str:
    one, many = ("foot", "feet") if found["sign"] == "′" else ("inch", "inches")
    return f"{found['amount']} {one if found['amount'] == '1' or _is_adjective(found) else many}"


EARLY_RULES = (
    Rule("'’′", _FEET, _feet, digit=True),
    Rule("′″", _PRIMES, _primes, digit=True),
    Rule(DIGITS, _FEET_AND_INCHES, _feet_and_inches, digit=True, hint=_FEET_BEHIND_DIGIT),
)
"""These apply before the rules for numbers."""
RULES = (
    Rule(DIGITS, _MEASURE, _measure, digit=True, hint=_UNIT_BEHIND_DIGIT),
    Rule("/", _SPEED, lambda found: _UNITS[found["unit"]][1]),
)
