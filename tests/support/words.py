"""A word of each language that is not written in Latin letters, as its speakers write it."""

from __future__ import annotations

from segue.speech.core.catalogue import primary_language

_WORDS = {
    "am": "ሰላም",
    "ar": "مرحبا",
    "as": "নমস্কাৰ",
    "ba": "һаумыһығыҙ",
    "be": "прывітанне",
    "bg": "здравей",
    "bn": "নমস্কার",
    "bpy": "নমস্কার",
    "chr": "ᎣᏏᏲ",
    "cmn": "你好",
    "cv": "сывлӑх",
    "el": "γεια",
    "fa": "سلام",
    "grc": "χαῖρε",
    "gu": "નમસ્તે",
    "hak": "你好",
    "he": "שלום",
    "hi": "नमस्ते",
    "hy": "բարեւ",
    "hyw": "բարեւ",
    "ja": "こんにちは",
    "ka": "გამარჯობა",
    "kk": "Сәлем",
    "kn": "ನಮಸ್ಕಾರ",
    "ko": "안녕하세요",
    "kok": "नमस्कार",
    "ky": "салам",
    "mk": "здраво",
    "ml": "നമസ്കാരം",
    "mr": "नमस्कार",
    "my": "မင်္ဂလာပါ",
    "ne": "नमस्ते",
    "nog": "салам",
    "or": "ନମସ୍କାର",
    "pa": "ਸਤਿ",
    "ru": "привет",
    "sd": "سلام",
    "shn": "မႂ်ႇသုင်",
    "si": "ආයුබෝවන්",
    "sr": "здраво",
    "ta": "வணக்கம்",
    "te": "నమస్కారం",
    "th": "สวัสดี",
    "ti": "ሰላም",
    "tt": "сәлам",
    "ug": "سالام",
    "uk": "привіт",
    "ur": "سلام",
    "yue": "你好",
}
_OF_TAGS = {"en-shaw": "𐑣𐑩𐑤𐑴", "fa-latn": "salam", "cmn-latn-pinyin": "ni3 hao3", "pa-pk": "سلام"}
_LATIN = "mama"

OTHER_GOOGLE_LOCALES = frozenset(
    (
        "af-ZA am-ET ar-XA bg-BG bn-BD bn-IN ca-ES cmn-CN cmn-TW cs-CZ da-DK de-DE el-GR en-AU en-GB en-IN en-US "
        "es-ES es-US et-EE eu-ES fi-FI fil-PH fr-CA fr-FR gl-ES gu-IN he-IL hi-IN hr-HR hu-HU id-ID is-IS it-IT "
        "ja-JP kn-IN ko-KR lt-LT lv-LV ml-IN mr-IN ms-MY nb-NO nl-BE nl-NL pa-IN pl-PL pt-BR pt-PT ro-RO ru-RU "
        "sk-SK sl-SI sr-RS sv-SE sw-KE ta-IN te-IN th-TH tr-TR uk-UA ur-IN vi-VN yue-HK"
    ).split()
)
"""Locales of Google's voices that are not Chirp 3: HD (its page of supported voices, 2026-11)."""


def word_of(locale: str) -> str:
    """A greeting in the language of a voice (BCP 47)."""
    lowered = locale.lower()
    return _OF_TAGS.get(lowered) or _WORDS.get(primary_language(lowered), _LATIN)
