"""Writes ``src/segue/speech/core/text/script_data.py`` from the data of Unicode and CLDR in these packages.

    uv run --with fonttools --with babel --with confusable-homoglyphs --with anyascii docs/tools/script_tables.py

fontTools contains Unicode's Scripts.txt, Babel CLDR's likelySubtags.xml, confusable-homoglyphs Unicode's
confusables.txt, and anyascii romanisations after BGN/PCGN, Hepburn and similar. Run it when one of them supports a
newer version of Unicode.
"""

from __future__ import annotations

import importlib
import json
import unicodedata
from itertools import groupby
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "src/segue/speech/core/text/script_data.py"
WIDTH = 110

_COMMON = frozenset({"Zyyy", "Zinh", "Zzzz"})
_MATHEMATICAL = range(0x1D400, 0x1D800)
_ARABIC_DIGITS = range(0x660, 0x66A)
_ROMANISED = ("Cyrl", "Grek", "Armn", "Geor", "Hira", "Kana", "Ethi", "Cher")
_LOOKALIKES = ("Cyrl", "Grek", "Armn")
_NAMES = {"Hani": "Chinese characters"}
_HEAD = '''"""Tables of scripts, written by ``docs/tools/script_tables.py``: do not edit.

Sources: Unicode {unicode}, Scripts.txt and confusables.txt (https://www.unicode.org/license.txt); CLDR's
likelySubtags.xml, as of Babel {babel}; romanisations of anyascii {anyascii} (ISC licence).
"""
'''


def letters_of_scripts() -> dict[str, list[tuple[int, int]]]:
    """Ranges of letters and digits by script. A styled letter belongs to the script of the plain one."""
    data: Any = importlib.import_module("fontTools.unicodedata")
    found: dict[str, list[tuple[int, int]]] = {}
    scripts = ((code, _script(code, data.script(chr(code)))) for code in range(0x80, 0x40000))
    for script, run in groupby(scripts, key=lambda pair: pair[1]):
        if script:
            codes = [code for code, _ in run]
            found.setdefault(script, []).append((codes[0], codes[-1]))
    found["Latn"] = [(0x41, 0x5A), (0x61, 0x7A), *found["Latn"]]
    return found


def _script(code: int, script: str) -> str:
    category = unicodedata.category(chr(code))
    if code in _MATHEMATICAL:
        return _script(ord(plain), "Latn") if (plain := _plain(code)) and plain.isascii() else ""
    if code in _ARABIC_DIGITS:
        return "Arab"
    if script in _COMMON:
        return ""
    is_letter = category[0] == "L" or category in ("Nd", "Cn") or (category, script) == ("Nl", "Hani")
    return script if is_letter else ""


def _plain(code: int) -> str:
    plain = unicodedata.normalize("NFKC", chr(code))
    return plain if plain.isalpha() else ""


def languages_of_scripts() -> dict[str, str]:
    """Languages, with a region if necessary, that are not written in Latin, by script."""
    core: Any = importlib.import_module("babel.core")
    likely: dict[str, str] = core.get_global("likely_subtags")
    usual = {tag: full.split("_")[1] for tag, full in likely.items() if not tag.startswith("und")}
    found: dict[str, list[str]] = {}
    for tag, script in sorted(usual.items()):
        language, _, rest = tag.partition("_")
        has_script = len(rest.split("_")[0]) == len("Latn")
        if not has_script and script != (usual.get(language, "Latn") if rest else "Latn"):
            found.setdefault(script, []).append(tag.lower())
    return {script: " ".join(tags) for script, tags in sorted(found.items())}


def romanisations(ranges: dict[str, list[tuple[int, int]]]) -> dict[str, str]:
    romanise: Any = importlib.import_module("anyascii").anyascii
    found = {}
    for letter in _letters(ranges, _ROMANISED):
        plain = unicodedata.normalize("NFD", letter)[0] if letter in _accented(ranges) else letter
        said = "".join(sign for sign in romanise(plain) if sign.isalpha())
        found[letter] = said if letter == letter.lower() or not letter.isupper() else said.title()
    return found


def _accented(ranges: dict[str, list[tuple[int, int]]]) -> frozenset[str]:
    """Greek letters whose accents have no equivalent in Latin."""
    return frozenset(_letters(ranges, ("Grek",)))


def lookalikes(ranges: dict[str, list[tuple[int, int]]]) -> dict[str, str]:
    """Letters that look like an ASCII letter of the same case."""
    package = Path(str(importlib.import_module("confusable_homoglyphs").__file__)).parent
    known = json.loads((package / "confusables.json").read_text(encoding="utf-8"))
    found = {}
    for letter in _letters(ranges, _LOOKALIKES):
        alike = [other["c"] for other in known.get(letter, ()) if len(other["c"]) == 1 and other["c"].isascii()]
        same = [other for other in alike if other.isalpha() and other.isupper() == letter.isupper()]
        if same:
            found[letter] = same[0]
    return found


def _letters(ranges: dict[str, list[tuple[int, int]]], scripts: tuple[str, ...]) -> list[str]:
    codes = [code for script in scripts for first, last in ranges[script] for code in range(first, last + 1)]
    return [chr(code) for code in codes if chr(code).isalpha()]


def _as_hex(ranges: list[tuple[int, int]]) -> str:
    return " ".join(f"{first:x}" if first == last else f"{first:x}-{last:x}" for first, last in ranges)


def _written(name: str, meaning: str, table: dict[str, str]) -> str:
    lines = [f"{name}: dict[str, str] = {{"]
    for key, value in table.items():
        if len(value) + len(key) + 12 <= WIDTH:
            lines.append(f'    "{key}": "{value}",')
            continue
        lines.append(f'    "{key}": (')
        lines += [f'        "{line}"' for line in _folded(value)]
        lines.append("    ),")
    return "\n".join([*lines, "}", f'"""{meaning}"""', ""])


def _folded(value: str) -> list[str]:
    lines = [""]
    for word in value.split(" "):
        if len(lines[-1]) + len(word) > WIDTH - 12:
            lines.append("")
        lines[-1] += f"{word} "
    return [*lines[:-1], lines[-1].rstrip()]


def _pairs(table: dict[str, str]) -> dict[str, str]:
    """Letters grouped by what they become, which takes far fewer lines."""
    found: dict[str, str] = {}
    for letter, said in table.items():
        if said:
            found[said] = found.get(said, "") + letter
    return dict(sorted(found.items()))


def main() -> None:
    """Writes the module."""
    version = importlib.import_module("importlib.metadata").version
    scripts: Any = importlib.import_module("fontTools.unicodedata.Scripts")
    ranges = letters_of_scripts()
    names = {script: _NAMES.get(script, scripts.NAMES[script].replace("_", " ")) for script in sorted(ranges)}
    unicode = (Path(str(scripts.__file__)).read_text(encoding="utf-8").split("# Scripts-")[1]).split(".txt")[0]
    head = _HEAD.format(unicode=unicode, babel=version("babel"), anyascii=version("anyascii"))
    parts = [
        head,
        _written("NAMES", "English names, by ISO 15924.", names),
        _written(
            "LETTERS",
            "Letters and digits of each script: code points in hexadecimal.",
            {script: _as_hex(found) for script, found in sorted(ranges.items())},
        ),
        _written(
            "LANGUAGES",
            "What is usually written in each script: languages (BCP 47), with regions where those differ.",
            languages_of_scripts(),
        ),
        _written("ROMANISED", "Latin for letters of alphabets and syllabaries.", _pairs(romanisations(ranges))),
        _written("LOOKALIKES", "Letters that look like one of ASCII.", _pairs(lookalikes(ranges))),
    ]
    TARGET.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
