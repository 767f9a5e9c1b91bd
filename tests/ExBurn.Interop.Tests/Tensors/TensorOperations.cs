using System.Text.Json;

namespace ExBurn.Tests.Tensors;

/// <summary>The tensor's methods by torch's names, with the options of the reference cases.</summary>
internal static class TensorOperations
{
    private delegate Tensor One(Tensor[] x, JsonElement config);

    private static readonly Dictionary<string, One> Operations = new()
    {
        ["add"] = (x, _) => x[0] + x[1],
        ["sub"] = (x, _) => x[0] - x[1],
        ["mul"] = (x, _) => x[0] * x[1],
        ["div"] = (x, _) => x[0] / x[1],
        ["maximum"] = (x, _) => x[0].Maximum(x[1]),
        ["minimum"] = (x, _) => x[0].Minimum(x[1]),
        ["pow"] = (x, _) => x[0].Pow(x[1]),
        ["pow_scalar"] = (x, c) => x[0].Pow(c.GetProperty("exponent").GetDouble()),
        ["remainder"] = (x, c) => x[0].Remainder(c.GetProperty("divisor").GetDouble()),
        ["neg"] = (x, _) => -x[0],
        ["abs"] = (x, _) => x[0].Abs(),
        ["exp"] = (x, _) => x[0].Exp(),
        ["sin"] = (x, _) => x[0].Sin(),
        ["cos"] = (x, _) => x[0].Cos(),
        ["tan"] = (x, _) => x[0].Tan(),
        ["tanh"] = (x, _) => x[0].Tanh(),
        ["sigmoid"] = (x, _) => x[0].Sigmoid(),
        ["erf"] = (x, _) => x[0].Erf(),
        ["relu"] = (x, _) => x[0].ReLU(),
        ["square"] = (x, _) => x[0].Square(),
        ["floor"] = (x, _) => x[0].Floor(),
        ["ceil"] = (x, _) => x[0].Ceiling(),
        ["round"] = (x, _) => x[0].Round(),
        ["trunc"] = (x, _) => x[0].Truncate(),
        ["sign"] = (x, _) => x[0].Sign(),
        ["asinh"] = (x, _) => x[0].Asinh(),
        ["sinh"] = (x, _) => x[0].Sinh(),
        ["cosh"] = (x, _) => x[0].Cosh(),
        ["atan"] = (x, _) => x[0].Atan(),
        ["log"] = (x, _) => x[0].Log(),
        ["log2"] = (x, _) => x[0].Log2(),
        ["log10"] = (x, _) => x[0].Log10(),
        ["log1p"] = (x, _) => x[0].Log1p(),
        ["sqrt"] = (x, _) => x[0].Sqrt(),
        ["rsqrt"] = (x, _) => x[0].Rsqrt(),
        ["reciprocal"] = (x, _) => x[0].Reciprocal(),
        ["clamp"] = (x, c) => x[0].Clamp(c.GetProperty("min").GetDouble(), c.GetProperty("max").GetDouble()),
        ["sum"] = (x, c) => Dim(c) is { } dim ? x[0].Sum(dim, Keep(c)) : x[0].Sum(),
        ["mean"] = (x, c) => Dim(c) is { } dim ? x[0].Mean(dim, Keep(c)) : x[0].Mean(),
        ["prod"] = (x, c) => Dim(c) is { } dim ? x[0].Prod(dim, Keep(c)) : x[0].Prod(),
        ["amax"] = (x, c) => Dim(c) is { } dim ? x[0].Max(dim, Keep(c)) : x[0].Max(),
        ["amin"] = (x, c) => Dim(c) is { } dim ? x[0].Min(dim, Keep(c)) : x[0].Min(),
        ["var"] = (x, c) => x[0].Var([Int(c, "dim")], c.GetProperty("correction").GetDouble()),
        ["std"] = (x, c) => x[0].Std([Int(c, "dim")], c.GetProperty("correction").GetDouble()),
        ["argmax"] = (x, c) => x[0].ArgMax(Int(c, "dim")),
        ["argmin"] = (x, c) => x[0].ArgMin(Int(c, "dim")),
        ["norm"] = (x, c) => Dim(c) is { } dim ? x[0].Norm(c.GetProperty("p").GetDouble(), [dim]) : x[0].Norm(c.GetProperty("p").GetDouble()),
        ["cumsum"] = (x, c) => x[0].CumSum(Int(c, "dim")),
        ["cumprod"] = (x, c) => x[0].CumProd(Int(c, "dim")),
        ["logsumexp"] = (x, c) => x[0].LogSumExp(Int(c, "dim")),
        ["softmax"] = (x, c) => x[0].Softmax(Int(c, "dim")),
        ["log_softmax"] = (x, c) => x[0].LogSoftmax(Int(c, "dim")),
        ["argsort"] = (x, c) => x[0].ArgSort(Int(c, "dim")),
        ["matmul"] = (x, _) => x[0].MatMul(x[1]),
        ["einsum"] = (x, c) => Tensor.Einsum(c.GetProperty("equation").GetString()!, x),
        ["reshape"] = (x, c) => x[0].Reshape(Ints(c, "shape")),
        ["permute"] = (x, c) => x[0].Permute(Ints(c, "dims")),
        ["transpose"] = (x, c) => x[0].Transpose(Int(c, "dim0"), Int(c, "dim1")),
        ["squeeze"] = (x, c) => x[0].Squeeze(Int(c, "dim")),
        ["unsqueeze"] = (x, c) => x[0].Unsqueeze(Int(c, "dim")),
        ["expand"] = (x, c) => x[0].Expand(Ints(c, "shape")),
        ["flip"] = (x, c) => x[0].Flip(Ints(c, "dims")),
        ["roll"] = (x, c) => x[0].Roll(Int(c, "shifts"), Int(c, "dim")),
        ["repeat"] = (x, c) => x[0].Repeat(Ints(c, "repeats")),
        ["cat"] = (x, c) => Tensor.Concat(x, Int(c, "dim")),
        ["stack"] = (x, c) => Tensor.Stack(x, Int(c, "dim")),
        ["slice"] = (x, c) => x[0][[.. c.GetProperty("ranges").EnumerateArray().Select(Range)]],
        ["select"] = (x, c) => x[0].Select(Int(c, "dim"), Int(c, "index")),
        ["narrow"] = (x, c) => x[0].Narrow(Int(c, "dim"), Int(c, "start"), Int(c, "length")),
        ["index_select"] = (x, c) => x[0].IndexSelect(Int(c, "dim"), x[1]),
        ["gather"] = (x, c) => x[0].Gather(Int(c, "dim"), x[1]),
        ["scatter_add"] = (x, c) => x[0].ScatterAdd(Int(c, "dim"), x[1], x[2]),
        ["where"] = (x, _) => Tensor.Where(x[0], x[1], x[2]),
        ["masked_fill"] = (x, c) => x[0].MaskedFill(x[1], c.GetProperty("value").GetDouble()),
        ["eq"] = (x, _) => x[0].Equal(x[1]),
        ["ne"] = (x, _) => x[0].NotEqual(x[1]),
        ["lt"] = (x, _) => x[0].Less(x[1]),
        ["le"] = (x, _) => x[0].LessOrEqual(x[1]),
        ["gt"] = (x, _) => x[0].Greater(x[1]),
        ["ge"] = (x, _) => x[0].GreaterOrEqual(x[1]),
        ["logical_and"] = (x, _) => x[0].LogicalAnd(x[1]),
        ["logical_or"] = (x, _) => x[0].LogicalOr(x[1]),
        ["logical_xor"] = (x, _) => x[0].LogicalXor(x[1]),
        ["logical_not"] = (x, _) => x[0].LogicalNot(),
        ["any"] = (x, c) => x[0].Any(Int(c, "dim")),
        ["all"] = (x, c) => x[0].All(Int(c, "dim")),
        ["tril"] = (x, c) => x[0].Tril(Diagonal(c)),
        ["triu"] = (x, c) => x[0].Triu(Diagonal(c)),
        ["diag"] = (x, c) => x[0].Diag(Diagonal(c)),
        ["trace"] = (x, _) => x[0].Trace(),
        ["outer"] = (x, _) => x[0].Outer(x[1]),
        ["one_hot"] = (x, c) => x[0].OneHot(Int(c, "num_classes")),
        ["pad"] = (x, c) => x[0].Pad(Ints(c, "padding"), c.GetProperty("value").GetDouble()),
        ["inverse"] = (x, _) => x[0].Inverse(),
        ["det"] = (x, _) => x[0].Det(),
        ["cdist"] = (x, _) => x[0].CDist(x[1]),
        ["chain"] = (x, _) => (x[0].MatMul(x[1]) + x[2]).Tanh().Pow(2).Mean(),
        ["reuse"] = (x, _) => ((x[0] * x[0].Exp()) + (x[0].Sin() * x[0])).Sum(),
    };

    public static Tensor[] Run(string operation, Tensor[] x, JsonElement config) => operation switch
    {
        "sort" => Both(x[0].Sort(Int(config, "dim"), config.TryGetProperty("descending", out var down) && down.GetBoolean())),
        "topk" => Both(x[0].TopK(Int(config, "k"), Int(config, "dim"))),
        "chunk" => x[0].Chunk(Int(config, "chunks"), Int(config, "dim")),
        "split" => x[0].Split(Ints(config, "sizes"), Int(config, "dim")),
        _ => Operations.TryGetValue(operation, out var one) ? [one(x, config)] : throw new NotSupportedException($"there is no operation '{operation}'"),
    };

    private static Tensor[] Both((Tensor Values, Tensor Indices) pair) => [pair.Values, pair.Indices];

    private static int Int(JsonElement config, string key) => config.GetProperty(key).GetInt32();

    private static int[] Ints(JsonElement config, string key) => [.. config.GetProperty(key).EnumerateArray().Select(one => one.GetInt32())];

    private static int? Dim(JsonElement config) => config.TryGetProperty("dim", out var dim) && dim.ValueKind == JsonValueKind.Number ? dim.GetInt32() : null;

    private static bool Keep(JsonElement config) => config.TryGetProperty("keepdim", out var keep) && keep.GetBoolean();

    private static int Diagonal(JsonElement config) => config.TryGetProperty("diagonal", out var diagonal) ? diagonal.GetInt32() : 0;

    private static TensorIndex Range(JsonElement range) => TensorIndex.Slice(range[0].GetInt32(), range[1].GetInt32(), range[2].GetInt32());
}
