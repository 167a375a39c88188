"""Tiny HuBERT encoders, sounds and their expected values: python sounds.py FOLDER_OF_GOLDENS

Needs torch, transformers, torchaudio, soxr, soundfile, numpy, safetensors.
"""

import json
import os
import shutil
import sys
import zlib

import numpy as np
import soundfile as sf
import soxr
import torch
import torchaudio
import transformers
from safetensors.torch import save_file

OUT = sys.argv[1]
torch.set_num_threads(1)
torch.manual_seed(0)


def folder(name):
    path = os.path.join(OUT, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def sound(rate, seconds, seed):
    """A gliding tone with overtones, a decay and a little noise; nothing above 3 kHz but the noise, which is smooth."""
    t = np.arange(int(rate * seconds)) / rate
    rng = np.random.default_rng(seed)
    x = sum(np.sin(2 * np.pi * k * (180 + 40 * seed) * t * (1 + 0.3 * t) + k) / k for k in range(1, 7))
    knots = rng.normal(size=int(4000 * seconds) + 8)
    x = x + 0.3 * np.interp(t * 4000, np.arange(len(knots)), knots) * np.exp(-3 * t)
    # Both ends fade, so that the borders of a filter do not decide the comparison.
    fade = np.clip(np.minimum(t, t[-1] - t) / 0.03, 0, 1)
    return 0.2 * x * (0.5 - 0.5 * np.cos(np.pi * fade)) + 0.01


d = folder("sounds")
sf.write(f"{d}/a.wav", sound(16000, 0.4, 1), 16000, subtype="PCM_16")
sf.write(f"{d}/b.wav", sound(16000, 0.25, 2), 16000, subtype="PCM_16")
x44 = sound(44100, 0.3, 3)
sf.write(f"{d}/c44.wav", x44, 44100, subtype="PCM_16")
stereo = np.stack([sound(16000, 0.25, 2), sound(16000, 0.25, 1)], 1)
sf.write(f"{d}/stereo.wav", stereo, 16000, subtype="FLOAT")
for kind in ("flac", "ogg", "mp3"):
    sf.write(f"{d}/b.{kind}", sound(16000, 0.25, 2), 16000)

read = {name: sf.read(f"{d}/{name}", dtype="float32")[0] for name in sorted(os.listdir(d))}
expected = {name: torch.from_numpy(x if x.ndim == 1 else x.mean(1)).contiguous() for name, x in read.items()}
c44 = expected["c44.wav"]
expected["c44.torchaudio"] = torchaudio.functional.resample(c44, 44100, 16000)
expected["c44.torchaudio_long"] = torchaudio.functional.resample(
    c44, 44100, 16000, lowpass_filter_width=64, rolloff=0.9475937167399596,
    resampling_method="sinc_interp_kaiser", beta=14.769656459379492)
expected["c44.soxr"] = torch.from_numpy(soxr.resample(c44.numpy().astype(np.float64), 44100, 16000, "VHQ").astype(np.float32))
save_file(expected, f"{d}/expected.safetensors")
print({k: tuple(v.shape) for k, v in expected.items()})


def init(model):
    with torch.no_grad():
        for name, p in model.named_parameters():
            r = torch.randn(p.shape, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))
            if name.endswith("layer_norm.weight"):
                p.copy_(1 + 0.15 * r)
            elif name.endswith("original0"):
                p.copy_(1.5 + 0.3 * r)
            elif p.ndim == 3:
                p.copy_(r * 1.6 / p[0].numel() ** 0.5)
            elif p.ndim == 2:
                p.copy_(0.2 * r)
            else:
                p.copy_(0.1 * r)
    return model.eval()


def values(model, x):
    states = []
    layers = model.encoder.layers
    hooks = [layers[0].register_forward_pre_hook(lambda m, a, k=None: states.append(a[0]))]
    hooks += [layer.register_forward_hook(lambda m, a, o: states.append(o[0] if isinstance(o, tuple) else o)) for layer in layers]
    with torch.no_grad():
        last = model(x).last_hidden_state
    for hook in hooks:
        hook.remove()
    return [s[0] for s in states], last[0], last[0].mean(0)


SMALL = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, conv_dim=[16] * 7,
             num_conv_pos_embedding_groups=4, attn_implementation="eager")
KINDS = {
    "hubert": dict(num_conv_pos_embeddings=16, layer_norm_eps=1e-3),
    "hubert-large": dict(num_conv_pos_embeddings=15, do_stable_layer_norm=True, feat_extract_norm="layer", conv_bias=True),
}
for name, kind in KINDS.items():
    d = folder(name)
    config = transformers.HubertConfig(**SMALL, **kind)
    large = name == "hubert-large"
    whole = init(transformers.HubertForCTC(config) if large else transformers.HubertModel(config))
    model = whole.hubert if large else whole
    state = {k: v.clone().contiguous() for k, v in whole.state_dict().items()}
    if large:  # the names of older files
        state = {k.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v"): v
                 for k, v in state.items()}
    save_file(state, f"{d}/model.safetensors", metadata={"format": "pt"})
    text = {k: v for k, v in json.loads(config.to_json_string(use_diff=False)).items() if v is not None and not k.startswith("_")}
    text["architectures"] = [type(whole).__name__]
    json.dump(text, open(f"{d}/config.json", "w"), indent=2, sort_keys=True)
    settings = {"do_normalize": True, "feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1,
                "padding_side": "right", "padding_value": 0, "return_attention_mask": large, "sampling_rate": 16000}
    json.dump(settings, open(f"{d}/preprocessor_config.json", "w"), indent=2)
    extractor = transformers.Wav2Vec2FeatureExtractor.from_pretrained(d)
    out = {}
    for s in ("a", "b"):
        x = extractor(read[f"{s}.wav"], sampling_rate=16000, return_tensors="pt").input_values.float()
        states, last, mean = values(model, x)
        double = values(model.double(), x.double())[2]
        model.float()
        print(name, s, tuple(last.shape), "rms", float(last.pow(2).mean().sqrt()), "f32 against f64", float((mean - double).abs().max()))
        out[f"{s}.input_values"], out[f"{s}.last"], out[f"{s}.mean"] = x[0], last, mean
        out.update({f"{s}.hidden_states.{i}": state for i, state in enumerate(states)})
    save_file({k: v.clone().contiguous() for k, v in out.items()}, f"{d}/expected.safetensors")
print("torch", torch.__version__, "transformers", transformers.__version__, "torchaudio", torchaudio.__version__,
      "soxr", soxr.__version__, "soundfile", sf.__version__, sf.__libsndfile_version__, "numpy", np.__version__)
