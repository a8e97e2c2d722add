"""The typed settings of one replica: closed, read from a JSON file."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

LaneName = Literal["chat", "batch"]

BODY_BYTES_PER_TOKEN = 16
"""Room for one token in a request's body: about four characters, each up to `\\u0000` and with JSON around it."""
BODY_OVERHEAD_BYTES = 65536

BucketAddress = Annotated[str, Field(pattern=r"^(s3|gs|az)://.+")]
"""A folder in a bucket; kept as text, for a path would lose a slash."""

SHORTEST_SECRET = 16
REPLICA_VARIABLE = "MERIDIAN_REPLICA"
LONGEST_RUN_FOLDER = 70
"""A Unix socket's path holds 107 bytes; vLLM adds a slash and a UUID of 36."""


class Section(BaseModel):
    """A closed part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Model(Section):
    """What is served."""

    path: Annotated[BucketAddress | Path, Field(union_mode="left_to_right")]
    """A Hugging Face model folder; on GPUs the address of one in the region's bucket, e.g. `s3://weights/llama/`."""
    name: str = Field(min_length=1)
    """The name clients send."""
    manifest_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """What the manifest in a folder must have; without it a folder that has a manifest is proved by that alone."""


class Listen(Section):
    """Where the gateway connects."""

    host: str
    port: int = Field(ge=1, le=65535)
    certificate_file: Path | None = None
    """TLS certificate, PEM; without it the engine speaks plain HTTP."""
    key_file: Path | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            message = "certificate_file and key_file belong together; with one of them the port would speak plain HTTP"
            raise ValueError(message)
        return self


class Gpu(Section):
    """How one engine is spread over GPUs."""

    tensor_parallel: int = Field(ge=1)
    """GPUs of one machine."""
    nodes: int = Field(ge=1)
    """Machines, each a stage of the pipeline; which one this is tell `MERIDIAN_NODE` and `MERIDIAN_LEADER`."""
    memory_utilisation: float = Field(gt=0, lt=1)
    """Share of a GPU's memory that the engine takes; the plan's size of the KV cache counts on it."""
    quantization: str | None


class Engine(Section):
    """Size of the vLLM engine; the names are vLLM's."""

    max_model_len: int = Field(ge=1)
    max_num_seqs: int = Field(ge=1)
    max_num_batched_tokens: int = Field(ge=1)
    kv_cache_memory_bytes: int | None = Field(default=None, ge=1)
    """On CPU; on GPUs what `gpu.memory_utilisation` leaves."""
    max_num_queued_reqs: int = Field(ge=1)
    enforce_eager: bool
    gpu: Gpu | None = None
    extra_args: dict[str, str | bool] = Field(default_factory=dict)
    """Further vLLM flags; `flags` says which are refused."""


class Lane(Section):
    """Caps of one lane."""

    max_output_tokens: int = Field(ge=1)
    priority: int
    """vLLM's priority: lower is sooner."""
    max_choices: int = Field(ge=1)
    max_in_flight: int | None = Field(default=None, ge=1)
    """Requests of this lane inside the engine at once, a share of max_num_queued_reqs; None is no cap."""


class Drain(Section):
    """How the server stops."""

    delay_seconds: float = Field(ge=0)
    """Not ready, but still taking requests, so that the gateway notices first."""
    timeout_seconds: float = Field(ge=0)
    """How long running requests may take after that."""


class Readiness(Section):
    """When the server is ready."""

    stall_seconds: float = Field(gt=0)
    """Running requests without a token for so long: not ready."""
    probe_interval_seconds: float = Field(gt=0)
    """An idle server proves itself by one token this often."""


class Secrets(Section):
    """Files with secrets; their content is never in settings, arguments or environment."""

    engine_key_file: Path
    """What the gateway proves itself with."""
    salt_key_file: Path
    """Key of the tenants' cache salts and of hashes in the audit trail."""


class Settings(Section):
    """One replica."""

    territory: str
    region: str
    replica: str
    model: Model
    listen: Listen
    engine: Engine
    lanes: dict[LaneName, Lane] = Field(min_length=1)
    drain: Drain
    readiness: Readiness
    secrets: Secrets
    audit_file: Path
    run_folder: Path
    """Unix sockets; a short path."""
    work_folder: Path
    """Caches and temporary files of the engine."""
    threads: int = Field(ge=1)
    """CPU threads of the engine's arithmetic."""
    build: Literal["cpu", "gpu"] = "cpu"
    """The section of image.json that this server runs under."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        longest = max(lane.max_output_tokens for lane in self.lanes.values())
        if longest > self.engine.max_model_len:
            message = f"a lane has max_output_tokens {longest}, max_model_len is {self.engine.max_model_len}"
            raise ValueError(message)
        if len(bytes(self.run_folder)) > LONGEST_RUN_FOLDER:
            message = (
                f"run_folder is longer than {LONGEST_RUN_FOLDER} bytes; the engine's sockets would not fit into it"
            )
            raise ValueError(message)
        if (self.build == "gpu") != (self.engine.gpu is not None and self.engine.kv_cache_memory_bytes is None):
            message = f"build {self.build}: gpu needs engine.gpu, cpu needs engine.kv_cache_memory_bytes, each alone"
            raise ValueError(message)
        if self.build == "cpu" and (self.engine.kv_cache_memory_bytes is None or "://" in str(self.model.path)):
            message = "build cpu needs engine.kv_cache_memory_bytes and a folder as model.path"
            raise ValueError(message)
        if self.model.manifest_sha256 and "://" in str(self.model.path):
            message = (
                "model.manifest_sha256 is for a folder: the engine streams from a bucket without a check; "
                "run `python -m meridian_server.weights verify --manifest` before it"
            )
            raise ValueError(message)
        return self

    @property
    def control_socket(self) -> Path:
        """Where parent and middleware talk."""
        return self.run_folder / "control"

    @property
    def max_body_bytes(self) -> int:
        """Size above which a body cannot be a legal request; the gateway's limit is the tighter one."""
        return self.engine.max_model_len * BODY_BYTES_PER_TOKEN + BODY_OVERHEAD_BYTES


class SettingsRefused(Exception):
    """The settings cannot be used; the text names every problem."""


def read_secret(file: Path) -> bytes:
    """A secret's bytes; raises `SettingsRefused` for one that is missing or too short to be one."""
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        message = f"the secret {file.name} cannot be read: {error.strerror}"
        raise SettingsRefused(message) from None
    if len(secret) < SHORTEST_SECRET:
        message = f"the secret {file.name} is shorter than {SHORTEST_SECRET} bytes and could be guessed"
        raise SettingsRefused(message)
    return secret


def load(file: Path) -> Settings:
    """Read settings; raises `SettingsRefused`.

    `MERIDIAN_REPLICA` names the replica where several share one file, as pods of a Deployment do.
    """
    try:
        found = Settings.model_validate_json(file.read_text())
        return found.model_copy(update={"replica": os.environ.get(REPLICA_VARIABLE) or found.replica})
    except OSError as error:
        message = f"the settings file cannot be read: {error}"
        raise SettingsRefused(message) from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        message = f"{file} is not a settings file of this version:\n" + "\n".join(lines)
        raise SettingsRefused(message) from None
