"""Networks that map a view to another by PyTorch: maps.safetensors. A residual MLP (with and without a scale) and a low-rank
linear map: outputs, losses, gradients and the weights after five steps of AdamW with clipping.

    pip install torch numpy safetensors
    python golden/make_maps.py

Made with torch 2.15.0 (CPU), numpy 2.4.6, safetensors 0.8.0.
"""

import pathlib

import torch
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
width, hidden, rank, rows = 9, 14, 4, 30
x, targets = torch.randn(rows, width), torch.randn(rows, width)
inner = torch.nn.functional.gelu
out = {"x": x, "targets": targets}


def residual(w, x):
    w1, b1, w2, b2, s = w
    return s * (x + inner(x @ w1 + b1) @ w2 + b2)


def low_rank(w, x):
    return x @ w[0] @ w[1].T


def flat(list_):
    return torch.cat([t.detach().reshape(-1) for t in list_])


def course(name, model, weights, trained):
    weights = [w.clone().requires_grad_() for w in weights]
    params = [weights[i] for i in trained]
    optimiser = torch.optim.AdamW(params, lr=3e-3, weight_decay=1e-2, betas=(0.9, 0.999), eps=1e-8)
    out[f"{name}.start"] = flat(params)
    losses = []
    for step in range(5):
        optimiser.zero_grad()
        y = model(weights, x)
        loss = torch.nn.functional.mse_loss(y, targets)
        loss.backward()
        if step == 0:
            out[f"{name}.output"], out[f"{name}.gradient"] = y.detach(), flat([p.grad for p in params])
        losses.append(loss.detach())
        torch.nn.utils.clip_grad_norm_(params, 0.5)
        optimiser.step()
    out[f"{name}.losses"], out[f"{name}.end"] = torch.stack(losses), flat(params)


r = lambda *shape: 0.4 * torch.randn(*shape)
net = [r(width, hidden), r(hidden), r(hidden, width), r(width), 1 + r(width)]
course("scaled", residual, net, [0, 1, 2, 3, 4])
course("plain", residual, net[:4] + [torch.ones(width)], [0, 1, 2, 3])
course("low_rank", low_rank, [r(width, rank), r(width, rank)], [0, 1])
save_file({name: value.float().contiguous() for name, value in out.items()}, here / "maps.safetensors")
