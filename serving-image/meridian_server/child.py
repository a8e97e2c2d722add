"""The engine process's environment: everything it may see, and nothing inherited by chance; pure."""

import sys
from collections.abc import Mapping

from meridian_server.settings import Settings, SettingsRefused

SETTINGS_VARIABLE = "MERIDIAN_SERVER_SETTINGS"

ENTRY = "meridian_server.engine"
"""vLLM's OpenAI server, after what the engine's processes need from the kernel."""

INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
MARKS = "MERIDIAN_"
"""Variables by which whoever supervises the server recognises its processes."""

DANGEROUS = {
    "VLLM_SERVER_DEV_MODE": "it opens endpoints that run arbitrary calls in the engine",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "it lets clients load weights",
    "VLLM_DEBUG_LOG_API_SERVER_RESPONSE": "it writes answers to the log",
    "PYTHONOPTIMIZE": "vLLM checks some inputs by assertions (CVE-2026-41523)",
    "LD_PRELOAD": "it runs foreign code in the engine",
}


_CPU = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # no worker process beside the engine's, 550 MB less
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "MALLOC_ARENA_MAX": "2",
}

CLOUD = (
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST"),
    *("AZURE_FEDERATED_TOKEN_FILE", "AZURE_STORAGE_ACCOUNT_NAME", "GOOGLE_CLOUD_PROJECT"),
    *("RUNAI_STREAMER_CONCURRENCY", "RUNAI_STREAMER_MEMORY_LIMIT"),
)
"""Where a pod's identity on its cloud is told: addresses and files of short-lived tokens, never a key. On GPUs alone,
where weights are streamed from a bucket."""


def command(arguments: list[str]) -> list[str]:
    """The engine's command line."""
    return [sys.executable, "-m", ENTRY, *arguments]


def environment(settings: Settings, settings_file: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """The engine's whole environment; raises `SettingsRefused` for a dangerous variable."""
    if found := sorted(name for name in DANGEROUS if inherited.get(name)):
        reasons = "; ".join(f"{name}: {DANGEROUS[name]}" for name in found)
        message = f"the environment must not set {reasons}"
        raise SettingsRefused(message)
    work = settings.work_folder
    told = (*INHERITED, *CLOUD) if settings.build == "gpu" else INHERITED
    kept = {name: value for name, value in inherited.items() if name in told or name.startswith(MARKS)}
    return kept | {
        SETTINGS_VARIABLE: settings_file,
        "HOME": str(work),
        "TMPDIR": str(work / "tmp"),
        "XDG_CACHE_HOME": str(work / "cache"),
        "XDG_CONFIG_HOME": str(work / "config"),
        "VLLM_CACHE_ROOT": str(work / "cache" / "vllm"),
        "VLLM_CONFIG_ROOT": str(work / "config" / "vllm"),
        "HF_HOME": str(work / "cache" / "huggingface"),
        "TORCHINDUCTOR_CACHE_DIR": str(work / "cache" / "inductor"),
        "VLLM_RPC_BASE_PATH": str(settings.run_folder),
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
        "VLLM_MAX_N_SEQUENCES": str(max(lane.max_choices for lane in settings.lanes.values())),
        "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "620",  # above the gateway's, or it writes into closing connections
        **(_CPU if settings.build == "cpu" else {}),
        "OMP_NUM_THREADS": str(settings.threads),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
    }
