#!/usr/bin/env python3
"""Makes this folder from the full MNIST files: the first digits of each set, compressed as small as gzip goes.

    python3 data/mnist-subset/make.py FOLDER-WITH-THE-FULL-FILES
"""
import gzip
import pathlib
import struct
import sys

TAKE = {"train": 6000, "t10k": 1000}

source = pathlib.Path(sys.argv[1])
target = pathlib.Path(__file__).resolve().parent
for part, count in TAKE.items():
    for name, dims in ((f"{part}-images-idx3-ubyte.gz", 3), (f"{part}-labels-idx1-ubyte.gz", 1)):
        raw = gzip.decompress((source / name).read_bytes())
        shape = struct.unpack_from(f">{dims}I", raw, 4)
        size = 1
        for extent in shape[1:]:
            size *= extent
        start = 4 + 4 * dims
        body = raw[start : start + count * size]
        cut = raw[:4] + struct.pack(f">{dims}I", count, *shape[1:]) + body
        (target / name).write_bytes(gzip.compress(cut, compresslevel=9, mtime=0))
        print(name, (count, *shape[1:]), (target / name).stat().st_size, "bytes")
