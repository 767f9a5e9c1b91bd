#!/usr/bin/env python3
"""The train step of TrainStep.cs in PyTorch. Prints: N us/step. Needs python3 with torch (apt-get install python3-torch)."""
import argparse
import time

import torch

options = argparse.ArgumentParser()
options.add_argument("--batch", type=int, default=64)
options.add_argument("--steps", type=int, default=300)
options = options.parse_args()

torch.manual_seed(1)
model = torch.nn.Sequential(
    torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_of = torch.nn.CrossEntropyLoss()
inputs = torch.rand(options.batch, 784)
targets = torch.randint(0, 10, (options.batch,))


def run(steps):
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(inputs), targets)
        loss.backward()
        optimizer.step()
        loss.item()


run(50)
start = time.perf_counter()
run(options.steps)
print(f"torch {torch.__version__}, {torch.get_num_threads()} threads: {(time.perf_counter() - start) / options.steps * 1e6:.1f} us/step")
