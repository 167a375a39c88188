"""Encoders of the usual sizes with random weights: items per second of transformers and of `embed`, in turn.

    pip install torch torchvision transformers pillow safetensors
    cargo build --release -p polyalign-embed --example throughput
    python docs/baseline/encoders.py --embed target/release/examples/throughput --threads 2 --runs 3

Prints a row per encoder: medians (and the range of items per second), their ratio, and the largest memory of each process. A text has 128 tokens, a picture 224
x 224 pixels, a sound five seconds. Reading of files, tokens and preparation of pictures are outside the time of transformers.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HALF = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
PICTURES = {"do_normalize": True, "do_resize": True, "feature_extractor_type": "ViTFeatureExtractor", "resample": 2, "size": 224, **HALF}
SOUNDS = {"do_normalize": True, "feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1, "sampling_rate": 16000}
# name: kind, model, configuration, items, batch
ENCODERS = {
    "BERT base": ("text", "BertModel", {}, 16, 8),
    "ViT-B/16": ("pictures", "ViTModel", {}, 8, 8),
    "Swin-T": ("pictures", "SwinModel", {}, 16, 8),
    "HuBERT base": ("sounds", "HubertModel", {}, 2, 1),
}


def make(name, path):
    """A folder with random weights."""
    import torch
    import transformers

    kind, model, settings, _, _ = ENCODERS[name]
    torch.manual_seed(0)
    model = getattr(transformers, model)
    model(model.config_class(**settings)).eval().save_pretrained(path)
    if kind == "text":
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"w{i}" for i in range(1000)]
        with open(f"{path}/vocab.txt", "w") as file:
            file.write("".join(word + "\n" for word in words))
    else:
        with open(f"{path}/preprocessor_config.json", "w") as file:
            json.dump(PICTURES if kind == "pictures" else SOUNDS, file)


def reference(name, path, threads):
    """Prints items per second and the peak of this process."""
    import torch
    import transformers

    kind, model, _, items, batch = ENCODERS[name]
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = getattr(transformers, model).from_pretrained(path).eval()
    if kind == "text":
        inputs = {"input_ids": torch.randint(5, 1005, (batch, 128)), "attention_mask": torch.ones(batch, 128, dtype=torch.long)}
    elif kind == "pictures":
        inputs = {"pixel_values": torch.rand(batch, 3, 224, 224) * 2 - 1}
    else:
        inputs = {"input_values": torch.rand(batch, 80000) * 2 - 1}
    with torch.inference_mode():
        model(**inputs)
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(-(-items // batch)):
            model(**inputs)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
    print(f"{items / seconds:.4f} items/s, {cpu / items:.4f} CPU s per item, peak {int(peak) // 1024} MB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--embed", help="the program `throughput`")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=ENCODERS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        return reference(*args.one, args.threads)
    environment = {**os.environ, "RAYON_NUM_THREADS": str(args.threads), "OMP_NUM_THREADS": str(args.threads)}

    def run(command):
        output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        rate, cpu, peak = re.search(r"([\d.]+) items/s, ([\d.]+) CPU s per item, peak (\d+) MB", output).groups()
        return float(rate), float(cpu), int(peak)

    print("| encoder | items/s, ours | transformers | ratio | CPU s per item, ours | transformers | ratio | peak MB, ours | transformers |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, (kind, _, _, items, batch) in ENCODERS.items():
        if args.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as path:
            make(name, path)
            ours, theirs = [], []
            for _ in range(args.runs):
                ours.append(run([args.embed, kind, path, str(items), str(batch)]))
                theirs.append(run([sys.executable, __file__, "--threads", str(args.threads), "--one", name, path]))
        (a, c), (b, d) = ([statistics.median(run[i] for run in runs) for i in (0, 1)] for runs in (ours, theirs))
        spread = lambda runs: f"{min(run[0] for run in runs):.3g}-{max(run[0] for run in runs):.3g}"
        peaks = [max(run[2] for run in runs) for runs in (ours, theirs)]
        print(f"| {name} | {a:.3g} ({spread(ours)}) | {b:.3g} ({spread(theirs)}) | {a / b:.2f} | {c:.3g} | {d:.3g} | {c / d:.2f} | {peaks[0]} | {peaks[1]} |", flush=True)


if __name__ == "__main__":
    main()
