"""Titles, abbreviations and Roman numerals in English, where the context leaves no doubt."""

from __future__ import annotations

import re

from segue.speech.core.text.abbreviations import Stop, full_stop
from segue.speech.core.text.verbalize.english_words import cardinal, ordinal, roman
from segue.speech.core.text.verbalize.forms import DIGITS, Rule

_TITLES = {
    "Mr": "Mister",
    "Mrs": "Missis",
    "Ms": "Miz",
    "Dr": "Doctor",
    "Prof": "Professor",
    "Gen": "General",
    "Col": "Colonel",
    "Capt": "Captain",
    "Cpt": "Captain",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Maj": "Major",
    "Cmdr": "Commander",
    "Adm": "Admiral",
    "Rev": "Reverend",
    "Gov": "Governor",
    "Sen": "Senator",
    "Rep": "Representative",
    "Hon": "Honorable",
    "Fr": "Father",
    "St": "Saint",
    "Mt": "Mount",
    "Ft": "Fort",
}
_TITLE = re.compile(
    rf"(?<![\w.])(?P<title>{'|'.join(_TITLES)})\. ?(?=[A-Z\u00c0-\u00de]|and [MD]rs?\b)|(?<![\w.])"
    rf"(?P<bare>Mrs?|Ms|Dr|St|Mt|Prof) (?=[A-Z\u00c0-\u00de][a-z\u00df-\u00ff])"
)
_NOT_IN_STREETS = frozenset({"St", "Dr", "Ft"})
_AFTER_NAMES = {"Jr": "Junior", "Sr": "Senior"}
_AFTER_NAME = re.compile(r"(?<=[\w,] )(?P<title>Jr|Sr)(?P<dot>\.?)(?!\w)(?=(?P<next>\s+\S)?)")
_STREETS = {
    "St": "Street",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Dr": "Drive",
    "Ln": "Lane",
    "Ct": "Court",
    "Hwy": "Highway",
    "Pkwy": "Parkway",
    "Sq": "Square",
    "Pl": "Place",
}
_STREET = re.compile(
    rf"(?<![\w.,-])(?P<number>\d{{1,5}}) (?P<name>(?:(?:[NSEW]\.? )?(?:[A-Z][a-z'’]{{1,20}}|\d{{1,3}}"
    rf"(?:st|nd|rd|th)) ){{1,3}})"
    rf"(?P<kind>{'|'.join(_STREETS)})(?P<dot>\.?)(?=[,;:)\s]|\Z)"
)
_SURE_STREET = re.compile(
    r"(?<=[a-z\u00df-\u00ff] )(?P<kind>Ave|Blvd|Rd|Hwy|Pkwy)(?P<dot>\.)(?=[,;:)\s]|\Z)"
    r"|(?<=[a-z\u00df-\u00ff] )(?P<street>St|Dr)(?P<end>\.)(?=[,;:)]|\s[a-z0-9(]|\Z)"
    r"|(?<=\d(?:st|nd|rd|th) )(?P<nth>St|Ave)(?P<stop>\.?)(?=[,;:)\s]|\Z)"
)
_PHRASES = {
    "e.g.": "for example",
    "eg.": "for example",
    "E.g.": "For example",
    "i.e.": "that is",
    "I.e.": "That is",
    "vs.": "versus",
    "vs": "versus",
    "approx.": "approximately",
    "Approx.": "Approximately",
    "w/o": "without",
    "w/": "with",
    "c/o": "care of",
    "Ph.D.": "P H D",
    "ca.": "circa",
    "est.": "established",
    "incl.": "including",
    "excl.": "excluding",
    "misc.": "miscellaneous",
    "temp.": "temperature",
    "Gov't": "Government",
    "gov't": "government",
    "Dept.": "Department",
    "dept.": "department",
    "Univ.": "University",
    "Assn.": "Association",
    "Bros.": "Brothers",
    "min.": "minimum",
    "max.": "maximum",
    "avg.": "average",
    "No.": "number",
    "no.": "number",
    "Nos.": "numbers",
    "Vol.": "Volume",
    "vol.": "volume",
    "Fig.": "Figure",
    "fig.": "figure",
    "Figs.": "Figures",
    "Ch.": "Chapter",
    "ch.": "chapter",
    "Sec.": "Section",
    "sec.": "section",
    "Eq.": "Equation",
    "Ext.": "extension",
    "ext.": "extension",
    "Apt.": "Apartment",
    "Ste.": "Suite",
    "Art.": "Article",
    "p.": "page",
    "pp.": "pages",
    "c.": "circa",
    "Rte.": "Route",
    "Rt.": "Route",
    "Bldg.": "Building",
    "Hwy.": "Highway",
}
_BEFORE_NUMBERS = (
    "No.|no.|Nos.|Vol.|vol.|Fig.|fig.|Figs.|Ch.|ch.|Sec.|sec.|Eq.|Ext.|ext.|Apt.|Ste.|Art.|p.|pp.|c.|Rte.|Rt.|Hwy.|Bldg."
).split("|")
_NUMBERED = re.compile(rf"(?<![\w.@])(?P<word>{'|'.join(map(re.escape, _BEFORE_NUMBERS))})\s?(?=#?\d)")
_POINT_BEFORE_NUMBER = re.compile(r"\.\s?#?\d")
_ANYWHERE = re.compile(
    r"(?<![\w.@/])(?P<word>e\.g\.|E\.g\.|i\.e\.|I\.e\.|eg\.|w/o(?!\w)|c/o(?!\w)|Ph\.D\.|Gov't|gov't"
    r"|vs\.?(?=\s\S)(?!\s(?:code|studio)\b)(?!\w)"
    r"|(?:approx|Approx|incl|excl|Univ|Dept|dept|Assn|avg)\.(?=\s\w)|(?:Bros|misc)\.(?=\s[a-z&])"
    r"|(?:ca|est)\.(?=\s\d)|(?:min|max|temp)\.(?=\s[a-z\d])|w/(?=\s?[a-z]{2}))(?P<comma>,?)"
)
_ENDS = "eg vs approx Approx incl excl Univ Dept dept Assn avg Bros misc ca est min max temp".split()
_ABBREVIATION = re.compile(
    rf"\.(?:[ge]\.|D\.|{'|'.join(rf'(?<={end}.)' for end in _ENDS)})|/(?<=[wc]/)|'t(?<=ov't)|s(?<=vs)"
)

_NUMERAL = r"[IVXLC]{1,7}"
_COUNTED = (
    "World Wars?|Chapters?|Parts?|Acts?|Scenes?|Volumes?|Vol\\.|Books?|Sections?|Articles?|Appendix"
    "|Phases?|Type|Class|"
    "Level|Stage|Title|Super Bowl|Episode|Grade|Mark|Mk\\.?|Rocky|Final Fantasy|Apollo|Gemini|Category|Table|"
    "Figure|Act|Canto|Psalm|Lesson|Unit|Module|Round|Season|Tier|Generation|Vatican|Star Wars|Star Wars Episode"
)
_COUNTED_NUMERAL = re.compile(rf"(?<!\w)(?P<word>{_COUNTED}) (?P<numeral>{_NUMERAL})(?![\w’']|-\w)")
_ONE = re.compile(
    r"(?<!\w)(?P<word>World War|Act|Scene|Chapter|Volume|Book|Phase|Type|Article|Class) I(?=[.,;:!?)\]]"
    r"|\Z)|(?<!\w)World War I(?![\w’'])"
)
_WARS = re.compile(r"(?<!\w)(?:WW(?P<which>II?|[12])|World Wars I(?P<between> and | & )II)(?![\w’'])")
_RULERS = (
    "Henry|Louis|Elizabeth|Charles|George|Edward|Richard|William|James|John|Paul|John Paul|Pius"
    "|Benedict|Napoleon|"
    "Catherine|Philip|Frederick|Nicholas|Alexander|Peter|Ivan|Leo|Gregory|Ramses|Ramesses|Francis"
    "|Ferdinand|Wilhelm|"
    "Otto|Leopold|Mary|Harald|Haakon|Gustav|Gustaf|Christian|Malcolm|Robert|Ptolemy|Darius|Xerxes|Cyrus|Urban|"
    "Innocent|Clement|Boniface|Sixtus|Julius|Mehmed|Murad|Selim|Suleiman|Constantine|Theodosius"
    "|Justinian|Alfonso|"
    "Afonso|Pedro|Carlos|Felipe|Juan|Umberto|Victor Emmanuel|Rama|Thutmose|Amenhotep|Mithridates|Baldwin|Joseph|"
    "Rudolf|Maximilian|Sigismund|Stephen|Margrethe|Albert|Rainier|Franz Joseph|Kamehameha|Abdullah"
    "|Mohammed|Hassan"
)
_RULER = re.compile(rf"(?<!\w)(?P<name>{_RULERS}) (?P<numeral>[IVXLC]{{2,7}}|V)(?P<whose>['’]s)?(?![\w’']|-\w)")
_CENTURY = re.compile(r"(?<!\w)(?P<numeral>[IVX]{1,5})(?:th)?(?= [Cc]entur(?:y|ies)\b)")
_AFTER_PROPER = re.compile(
    r"(?<=[A-Za-z\u00df-\u00ff] )(?P<numeral>(?:X{0,1})(?:I{2,3}|I[VX]|VI{1,3}))(?![\w’'/.-]\w|\w)"
)
_CAPITALISED = re.compile(r"(?:\A|[^\w])[A-Z][a-z\u00df-\u00ff]{1,20} \Z")
_PROPER = re.compile(r"(?:\A|[^\w])(?P<word>[A-Z][A-Za-z\u00df-\u00ff]{1,20}) \Z")
_NTH = re.compile(r"\d(?:st|nd|rd|th) \Z")
_ONES_LEFT = frozenset("IXVLC")


def _title(found: re.Match[str]) -> str | None:
    title = found["title"] or found["bare"]
    if title in _NOT_IN_STREETS and _is_after_name(found):
        return None
    return f"{_TITLES[title]} "


def _is_after_name(found: re.Match[str]) -> bool:
    """Whether a name precedes it, as in ``Main St. Louis``, where it may be a street or a saint."""
    before = found.string[max(0, found.start() - 24) : found.start()]
    return _CAPITALISED.search(before) is not None and before.rstrip().rpartition(" ")[2] not in _STARTERS


_STARTERS = frozenset(
    (
        "The An Her His Its Our Their My Your This That Give Via Per In At On From To And But Dear Meet Ask See "
        "For With By As When Then So If Is Was Yes No Hello Hi"
    ).split()
)


def _after_name(found: re.Match[str]) -> str:
    return _AFTER_NAMES[found["title"]] + _kept_stop(found, found["dot"])


def _kept_stop(found: re.Match[str], dot: str) -> str:
    """The full stop of an abbreviation that also ends its sentence."""
    if not dot:
        return ""
    text, end = found.string, found.end()
    follows = end + len(text[end : end + 4]) - len(text[end : end + 4].lstrip())
    if text[end : end + 1] in {",", ";", ":", ")", "!", "?", "."}:
        return ""
    return dot if full_stop(text, end - 1, follows, 0) is Stop.CERTAIN else ""


def _street(found: re.Match[str]) -> str:
    return f"{found['number']} {found['name']}{_STREETS[found['kind']]}{_kept_stop(found, found['dot'])}"


def _sure_street(found: re.Match[str]) -> str | None:
    kind = found["kind"] or found["street"] or found["nth"]
    dot = found["dot"] or found["end"] or found["stop"] or ""
    before = found.string[max(0, found.start() - 24) : found.start()]
    if found["nth"] is None and _CAPITALISED.search(before) is None and not _NTH.search(before):
        return None
    return _STREETS[kind] + _kept_stop(found, dot)


def _numbered(found: re.Match[str]) -> str:
    return f"{_PHRASES[found['word']]} "


def _anywhere(found: re.Match[str]) -> str:
    word, comma = found["word"], found["comma"]
    apart = " " if word == "w/" and not found.string[found.end() : found.end() + 1].isspace() else ""
    return f"{_PHRASES[word]}{comma}{apart}"


def _counted(found: re.Match[str]) -> str | None:
    number = roman(found["numeral"])
    if number is None or (found["numeral"] in _ONES_LEFT and found["numeral"] != "V"):
        return None
    return f"{found['word']} {cardinal(number)}"


def _one(found: re.Match[str]) -> str:
    return f"{found.group()[:-1]}one"


def _wars(found: re.Match[str]) -> str:
    if found["between"]:
        return f"World Wars one{found['between']}two"
    return f"World War {'one' if found['which'] in {'I', '1'} else 'two'}"


def _ruler(found: re.Match[str]) -> str | None:
    number = roman(found["numeral"])
    return None if number is None else f"{found['name']} the {ordinal(number)}{found['whose'] or ''}"


def _century(found: re.Match[str]) -> str | None:
    number = roman(found["numeral"])
    return None if number is None else ordinal(number)


def _after_proper(found: re.Match[str]) -> str | None:
    number = roman(found["numeral"])
    before = found.string[max(0, found.start() - 24) : found.start()]
    proper = _PROPER.search(before)
    return None if number is None or proper is None or proper["word"] in _STARTERS else cardinal(number)


RULES = (
    Rule(DIGITS, _STREET, _street, tuple(_STREETS)),
    Rule(".", _NUMBERED, _numbered, digit=True, hint=_POINT_BEFORE_NUMBER),
    Rule(DIGITS + ".", _SURE_STREET, _sure_street, tuple(_STREETS)),
    Rule("MDPGCLSARHFJ", _TITLE, _title),
    Rule("JS", _AFTER_NAME, _after_name, tuple(_AFTER_NAMES)),
    Rule("./v'", _ANYWHERE, _anywhere, hint=_ABBREVIATION),
    Rule("WI", _WARS, _wars, ("WW", "World Wars")),
    Rule("I", _ONE, _one, ("World War I", " I")),
    Rule("IVXLC", _COUNTED_NUMERAL, _counted),
    Rule("IVXLC", _RULER, _ruler),
    Rule("IVX", _CENTURY, _century, ("entur",)),
    Rule("IVX", _AFTER_PROPER, _after_proper),
)
