#!/usr/bin/env python3
"""The train step of TrainStep.cs in PyTorch, measured as native/core/benches/train_step.rs does. Needs python3 with torch
(apt-get install python3-torch)."""
import time

import torch

torch.manual_seed(1)
model = torch.nn.Sequential(
    torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_of = torch.nn.CrossEntropyLoss()
inputs = torch.rand(64, 784)
targets = torch.randint(0, 10, (64,))
STEPS = 300


def microseconds(steps):
    start = time.perf_counter()
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(inputs), targets)
        loss.backward()
        optimizer.step()
        loss.item()
    return (time.perf_counter() - start) / steps * 1e6


microseconds(50)
times = sorted(microseconds(STEPS) for _ in range(7))
print(f"torch {torch.__version__} mlp64 step {times[3]:.1f} us (median of 7; {times[0]:.1f} to {times[6]:.1f})")
