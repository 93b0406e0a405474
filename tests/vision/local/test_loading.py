"""Getting a local model by its name: hubs on loopback, folders, and why it can't be had."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from deixis.testing._conformance import inline, picture
from deixis.vision import ModelError
from deixis.vision.local import load_local
from deixis.vision.local._checkpoint import Checkpoint
from deixis.vision.local._hardware import Weights, check_memory, choose_device, choose_dtype
from deixis.vision.local._loading import LoadOptions, load_weights
from deixis.vision.local._processing import load_processor
from tests.checkpoints import FAMILIES
from tests.checkpoints.fixtures import checkpoint as checkpoint
from tests.vision.local.hubs import REPOSITORY, Hub, hugging_face, modelscope

Folder = Callable[[str], Path]
SMALL = Weights(bytes=1_000, dtype="bfloat16", quantised=False)
QUESTION = [HumanMessage([inline(picture()), {"type": "text", "text": "Where is ENT?"}])]


@pytest.fixture
def copy(checkpoint: Folder, tmp_path: Path) -> Path:
    """A checkpoint of one's own, to damage."""
    return Path(shutil.copytree(checkpoint("qwen3-vl"), tmp_path / "model"))


def config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def why(name: str | Path, **options: Any) -> str:
    """What a user is told of a model that can't be had: one line."""
    with pytest.raises(ModelError) as caught:
        load_local(str(name), bars=False, **options)
    told = str(caught.value)
    assert "\n" not in told
    return told


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_gives_a_model_of_its_family(checkpoint: Folder, family: str) -> None:
    folder = checkpoint(family)
    model = load_local(str(folder), max_new_tokens=4)
    assert model.dialect.family == family
    assert model.name_for_users == str(folder)
    assert model.invoke(QUESTION).usage_metadata


def test_hugging_face_is_asked_for_a_model_once(
    checkpoint: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    with hugging_face(Hub(folder=checkpoint("qwen3-vl"))) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        model = load_local(
            f"hf:{REPOSITORY}", cache_dir=tmp_path, progress=steps.append, max_new_tokens=2
        )
        assert model.invoke(QUESTION).usage_metadata
    # The hub is gone, and the files are here.
    assert load_local(f"hf:{REPOSITORY}", cache_dir=tmp_path).dialect.family == "qwen3-vl"
    assert steps == [f"getting hf:{REPOSITORY}", f"loading hf:{REPOSITORY}"]
    assert not [h for h in hub.headers if "torch" in str(h) or "session_id" in str(h)]


def test_what_a_model_is_is_known_before_its_weights_are_fetched(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(copy, model_type="llama")
    with hugging_face(Hub(folder=copy)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        told = why(f"hf:{REPOSITORY}", cache_dir=tmp_path / "cache")
    assert "a model of type 'llama', not one of the Qwen-VL line" in told
    assert not hub.fetched("model.safetensors")


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (401, "RepoNotFound", "has no model Org/Tiny-VL that you may see"),
        (403, "GatedRepo", "is gated: accept its terms at 127.0.0.1/Org/Tiny-VL"),
        (403, "", "refuses Org/Tiny-VL (403): log in"),
        (404, "", "has no model Org/Tiny-VL"),
        (503, "", "failed to give Org/Tiny-VL (HTTP 503)"),
    ],
)
def test_a_hub_that_refuses_is_told_of(
    status: int,
    code: str,
    told: str,
    checkpoint: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretsecretsecret")
    with hugging_face(Hub(folder=checkpoint("qwen3-vl"), refuse=(status, code))) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        line = why(f"hf:{REPOSITORY}", cache_dir=tmp_path)
    assert told in line
    shown = capfd.readouterr()
    assert "hf_secret" not in line + shown.out + shown.err


def test_without_a_network_it_is_said_so_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", _nobody())
    told = why(f"hf:{REPOSITORY}", cache_dir=tmp_path)
    assert told.startswith(f"can't get {REPOSITORY} from 127.0.0.1 (ConnectError)")
    assert "check the network" in told


def test_offline_means_offline(checkpoint: Folder, tmp_path: Path) -> None:
    code = (
        "from deixis.vision.local._sources import Source, settings_folder\n"
        "from deixis.vision import ModelError\n"
        "from pathlib import Path\n"
        f"source = Source.of('hf:{REPOSITORY}', cache_dir=Path({str(tmp_path)!r}))\n"
        "try: settings_folder(source)\n"
        "except ModelError as error: print(error)"
    )
    with hugging_face(Hub(folder=checkpoint("qwen3-vl"))) as hub:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_ENDPOINT": hub.address},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert done.stdout.startswith(f"HF_HUB_OFFLINE is set and {REPOSITORY} isn't complete in")
    assert not hub.asked


def test_a_download_that_was_cut_short_is_found_out(
    checkpoint: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hugging_face(Hub(folder=checkpoint("qwen3-vl"), cut="model.safetensors")) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        told = why(f"hf:{REPOSITORY}", cache_dir=tmp_path)
    assert f"model.safetensors of hf:{REPOSITORY} is cut short" in told


@pytest.mark.parametrize("bars", [True, False])
def test_progress_is_shown_on_stderr_or_not_at_all(
    bars: bool,
    checkpoint: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = checkpoint("qwen3-vl")
    capfd.readouterr()
    with hugging_face(Hub(folder=folder)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        load_local(f"hf:{REPOSITORY}", cache_dir=tmp_path, bars=bars)
    shown = capfd.readouterr()
    assert not shown.out
    assert ("Fetching" in shown.err and "100%" in shown.err) == bars


def test_modelscope_gives_a_model_too(
    checkpoint: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("modelscope")
    folder = checkpoint("qwen2.5-vl")
    capfd.readouterr()
    with modelscope(Hub(folder=folder)) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.address)
        model = load_local(f"modelscope:{REPOSITORY}", cache_dir=tmp_path, bars=False)
    assert model.dialect.family == "qwen2.5-vl"
    assert model.name_for_users == f"modelscope:{REPOSITORY}"
    shown = capfd.readouterr()
    assert not shown.out
    assert "100%" not in shown.err


@pytest.mark.parametrize(
    ("status", "told"),
    [(404, f"ModelScope has no model {REPOSITORY}"), (403, f"ModelScope refuses {REPOSITORY}")],
)
def test_modelscope_refusing_is_told_of(
    status: int, told: str, checkpoint: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("modelscope")
    with modelscope(Hub(folder=checkpoint("qwen2.5-vl"), refuse=(status, ""))) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.address)
        assert told in why(f"modelscope:{REPOSITORY}", cache_dir=tmp_path)


@pytest.mark.slow
def test_modelscope_out_of_reach_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("modelscope")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", _nobody())
    told = why(f"modelscope:{REPOSITORY}", cache_dir=tmp_path)
    assert told.startswith(f"can't get {REPOSITORY} from ModelScope")


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("torch", "hf:Org/M", "needs torch: pip install 'deixis[local]' (without a GPU, first:"),
        ("transformers", "hf:Org/M", "needs transformers: pip install 'deixis[local]'"),
        ("modelscope", "modelscope:Org/M", "needs modelscope: pip install modelscope"),
    ],
)
def test_what_is_not_installed_is_named(
    module: str, name: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert told in why(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hf:Qwen", "write it as hf:ORG/MODEL"),
        ("modelscope:a/b/c", "write it as modelscope:ORG/MODEL"),
        ("/no/such/folder", "there is no folder '/no/such/folder'"),
        ("Qwen/Qwen3-VL-4B-Instruct", "or hf:Qwen/Qwen3-VL-4B-Instruct for the hub's"),
        (__file__, "is a file: name the folder"),
    ],
)
def test_a_name_that_means_nothing_is_told_of(name: str, told: str) -> None:
    assert told in why(name)


def test_a_folder_without_a_checkpoint_is_told_of(tmp_path: Path) -> None:
    assert f"{tmp_path} has no config.json" in why(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_a_damaged_config_is_told_of(copy: Path, text: str) -> None:
    (copy / "config.json").write_text(text, "utf-8", errors="surrogatepass")
    assert "config.json of" in why(copy)


@pytest.mark.parametrize("changes", [{"model_type": "qwen3"}, {"model_type": None}])
def test_another_kind_of_model_is_told_of(copy: Path, changes: dict[str, object]) -> None:
    config(copy, **changes)
    assert "not one of the Qwen-VL line" in why(copy)


def test_the_first_qwen_without_eyes_is_not_taken_for_qwen_vl(copy: Path) -> None:
    config(copy, model_type="qwen")
    assert "a model of type 'qwen', not one of the Qwen-VL line" in why(copy)


def test_the_original_qwen_vl_is_said_to_need_a_server(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(copy, model_type="qwen", visual={"width": 1664})
    with hugging_face(Hub(folder=copy)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        told = why(f"hf:{REPOSITORY}", cache_dir=tmp_path / "cache", trust_remote_code=True)
    assert f"`vllm serve {REPOSITORY} --trust-remote-code`" in told
    assert f"openai:http://127.0.0.1:8000/v1#{REPOSITORY}" in told
    assert not hub.fetched("model.safetensors")


def test_missing_shards_are_named(copy: Path) -> None:
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (copy / "model.safetensors").rename(copy / shards["a"])
    index = {"weight_map": shards}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    assert f"lacks 1 of 2 files of weights ({shards['b']})" in why(copy)


def test_no_weights_at_all_are_told_of(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    assert "has no weights in safetensors format" in why(copy)


@pytest.mark.parametrize("left", [0, 5, 100, 20_000, -1])
def test_weights_that_end_too_soon_are_told_of(copy: Path, left: int) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:left])
    assert "download it again" in why(copy)


def test_weights_that_are_something_else_are_told_of(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"<!DOCTYPE html><p>Please log in.</p>")
    assert "model.safetensors of" in why(copy)


def test_a_missing_weight_is_not_made_up(copy: Path) -> None:
    safetensors: Any = import_module("safetensors.torch")
    file = copy / "model.safetensors"
    weights: dict[str, Any] = safetensors.load_file(file)
    del weights[next(name for name in weights if "layers.1." in name)]
    safetensors.save_file(weights, file, metadata={"format": "pt"})
    assert "lacks 1 of its weights" in why(copy)


def test_a_checkpoint_that_cannot_converse_is_told_of(copy: Path) -> None:
    (copy / "chat_template.json").unlink()
    path = copy / "tokenizer_config.json"
    told = json.loads(path.read_text("utf-8"))
    del told["chat_template"]
    path.write_text(json.dumps(told), "utf-8")
    assert "has no chat template" in why(copy)


def test_code_in_a_checkpoint_is_not_run(copy: Path, tmp_path: Path) -> None:
    proof = tmp_path / "was_run"
    (copy / "modeling_own.py").write_text(f"open({str(proof)!r}, 'w')\nclass Own: pass\n", "utf-8")
    names = ("AutoConfig", "AutoModelForImageTextToText", "AutoProcessor", "AutoTokenizer")
    config(copy, auto_map=dict.fromkeys(names, "modeling_own.Own"))
    load_local(str(copy))
    assert not proof.exists()


def test_options_reach_transformers(checkpoint: Folder) -> None:
    import torch

    options = LoadOptions(dtype="bfloat16", attention="eager", device="cpu")
    model = load_weights(Checkpoint.of(checkpoint("qwen3-vl"), "m"), options, SMALL)
    assert model.dtype == torch.bfloat16
    assert model.config._attn_implementation == "eager"
    assert not model.training


def test_quantisation_that_is_not_installed_is_told_of(checkpoint: Folder) -> None:
    told = why(
        checkpoint("qwen3-vl"), quantization={"quant_method": "gptq", "bits": 4, "dataset": "c4"}
    )
    assert "can't be loaded" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dtype": "float12"}, "there is no dtype 'float12'"),
        ({"dtype": "int8"}, "there is no dtype 'int8'"),
        ({"device": "gpu"}, "there is no device 'gpu'"),
        ({"min_pixels": 100, "max_pixels": 50}, "can't be shown"),
        ({"max_pixels": 500}, "give min_pixels <= max_pixels, and at least 1,024"),
    ],
)
def test_an_option_that_makes_no_sense_is_told_of(
    checkpoint: Folder, options: dict[str, Any], told: str
) -> None:
    assert told in why(checkpoint("qwen3-vl"), **options)


def test_a_device_that_is_not_there_is_told_of() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ModelError, match="sees no CUDA device"):
        choose_device("cuda:1")


def test_float32_stays_and_quantised_weights_are_left_to_themselves() -> None:
    import torch

    stored = Weights(bytes=1_000, dtype="float32", quantised=False)
    assert choose_dtype(None, "cpu", stored) == torch.float32
    assert choose_dtype(None, "mps", SMALL) == torch.float16
    assert choose_dtype("float16", "cpu", SMALL) == torch.float16
    assert choose_dtype(None, "cpu", Weights(bytes=1, dtype="", quantised=True)) is None


def test_weights_that_take_too_much_for_float32_stay_as_they_are() -> None:
    import torch

    huge = Weights(bytes=10**15, dtype="bfloat16", quantised=False)
    if not Path("/proc/meminfo").exists():
        pytest.skip("free memory can't be told here")
    assert choose_dtype(None, "cpu", huge) == torch.bfloat16
    with pytest.raises(ModelError, match=r"takes 1000000\.0 GB in bfloat16 and cpu has"):
        check_memory("m", huge, "bfloat16", "cpu")


@pytest.mark.parametrize("family", FAMILIES)
def test_limits_are_the_checkpoints_own(checkpoint: Folder, family: str) -> None:
    limits = Checkpoint.of(checkpoint(family), "m").limits()
    newer = family in ("qwen3-vl", "qwen3.5-vl")
    assert limits == ((65_536, 16_777_216) if newer else (3_136, 12_845_056))


def test_limits_are_found_where_newer_transformers_saves_them(copy: Path) -> None:
    (copy / "preprocessor_config.json").unlink()
    settings = {"image_processor": {"size": {"shortest_edge": 4_096, "longest_edge": 99_999}}}
    (copy / "processor_config.json").write_text(json.dumps(settings), "utf-8")
    assert Checkpoint.of(copy, "m").limits() == (4_096, 99_999)


def test_limits_can_be_set(checkpoint: Folder) -> None:
    model = load_local(str(checkpoint("qwen3-vl")), max_pixels=100_000)
    width, height = model.dialect.input_size((4_000, 3_000))
    assert 80_000 < width * height <= 100_000


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [(640, 360), (97, 803), (64, 64), (31, 1000), (2000, 1500)])
def test_the_processor_cuts_an_image_as_the_dialect_says(
    checkpoint: Folder, family: str, size: tuple[int, int]
) -> None:
    folder = checkpoint(family)
    processor = load_processor(folder)
    model = load_local(str(folder))
    width, height = model.dialect.input_size(size)
    own = processor.image_processor(images=[picture(size=size)], return_tensors="pt")
    ours = processor.image_processor(
        images=[picture(size=size).resize((width, height))], do_resize=False, return_tensors="pt"
    )
    patch = processor.image_processor.patch_size
    assert own["image_grid_thw"].tolist() == [[1, height // patch, width // patch]]
    assert ours["image_grid_thw"].tolist() == own["image_grid_thw"].tolist()


def _nobody() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
