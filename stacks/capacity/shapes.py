"""Shapes built in, by Hugging Face id, from general knowledge of each config.json (2026-11-25; not re-read)."""

from stacks.capacity.shape import ModelShape

_8B = ModelShape(32, 4096, 32, 8, 128, 14336, 128256)
_70B = ModelShape(80, 8192, 64, 8, 128, 28672, 128256)
_405B = ModelShape(126, 16384, 128, 8, 128, 53248, 128256)
_R1 = ModelShape(61, 7168, 128, 128, 128, 18432, 129280, 256, 8, 2048, 1, 3, 576, 1536)
_KIMI = ModelShape(61, 7168, 64, 64, 128, 18432, 163840, 384, 8, 2048, 1, 1, 576, 1536)
_QWEN32 = ModelShape(64, 5120, 64, 8, 128, 25600, 151936)
_QWEN235 = ModelShape(94, 4096, 64, 4, 128, 12288, 151936, 128, 8, 1536)
SHAPES: dict[str, ModelShape] = {
    "meta-llama/Llama-3.1-8B": _8B,
    "meta-llama/Llama-3.1-8B-Instruct": _8B,
    "meta-llama/Llama-3.1-70B": _70B,
    "meta-llama/Llama-3.1-70B-Instruct": _70B,
    "meta-llama/Llama-3.3-70B-Instruct": _70B,
    "meta-llama/Llama-3.1-405B": _405B,
    "meta-llama/Llama-3.1-405B-Instruct": _405B,
    "meta-llama/Llama-3.2-1B-Instruct": ModelShape(16, 2048, 32, 8, 64, 8192, 128256, tied=True),
    "meta-llama/Llama-3.2-3B-Instruct": ModelShape(28, 3072, 24, 8, 128, 8192, 128256, tied=True),
    "Qwen/Qwen3-32B": _QWEN32,
    "nvidia/Qwen3-32B-NVFP4": _QWEN32,
    "Qwen/Qwen3-235B-A22B": _QWEN235,
    "Qwen/Qwen3-235B-A22B-FP8": _QWEN235,
    "openai/gpt-oss-120b": ModelShape(36, 2880, 64, 8, 64, 2880, 201088, 128, 4, 2880),
    "MiniMaxAI/MiniMax-M2.5": ModelShape(62, 3072, 48, 8, 128, 1536, 200064, 256, 8, 1536),
    "moonshotai/Kimi-K2.5": _KIMI,
    "deepseek-ai/DeepSeek-R1": _R1,
    "deepseek-ai/DeepSeek-V3": _R1,
    "nvidia/DeepSeek-R1-NVFP4": _R1,
    "nvidia/DeepSeek-V3.1-NVFP4": _R1,
}
