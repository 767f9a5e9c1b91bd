using Family = System.Collections.Generic.Dictionary<string, (string[] Positions, System.Func<ExBurn.Tests.Layers.LayerCases.Options, ExBurn.Layer> Make)>;

namespace ExBurn.Tests.Layers;

internal static partial class LayerCases
{
    private static Family Basic => new()
    {
        ["Linear"] = (["in_features", "out_features"], o => new Linear(o.Int("in_features"), o.Int("out_features")) { Bias = o.Flag("bias", true) }),
        ["Conv2d"] = (["in_channels", "out_channels", "kernel_size"], o => new Conv2d(o.Int("in_channels"), o.Int("out_channels"), o.Size("kernel_size")!.Value)
        {
            Stride = o.Size("stride") ?? 1,
            Padding = o.Padding("padding"),
            Dilation = o.Size("dilation") ?? 1,
            Groups = o.Int("groups", 1),
            Bias = o.Flag("bias", true),
            PaddingMode = Enum.Parse<PaddingMode>(o.Text("padding_mode", "zeros"), ignoreCase: true),
        }),
        ["MaxPool2d"] = (["kernel_size"], o => new MaxPool2d(o.Size("kernel_size")!.Value)
        {
            Stride = o.Size("stride"),
            Padding = o.Size("padding") ?? 0,
            Dilation = o.Size("dilation") ?? 1,
            CeilMode = o.Flag("ceil_mode", false),
        }),
        ["AvgPool2d"] = (["kernel_size"], o => new AvgPool2d(o.Size("kernel_size")!.Value)
        {
            Stride = o.Size("stride"),
            Padding = o.Size("padding") ?? 0,
            CeilMode = o.Flag("ceil_mode", false),
            CountIncludePad = o.Flag("count_include_pad", true),
            DivisorOverride = o.Has("divisor_override") ? o.Int("divisor_override") : null,
        }),
        ["AdaptiveAvgPool2d"] = (["output_size"], o => new AdaptiveAvgPool2d(o.OutputSize("output_size"))),
        ["BatchNorm1d"] = (["num_features"], o => new BatchNorm1d(o.Int("num_features"))
        {
            Eps = o.Number("eps", 1e-5),
            Momentum = o.Number("momentum", 0.1),
            Affine = o.Flag("affine", true),
        }),
        ["BatchNorm2d"] = (["num_features"], o => new BatchNorm2d(o.Int("num_features"))
        {
            Eps = o.Number("eps", 1e-5),
            Momentum = o.Number("momentum", 0.1),
            Affine = o.Flag("affine", true),
        }),
        ["LayerNorm"] = (["normalized_shape"], o => new LayerNorm(o.Shape("normalized_shape"))
        {
            Eps = o.Number("eps", 1e-5),
            ElementwiseAffine = o.Flag("elementwise_affine", true),
            Bias = o.Flag("bias", true),
        }),
        ["Dropout"] = (["p"], o => new Dropout(o.Number("p", 0.5))),
        ["Flatten"] = (["start_dim", "end_dim"], o => new Flatten(o.Int("start_dim", 1), o.Int("end_dim", -1))),
        ["Unflatten"] = (["dim", "unflattened_size"], o => new Unflatten(o.Int("dim"), o.Shape("unflattened_size"))),
        ["Embedding"] = (["num_embeddings", "embedding_dim"], o => new Embedding(o.Int("num_embeddings"), o.Int("embedding_dim"))
        {
            PaddingIndex = o.Has("padding_idx") ? o.Int("padding_idx") : null,
            MaxNorm = o.Has("max_norm") ? o.Number("max_norm", 0) : null,
            NormType = o.Number("norm_type", 2),
            ScaleGradientByFrequency = o.Flag("scale_grad_by_freq", false),
        }),
        ["ReLU"] = ([], _ => new ReLU()),
        ["LeakyReLU"] = (["negative_slope"], o => new LeakyReLU(o.Number("negative_slope", 0.01))),
        ["GELU"] = ([], o => new GELU(o.Text("approximate", "none") == "tanh" ? GeluApproximation.Tanh : GeluApproximation.None)),
        ["SiLU"] = ([], _ => new SiLU()),
        ["Sigmoid"] = ([], _ => new Sigmoid()),
        ["Tanh"] = ([], _ => new Tanh()),
        ["Softmax"] = (["dim"], o => new Softmax(o.Int("dim"))),
        ["LogSoftmax"] = (["dim"], o => new LogSoftmax(o.Int("dim"))),
    };
}
