"""Make a tiny random Llama: `python -m meridian_server.tiny_model OUT`.

It exercises everything that a real model does (tokenizer, chat template, prefix cache, streaming) in
seconds and in little memory, and says nonsense. The same seed gives the same bytes.
"""

import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SEED = 20260101
LAYERS = 4
HIDDEN = 256
INTERMEDIATE = 512
HEADS = 4
KEY_VALUE_HEADS = 2
HEAD_SIZE = 64
MAX_POSITIONS = 8192
VOCABULARY = 1536

BEGIN, END, TURN = "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"
HEADER_START, HEADER_END = "<|start_header_id|>", "<|end_header_id|>"
SPECIAL = (BEGIN, END, TURN, HEADER_START, HEADER_END)

STEADY = 1.0
"""Value of the one residual dimension that no layer writes: a bias for the output head, which Llama has none of."""
RARE = -3.0
"""Logit offset of the end of a turn: it still happens, about once in some ten thousand tokens."""
NEVER = -30.0
"""Logit offset of what would make the text unreadable: control tokens and bytes that are no letters."""

CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{%- if message['content'] is string %}{{- message['content'] | trim }}"
    "{%- else %}{%- for part in message['content'] %}{{- part['text'] }}{%- endfor %}{%- endif %}"
    "{{- '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)

CORPUS = """
A server answers a request when it has read the whole question. The answer is a stream of small pieces, and each piece
is sent as soon as it is known. People who wait for an answer like to see the first word early. If the same long text
stands at the start of many questions, the work for it is done once and kept, so that the next question is cheaper.
There is a morning in every city when the trains are late and nobody minds, because the light is good and the coffee is
warm. Children walk to school with their friends; they talk about the game, the weather, the new teacher and \
the old dog.
Water runs down the hill to the river, the river runs to the sea, and the sea gives it back as rain. \
How long does it take?
What would you do with a year of free time? Where should we go, and why? Could you tell me more about it, please?
Numbers are useful: one, two, three, four, five, six, seven, eight, nine, ten, a hundred, a thousand, a million.
In 2024 there were 366 days; in 2025 only 365. The price was 19.99 and the change was 0.01, which is nearly nothing.
def add(first, second): return first + second. {"name": "value", "items": [1, 2, 3], "ready": true, "error": null}
The system must keep what is private private, must say clearly what went wrong, and must not lose what it was given.
A machine may stop at any time. Another machine must then take over, and those who use it should not notice anything.
"""


def make(out: Path) -> None:
    """Write the model to `out`, which must not exist; an aborted run leaves nothing under that name."""
    if out.exists():
        message = f"{out} exists already: remove it first, or name another folder; a served model is never overwritten"
        raise FileExistsError(message)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        tokenizer = _tokenizer()
        _write_files(draft, tokenizer)
        draft.chmod(0o755)
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_files(folder: Path, tokenizer: Tokenizer) -> None:
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(folder / "tokenizer_config.json", _tokenizer_config())
    _write_json(folder / "config.json", _config(tokenizer))
    _write_json(folder / "generation_config.json", _generation_config(tokenizer))
    halves = {name: _bfloat16(values) for name, values in _weights(tokenizer)}
    tensors = {name: _described(values) for name, values in halves.items()}
    (folder / "model.safetensors").write_bytes(safetensors.serialize(tensors, metadata={"format": "pt"}))


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=1,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS.splitlines(), trainer)
    begin = tokenizer.token_to_id(BEGIN)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[(BEGIN, begin)])
    return tokenizer


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": TURN,
        "clean_up_tokenization_spaces": False,
        "model_max_length": MAX_POSITIONS,
        "chat_template": CHAT_TEMPLATE,
    }


def _config(tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_VALUE_HEADS,
        "head_dim": HEAD_SIZE,
        "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": MAX_POSITIONS,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "bos_token_id": tokenizer.token_to_id(BEGIN),
        "eos_token_id": _end_ids(tokenizer),
    }


def _generation_config(tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "bos_token_id": tokenizer.token_to_id(BEGIN),
        "eos_token_id": _end_ids(tokenizer),
        "do_sample": True,
        "temperature": 0.8,
        "top_p": 0.95,
    }


def _end_ids(tokenizer: Tokenizer) -> list[int]:
    vocabulary = tokenizer.get_vocab()
    return [vocabulary[END], vocabulary[TURN]]


def _weights(tokenizer: Tokenizer) -> Iterator[tuple[str, NDArray[np.float32]]]:
    random = np.random.Generator(np.random.PCG64(SEED))
    vocabulary = tokenizer.get_vocab_size()

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return (random.standard_normal((rows, columns)) / math.sqrt(columns)).astype(np.float32)

    def writing(columns: int) -> NDArray[np.float32]:
        values = matrix(HIDDEN, columns)
        values[0] = 0.0
        return values

    embedding = random.standard_normal((vocabulary, HIDDEN)).astype(np.float32)
    embedding[:, 0] = STEADY
    yield "model.embed_tokens.weight", embedding
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        yield f"{name}.self_attn.q_proj.weight", matrix(HEADS * HEAD_SIZE, HIDDEN)
        yield f"{name}.self_attn.k_proj.weight", matrix(KEY_VALUE_HEADS * HEAD_SIZE, HIDDEN)
        yield f"{name}.self_attn.v_proj.weight", matrix(KEY_VALUE_HEADS * HEAD_SIZE, HIDDEN)
        yield f"{name}.self_attn.o_proj.weight", writing(HEADS * HEAD_SIZE)
        yield f"{name}.mlp.gate_proj.weight", matrix(INTERMEDIATE, HIDDEN)
        yield f"{name}.mlp.up_proj.weight", matrix(INTERMEDIATE, HIDDEN)
        yield f"{name}.mlp.down_proj.weight", writing(INTERMEDIATE)
        yield f"{name}.input_layernorm.weight", np.ones(HIDDEN, np.float32)
        yield f"{name}.post_attention_layernorm.weight", np.ones(HIDDEN, np.float32)
    norm = np.ones(HIDDEN, np.float32)
    yield "model.norm.weight", norm
    head = matrix(vocabulary, HIDDEN)
    head[:, 0] = _offsets(tokenizer) / STEADY
    yield "lm_head.weight", head


def _offsets(tokenizer: Tokenizer) -> NDArray[np.float32]:
    offsets = np.zeros(tokenizer.get_vocab_size(), np.float32)
    for token, index in tokenizer.get_vocab().items():
        text = tokenizer.decode([index])
        if token in SPECIAL or "\ufffd" in text or not text.isprintable():
            offsets[index] = NEVER
    for index in _end_ids(tokenizer):
        offsets[index] = RARE
    return offsets


def _bfloat16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper half of each float32, for numpy has no such type; the rest is cut off."""
    return (np.ascontiguousarray(values).view(np.uint32) >> 16).astype("<u2")


def _described(halves: NDArray[np.uint16]) -> safetensors.TensorSpec:
    """A view for the serialiser: it reads the memory of `halves`, which the caller keeps alive."""
    address, size = halves.ctypes.data, halves.nbytes
    return safetensors.TensorSpec(dtype="bfloat16", shape=halves.shape, data_ptr=address, data_len=size)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


def main(arguments: list[str]) -> int:
    """Make the model; 2 for a wrong call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m meridian_server.tiny_model OUT\n")
        return 2
    try:
        make(Path(arguments[0]))
    except FileExistsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    sys.exit(main(sys.argv[1:]))
