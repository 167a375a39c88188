"""Tiny encoders of pictures and their expected values: python pictures.py FOLDER_OF_GOLDENS

Needs torch, torchvision, transformers, safetensors, Pillow, numpy. The folder `pictures` must exist.
"""

import json
import os
import shutil
import sys
import zlib

import numpy as np
import PIL
import torch
import torchvision
import transformers
from PIL import Image
from safetensors.torch import save_file

OUT = sys.argv[1]
torch.set_num_threads(1)
PICTURES = [Image.open(os.path.join(OUT, "pictures", f"{name}.png")) for name in "abc"]
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
HALF = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}


def random(name, shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))


def init(model):
    """Every parameter at random, so that values stay of size one."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            r = random(name, p.shape)
            norm = "norm" in name.split(".")[-2] if "." in name else False
            if name.endswith("weight") and norm:
                p.copy_(1 + 0.15 * r)
            elif name.endswith("lambda1"):
                p.copy_(0.8 + 0.2 * r)
            elif p.ndim in (2, 4) and "table" not in name:
                p.copy_(r / p[0].numel() ** 0.5)
            else:
                p.copy_((0.4 if "table" in name or "position" in name or "token" in name else 0.15) * r)
    return model.eval()


def settle(model):
    """Running statistics of the model's own maps, a little off."""
    for name, m in model.named_modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.reset_running_stats()
            m.momentum = None
            m.train()
    with torch.no_grad():
        model(random("statistics", (16, 3, 64, 64)))
        for name, m in model.named_modules():
            if isinstance(m, torch.nn.BatchNorm2d):
                m.running_mean += 0.1 * random(name + "mean", m.running_mean.shape) * m.running_var.sqrt()
                # Channels that hardly vary would raise rounding errors above the tolerance.
                m.running_var.mul_(torch.exp(0.2 * random(name + "var", m.running_var.shape))).clamp_(min=1.0 * float(m.running_var.mean()))
    return model.eval()


def rows(state):
    """Maps and sequences as rows."""
    state = state.permute(0, 2, 3, 1) if state.ndim == 4 else state
    return state.reshape(-1, state.shape[-1]).clone().contiguous()


def hidden(base, pixels, before, blocks):
    """What goes into the first of the modules and comes out of each."""
    states = []
    first = lambda m, a, k=None: states.append(a[0])
    out = lambda m, a, o: states.append(o[0] if isinstance(o, tuple) else o)
    hooks = [blocks[0].register_forward_pre_hook(first)] if before else []
    hooks += [block.register_forward_hook(out) for block in blocks]
    with torch.no_grad():
        output = base(pixels)
    for hook in hooks:
        hook.remove()
    return states, output


def folder(name, model, base, blocks, settings, features, extra=None, rename=None, other=None, before=True):
    path = os.path.join(OUT, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    if rename is None:
        model.save_pretrained(path)
    else:
        save_file(rename(model.state_dict()), f"{path}/model.safetensors", metadata={"format": "pt"})
    if extra:
        state = {**transformers.modeling_utils.load_state_dict(f"{path}/model.safetensors"), **extra}
        save_file({k: v.contiguous() for k, v in state.items()}, f"{path}/model.safetensors", metadata={"format": "pt"})
    text = json.loads(model.config.to_json_string(use_diff=False))
    text = {k: v for k, v in text.items() if v is not None and not k.startswith("_") and k not in ("id2label", "label2id")}
    text["architectures"] = [type(model).__name__]
    json.dump(text, open(f"{path}/config.json", "w"), indent=2, sort_keys=True)
    json.dump(settings, open(f"{path}/preprocessor_config.json", "w"), indent=2, sort_keys=True)
    expected = {}
    usual = transformers.AutoImageProcessor.from_pretrained(path)
    if "DINOv3" in settings.get("image_processor_type", ""):
        pixels = usual(PICTURES, return_tensors="pt")["pixel_values"]
    else:
        kind = type(transformers.AutoImageProcessor.from_pretrained(path, backend="pil"))
        processor = kind.from_pretrained(path)
        pixels = torch.from_numpy(np.stack(processor(PICTURES, return_tensors="np")["pixel_values"])).float()
        raw = processor(PICTURES, return_tensors="np", do_rescale=False, do_normalize=False)["pixel_values"]
        expected["resized_u8"] = torch.from_numpy(np.stack(raw).astype(np.uint8))
        fast = usual(PICTURES, return_tensors="pt", do_rescale=False, do_normalize=False)["pixel_values"]
        levels = (fast.int() - expected["resized_u8"].int()).abs()
        print(name, kind.__name__, "torchvision differs by", levels.max().item(), "in", (levels > 0).float().mean().item())
    states, output = hidden(base, pixels, before, blocks)
    value = features(output)
    double = features(hidden(base.double(), pixels.double(), before, blocks)[1])
    base.float()
    expected.update({f"hidden_states.{i}": rows(state) for i, state in enumerate(states)})
    expected["pixel_values"], expected["features"] = pixels, value
    if other is not None:
        expected["other.pixel_values"] = random(name, (1, 3, *other))
        expected["other.features"] = features(hidden(base, expected["other.pixel_values"], before, blocks)[1])
    save_file({k: v.clone().contiguous() for k, v in expected.items()}, f"{path}/expected.safetensors")
    size = sum(os.path.getsize(os.path.join(path, f)) for f in os.listdir(path)) // 1000
    print(name, tuple(pixels.shape), tuple(value.shape), "states", [tuple(s.shape) for s in states][:4], "rms",
          float(value.pow(2).mean().sqrt()), "f32 against f64", float((value - double).abs().max()), size, "kB")


POOLED = lambda output: output.pooler_output
CLASS = lambda output: output.last_hidden_state[:, 0]
VIT = {"do_normalize": True, "do_resize": True, "feature_extractor_type": "ViTFeatureExtractor", "resample": 3, **IMAGENET}
SWIN = dict(patch_size=4, embed_dim=8, attn_implementation="eager")

config = transformers.SwinConfig(image_size=34, depths=[2, 2, 2], num_heads=[2, 4, 4], window_size=3, mlp_ratio=2.0, **SWIN)
model = init(transformers.SwinModel(config))
folder("swin", model, model, model.encoder.layers, {**VIT, "size": 34}, POOLED, other=(36, 48))

config = transformers.SwinConfig(image_size=40, depths=[2, 3], num_heads=[1, 2], window_size=4, qkv_bias=False,
                                 layer_norm_eps=1e-3, **SWIN)
model = init(transformers.SwinForImageClassification(config))
tables = {f"swin.encoder.layers.{i}.blocks.{j}.attention.self.relative_position_index":
          model.swin.encoder.layers[i].blocks[j].attention.relative_position_bias.relative_position_index.view(16, 16).clone()
          for i, depth in enumerate(config.depths) for j in range(depth)}
folder("swin-even", model, model.swin, model.swin.encoder.layers, {**VIT, "size": 40}, POOLED, extra=tables)

MOBILE = {"crop_size": {"height": 33, "width": 33}, "do_center_crop": True, "do_normalize": True, "do_rescale": True,
          "do_resize": True, "image_processor_type": "MobileNetV2ImageProcessor", "resample": 2,
          "rescale_factor": 1 / 255, "size": {"shortest_edge": 37}, **HALF}
config = transformers.MobileNetV2Config(image_size=33, depth_multiplier=0.1, expand_ratio=3, finegrained_output=False, layer_norm_eps=0.01)
model = settle(init(transformers.MobileNetV2ForImageClassification(config)))
base = model.mobilenet_v2
folder("mobilenet", model, base, [base.conv_stem, *base.layer], MOBILE, POOLED, other=(38, 45), before=False)

config = transformers.MobileNetV2Config(image_size=40, depth_multiplier=0.03, min_depth=4, depth_divisible_by=4, expand_ratio=2.5,
                                        first_layer_is_expansion=False, tf_padding=False, output_stride=8)
model = settle(init(transformers.MobileNetV2Model(config)))
folder("mobilenet-dilated", model, model, [model.conv_stem, *model.layer],
       {**MOBILE, "crop_size": {"height": 40, "width": 40}, "size": {"shortest_edge": 40}}, POOLED, before=False)

DINO = {"do_normalize": True, "do_rescale": True, "do_resize": True, "image_processor_type": "DINOv3ViTImageProcessorFast",
        "resample": 2, "rescale_factor": 0.00392156862745098, "size": {"height": 32, "width": 48}, **IMAGENET}
V3 = dict(num_hidden_layers=2, patch_size=8, image_size=32, attn_implementation="eager")
config = transformers.DINOv3ViTConfig(hidden_size=32, intermediate_size=64, num_attention_heads=4, num_register_tokens=4, **V3)
model = init(transformers.DINOv3ViTModel(config))
folder("dinov3", model, model, model.model.layer, DINO, CLASS, other=(17, 40))

config = transformers.DINOv3ViTConfig(hidden_size=24, intermediate_size=40, num_attention_heads=2, num_register_tokens=1,
                                      use_gated_mlp=True, hidden_act="silu", query_bias=False, key_bias=True, proj_bias=False,
                                      mlp_bias=False, rope_theta=50.0, layer_norm_eps=1e-3, **V3)
model = init(transformers.DINOv3ViTModel(config))
folder("dinov3-gated", model, model, model.model.layer,
       {**DINO, "resample": 3, "size": {"height": 41, "width": 38}, "do_center_crop": True, "crop_size": {"height": 32, "width": 32}},
       CLASS, rename=lambda state: state)

BIT = {"crop_size": {"height": 32, "width": 32}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True,
       "do_rescale": True, "do_resize": True, "image_processor_type": "BitImageProcessor", "resample": 3,
       "rescale_factor": 1 / 255, "size": {"shortest_edge": 36}, **IMAGENET}
config = transformers.Dinov2Config(image_size=56, patch_size=8, hidden_size=20, num_hidden_layers=2, num_attention_heads=2,
                                   use_swiglu_ffn=True, attn_implementation="eager")
model = init(transformers.Dinov2Model(config))
folder("dinov2-swiglu", model, model, model.encoder.layer if hasattr(model, "encoder") else model.layers, BIT, CLASS)

config = transformers.DeiTConfig(image_size=32, patch_size=8, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                                 num_attention_heads=4, attn_implementation="eager")
model = init(transformers.DeiTForImageClassificationWithTeacher(config))
base = model.deit
folder("deit-distilled", model, base, base.layers,
       {"crop_size": 32, "do_center_crop": True, "do_normalize": True, "do_resize": True, "resample": 3, "size": 37,
        "feature_extractor_type": "DeiTFeatureExtractor", **IMAGENET}, CLASS)
print("torch", torch.__version__, "torchvision", torchvision.__version__, "transformers", transformers.__version__,
      "Pillow", PIL.__version__, "numpy", np.__version__)
