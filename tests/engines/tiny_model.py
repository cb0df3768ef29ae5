"""A chat model of random weights that a real engine can load: made in a second, with nothing downloaded.

A Llama of two layers whose vocabulary is the bytes and pieces of a few hundred words.  It talks nonsense, in pieces of
words, and that is the point: the suite must judge any model.  Of random weights no token is likely; with the output layer
scaled up one nearly always is, as with a model that knows what to say.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ("<pad>", "<user>", "<model>", "<end>")
END = SPECIAL.index("<end>")

TEMPLATE = (
    "{% if tools %}<user>{{ tools | tojson }}<end>{% endif %}"
    "{% for message in messages %}{{ '<model>' if message.role == 'assistant' else '<user>' }}{{ message.content }}<end>"
    "{% endfor %}{% if add_generation_prompt %}<model>{% endif %}"
)

WORDS = [
    f"{who} {did} {what} {where}."
    for who in ("The traveller", "A gardener", "Some watchmen", "My neighbour", "Nobody")
    for did in ("counted", "described", "remembered", "was carrying", "would exchange")
    for what in (
        "seventeen letters",
        "another umbrella",
        "the quiet mountains",
        "yesterday's bread",
        "a silver whistle",
    )
    for where in ("behind the market", "during September", "without explanation", "under heavy rain", "for everyone")
]

HIDDEN, INNER, LAYERS, HEADS = 64, 128, 2, 2

FLAT, PEAKED = 1.0, 6.0
"""Factors on the output layer: the likeliest token has a probability of about 0.2, and of 0.97 (above 0.9 19 times in 20)."""


def make(folder: Path, sharpness: float = FLAT, seed: int = 7) -> Path:
    """Write the model's files; the same seed gives the same weights.  `sharpness` is a factor on the output layer."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    size = tokenizer.get_vocab_size()
    _write(folder / "config.json", _config(size))
    _write(folder / "generation_config.json", {"eos_token_id": END, "pad_token_id": 0})
    names = {"eos_token": SPECIAL[END], "pad_token": SPECIAL[0], "chat_template": TEMPLATE}
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **names})
    weights = _weights(size, seed)
    for token in range(size):
        if len(tokenizer.decode([token]).strip()) < 3:  # bytes and the end are never the likeliest
            weights["lm_head.weight"][token] = 0
    weights["lm_head.weight"] *= np.float32(sharpness)
    _save(folder / "model.safetensors", weights)
    return folder


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=[*SPECIAL], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])
    return tokenizer


def _config(size: int) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": size,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "eos_token_id": END,
        "pad_token_id": 0,
    }


def _weights(size: int, seed: int) -> dict[str, NDArray[np.float32]]:
    chance = np.random.default_rng(seed)

    def noise(*shape: int, scale: float = 0.05) -> NDArray[np.float32]:
        return (chance.standard_normal(shape) * scale).astype(np.float32)

    tensors = {
        "model.embed_tokens.weight": noise(size, HIDDEN, scale=1.0),
        "lm_head.weight": noise(size, HIDDEN, scale=0.3),
        "model.norm.weight": np.ones(HIDDEN, np.float32),
    }
    for layer in range(LAYERS):
        name = f"model.layers.{layer}."
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            tensors[f"{name}self_attn.{part}.weight"] = noise(HIDDEN, HIDDEN)
        tensors[name + "mlp.gate_proj.weight"] = noise(INNER, HIDDEN)
        tensors[name + "mlp.up_proj.weight"] = noise(INNER, HIDDEN)
        tensors[name + "mlp.down_proj.weight"] = noise(HIDDEN, INNER)
        tensors[name + "input_layernorm.weight"] = np.ones(HIDDEN, np.float32)
        tensors[name + "post_attention_layernorm.weight"] = np.ones(HIDDEN, np.float32)
    return tensors


def _save(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    """The safetensors format: a length, a JSON header, the data."""
    header: dict[str, object] = {"__metadata__": {"format": "mlx"}}
    offset = 0
    for name, tensor in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    data = b"".join(tensor.tobytes() for _, tensor in sorted(tensors.items()))
    path.write_bytes(struct.pack("<Q", len(head)) + head + data)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1))
