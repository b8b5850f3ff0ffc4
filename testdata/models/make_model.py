"""Makes a model for `type: "learned"` from the vectors of a log.

    varpulis embed query.vpl --input log --output vectors.parquet
    python make_model.py vectors.parquet --features DIGEST --heads 2 --dims 8 --output model.safetensors

Needs numpy, safetensors and pyarrow (all on PyPI). The vectors are the columns x0, x1, ... of the Parquet
file. DIGEST is what `varpulis embed` calls `varpulis.features`; it goes into the model, so that another embedding
refuses it. What it learns: directions in which the vectors differ from each other, and how much each counts. Per
head it takes `dims / heads` principal directions, in turn, and scales each so that all have the same spread (whitening);
queries and keys are projected alike, so that scores stay symmetric. Common features, which most events share,
then say little, and rare ones much.

`--example` writes the shipped `example.safetensors` and `example_mlp.safetensors` from numbers that a formula gives, with the scores
that numpy computes for them (`example.json`): the test `attend_models` compares ours with these.
"""

import argparse
import json

import numpy as np
from safetensors.numpy import save_file


def linear(vectors, dims, heads):
    """Query and key matrices, with biases that move the mean to 0."""
    mean = vectors.mean(axis=0)
    _, spread, directions = np.linalg.svd(vectors - mean, full_matrices=False)
    if dims > len(directions):
        raise SystemExit(f"{len(directions)} directions at most, {dims} asked")
    spread = spread[:dims] / np.sqrt(len(vectors))
    # Signs of singular vectors are arbitrary: let the largest entry be positive.
    directions = directions[:dims]
    signs = np.sign(directions[np.arange(dims), np.abs(directions).argmax(axis=1)])
    weight = directions * signs[:, None] / np.maximum(spread, 1e-3 * spread[0])[:, None]
    order = [row for head in range(heads) for row in range(head, dims, heads)]
    weight = weight[order].astype(np.float32)
    bias = (-weight @ mean).astype(np.float32)
    return {"query.weight": weight, "query.bias": bias, "key.weight": weight, "key.bias": bias}


def save(tensors, heads, features, path):
    metadata = {"varpulis.version": "1", "heads": str(heads)}
    if features:
        metadata["varpulis.features"] = features
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path, metadata=metadata)


def project(tensors, vectors):
    """Queries and keys of vectors, in doubles."""
    wide = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    x, layers = vectors.astype(np.float64), 0
    while f"layers.{layers}.weight" in wide:
        layers += 1
    for n in range(layers):
        x = x @ wide[f"layers.{n}.weight"].T + wide.get(f"layers.{n}.bias", 0.0)
        if n + 1 < layers or "query.weight" in wide:
            x = np.maximum(x, 0.0)
    if "query.weight" not in wide:
        return x, x
    return tuple(x @ wide[f"{end}.weight"].T + wide.get(f"{end}.bias", 0.0) for end in ("query", "key"))


def scores_and_weights(tensors, vectors, heads):
    """Scores of all pairs, and weights of the last vector over those before it."""
    query, key = project(tensors, vectors)
    dims = query.shape[1] // heads
    scores, weights = np.zeros((len(vectors), len(vectors))), np.zeros(len(vectors) - 1)
    for head in range(heads):
        q, k = (side[:, head * dims:(head + 1) * dims] for side in (query, key))
        dots = q @ k.T
        lengths = np.outer(np.linalg.norm(q, axis=1), np.linalg.norm(k, axis=1))
        scores += np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0) / heads
        logits = dots[-1, :-1] / np.sqrt(dims)
        powers = np.exp(logits - logits.max())
        weights += powers / powers.sum() / heads
    return np.maximum(scores, 0.0), weights


def example():
    """Events of an hour and a channel: (cos, sin) / sqrt(2), and one of three slots / sqrt(2)."""
    hours = [(7 * n * n + 3 * n) % 24 for n in range(24)]
    channels = [(n * 5 // 3) % 3 for n in range(24)]
    angle = 2 * np.pi * np.array(hours) / 24
    vectors = np.column_stack([np.cos(angle), np.sin(angle), np.eye(3)[channels]]) / np.sqrt(2)
    vectors = vectors.astype(np.float32)
    small = linear(vectors, 4, 2)
    wave = lambda rows, columns, step: np.sin(step * np.arange(rows * columns, dtype=np.float64)).reshape(rows, columns).astype(np.float32)
    deep = {
        "layers.0.weight": wave(20, 5, 1.3), "layers.0.bias": wave(1, 20, 0.7)[0],
        "layers.1.weight": wave(7, 20, 0.9),
        "query.weight": wave(6, 7, 1.1), "key.weight": wave(6, 7, 1.7), "key.bias": wave(1, 6, 2.3)[0],
    }
    found = {"hours": hours, "channels": channels}
    for name, tensors, heads in [("example", small, 2), ("example_mlp", deep, 3)]:
        save(tensors, heads, None, f"{name}.safetensors")
        scores, weights = scores_and_weights(tensors, vectors, heads)
        found[name] = {"scores": scores.tolist(), "weights": weights.tolist()}
    with open("example.json", "w", encoding="utf-8") as file:
        json.dump(found, file)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors", nargs="?", help="a Parquet file that `varpulis embed` wrote")
    parser.add_argument("--output", default="model.safetensors")
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--dims", type=int, default=16, help="of queries and keys; the heads divide them")
    parser.add_argument("--features", help="the digest that `varpulis embed` prints")
    parser.add_argument("--example", action="store_true")
    args = parser.parse_args()
    if args.example:
        return example()
    if not args.vectors:
        parser.error("which vectors?")
    if args.dims % args.heads:
        parser.error(f"{args.heads} heads do not divide {args.dims} dims")
    import pyarrow.parquet as parquet
    table = parquet.read_table(args.vectors)
    names = sorted((name for name in table.column_names if name[:1] == "x" and name[1:].isdigit()), key=lambda name: int(name[1:]))
    if not names:
        raise SystemExit("no columns x0, x1, ...")
    vectors = np.column_stack([table[name].to_numpy() for name in names]).astype(np.float64)
    save(linear(vectors, args.dims, args.heads), args.heads, args.features, args.output)


if __name__ == "__main__":
    main()
