#!/usr/bin/env python3
"""The networks of NetworkCase.cs in PyTorch. Reads a command per line and answers with a line: `network NAME` with the number of
parameters, `forward` (without gradients, in evaluation) and `step` (a whole training step) with the milliseconds of one.
Needs python3 with torch (apt-get install python3-torch)."""
import os
import sys
import time

import torch
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = None
        if stride != 1 or inputs != planes:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Sequential):
    """torchvision.models.resnet18."""

    def __init__(self, classes):
        layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
        width = 64
        for stage in range(4):
            planes = 64 << stage
            for block in range(2):
                layers.append(BasicBlock(width, planes, 2 if block == 0 and stage > 0 else 1))
                width = planes
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(128, 128, num_layers=2, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(256, 8, dim_feedforward=1024, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 4)
        self.head = nn.Linear(256, 10)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


NETWORKS = {
    "resnet18-224": (lambda: ResNet18(1000), (8, 3, 224, 224), 1000),
    "resnet18-32": (lambda: ResNet18(10), (32, 3, 32, 32), 10),
    "lstm": (Lstm, (32, 64, 128), 10),
    "encoder": (Encoder, (16, 64, 256), 10),
}


class Run:
    def __init__(self, name):
        make, shape, classes = NETWORKS[name]
        torch.manual_seed(1)
        self.model = make()
        self.inputs = torch.rand(shape)
        self.targets = torch.randint(0, classes, (shape[0],))
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3, momentum=0.9)
        self.parameters = sum(p.numel() for p in self.model.parameters())

    def forward(self):
        self.model.eval()
        with torch.no_grad():
            self.model(self.inputs)

    def step(self):
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.model(self.inputs), self.targets)
        loss.backward()
        self.optimizer.step()
        loss.item()


# As many threads as the other side takes.
torch.set_num_threads(len(os.sched_getaffinity(0)))
print(f"torch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
run = None
for line in sys.stdin:
    words = line.split()
    if words[0] == "network":
        run = Run(words[1])
        print(run.parameters, flush=True)
        continue
    start = time.perf_counter()
    getattr(run, words[0])()
    print(f"{(time.perf_counter() - start) * 1e3:.4f}", flush=True)
