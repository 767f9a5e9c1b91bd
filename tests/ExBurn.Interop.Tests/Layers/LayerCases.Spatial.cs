using System.Text.Json;
using Family = System.Collections.Generic.Dictionary<string, (string[] Positions, System.Func<ExBurn.Tests.Layers.LayerCases.Options, ExBurn.Layer> Make)>;

namespace ExBurn.Tests.Layers;

internal static partial class LayerCases
{
    private static readonly string[] _channelsAndKernel = ["in_channels", "out_channels", "kernel_size"];

    private static Family Spatial => new()
    {
        ["Conv1d"] = (_channelsAndKernel, o => new Conv1d(o.Int("in_channels"), o.Int("out_channels"), o.Int("kernel_size"))
        {
            Stride = o.Int("stride", 1),
            Padding = o.Padding1("padding"),
            Dilation = o.Int("dilation", 1),
            Groups = o.Int("groups", 1),
            Bias = o.Flag("bias", true),
            PaddingMode = Enum.Parse<PaddingMode>(o.Text("padding_mode", "zeros"), ignoreCase: true),
        }),
        ["Conv3d"] = (_channelsAndKernel, o => new Conv3d(o.Int("in_channels"), o.Int("out_channels"), o.Size3("kernel_size")!.Value)
        {
            Stride = o.Size3("stride") ?? 1,
            Padding = o.Padding3("padding"),
            Dilation = o.Size3("dilation") ?? 1,
            Groups = o.Int("groups", 1),
            Bias = o.Flag("bias", true),
            PaddingMode = Enum.Parse<PaddingMode>(o.Text("padding_mode", "zeros"), ignoreCase: true),
        }),
        ["ConvTranspose1d"] = (_channelsAndKernel, o => new ConvTranspose1d(o.Int("in_channels"), o.Int("out_channels"), o.Int("kernel_size"))
        {
            Stride = o.Int("stride", 1),
            Padding = o.Int("padding", 0),
            OutputPadding = o.Int("output_padding", 0),
            Dilation = o.Int("dilation", 1),
            Groups = o.Int("groups", 1),
            Bias = o.Flag("bias", true),
        }),
        ["ConvTranspose2d"] = (_channelsAndKernel, o => new ConvTranspose2d(o.Int("in_channels"), o.Int("out_channels"), o.Size("kernel_size")!.Value)
        {
            Stride = o.Size("stride") ?? 1,
            Padding = o.Size("padding") ?? 0,
            OutputPadding = o.Size("output_padding") ?? 0,
            Dilation = o.Size("dilation") ?? 1,
            Groups = o.Int("groups", 1),
            Bias = o.Flag("bias", true),
        }),
        ["ConvTranspose3d"] = (_channelsAndKernel, o => new ConvTranspose3d(o.Int("in_channels"), o.Int("out_channels"), o.Size3("kernel_size")!.Value)
        {
            Stride = o.Size3("stride") ?? 1,
            Padding = o.Size3("padding") ?? 0,
            OutputPadding = o.Size3("output_padding") ?? 0,
            Dilation = o.Size3("dilation") ?? 1,
            Groups = o.Int("groups", 1),
            Bias = o.Flag("bias", true),
        }),
        ["MaxPool1d"] = (["kernel_size"], o => new MaxPool1d(o.Int("kernel_size"))
        {
            Stride = o.Length("stride"),
            Padding = o.Int("padding", 0),
            Dilation = o.Int("dilation", 1),
            CeilMode = o.Flag("ceil_mode", false),
        }),
        ["MaxPool3d"] = (["kernel_size"], o => new MaxPool3d(o.Size3("kernel_size")!.Value)
        {
            Stride = o.Size3("stride"),
            Padding = o.Size3("padding") ?? 0,
            Dilation = o.Size3("dilation") ?? 1,
            CeilMode = o.Flag("ceil_mode", false),
        }),
        ["AvgPool1d"] = (["kernel_size"], o => new AvgPool1d(o.Int("kernel_size"))
        {
            Stride = o.Length("stride"),
            Padding = o.Int("padding", 0),
            CeilMode = o.Flag("ceil_mode", false),
            CountIncludePad = o.Flag("count_include_pad", true),
        }),
        ["AvgPool3d"] = (["kernel_size"], o => new AvgPool3d(o.Size3("kernel_size")!.Value)
        {
            Stride = o.Size3("stride"),
            Padding = o.Size3("padding") ?? 0,
            CeilMode = o.Flag("ceil_mode", false),
            CountIncludePad = o.Flag("count_include_pad", true),
            DivisorOverride = o.Length("divisor_override"),
        }),
        ["LPPool1d"] = (["norm_type", "kernel_size"], o => new LPPool1d(o.Number("norm_type", 2), o.Int("kernel_size")) { Stride = o.Length("stride"), CeilMode = o.Flag("ceil_mode", false) }),
        ["LPPool2d"] = (["norm_type", "kernel_size"], o => new LPPool2d(o.Number("norm_type", 2), o.Size("kernel_size")!.Value) { Stride = o.Size("stride"), CeilMode = o.Flag("ceil_mode", false) }),
        ["LPPool3d"] = (["norm_type", "kernel_size"], o => new LPPool3d(o.Number("norm_type", 2), o.Size3("kernel_size")!.Value) { Stride = o.Size3("stride"), CeilMode = o.Flag("ceil_mode", false) }),
        ["AdaptiveAvgPool1d"] = (["output_size"], o => new AdaptiveAvgPool1d(o.Length("output_size"))),
        ["AdaptiveAvgPool3d"] = (["output_size"], o => new AdaptiveAvgPool3d(o.OutputSize3("output_size"))),
        ["AdaptiveMaxPool1d"] = (["output_size"], o => new AdaptiveMaxPool1d(o.Length("output_size"))),
        ["AdaptiveMaxPool2d"] = (["output_size"], o => new AdaptiveMaxPool2d(o.OutputSize("output_size"))),
        ["AdaptiveMaxPool3d"] = (["output_size"], o => new AdaptiveMaxPool3d(o.OutputSize3("output_size"))),
        ["ZeroPad1d"] = (["padding"], o => new ZeroPad1d(o.Sides1())),
        ["ZeroPad2d"] = (["padding"], o => new ZeroPad2d(o.Sides2())),
        ["ZeroPad3d"] = (["padding"], o => new ZeroPad3d(o.Sides3())),
        ["ConstantPad1d"] = (["padding", "value"], o => new ConstantPad1d(o.Sides1(), o.Number("value", 0))),
        ["ConstantPad2d"] = (["padding", "value"], o => new ConstantPad2d(o.Sides2(), o.Number("value", 0))),
        ["ConstantPad3d"] = (["padding", "value"], o => new ConstantPad3d(o.Sides3(), o.Number("value", 0))),
        ["ReflectionPad1d"] = (["padding"], o => new ReflectionPad1d(o.Sides1())),
        ["ReflectionPad2d"] = (["padding"], o => new ReflectionPad2d(o.Sides2())),
        ["ReflectionPad3d"] = (["padding"], o => new ReflectionPad3d(o.Sides3())),
        ["ReplicationPad1d"] = (["padding"], o => new ReplicationPad1d(o.Sides1())),
        ["ReplicationPad2d"] = (["padding"], o => new ReplicationPad2d(o.Sides2())),
        ["ReplicationPad3d"] = (["padding"], o => new ReplicationPad3d(o.Sides3())),
        ["CircularPad1d"] = (["padding"], o => new CircularPad1d(o.Sides1())),
        ["CircularPad2d"] = (["padding"], o => new CircularPad2d(o.Sides2())),
        ["CircularPad3d"] = (["padding"], o => new CircularPad3d(o.Sides3())),
        ["Upsample"] = ([], o => new Upsample
        {
            Size = o.SpatialSize("size"),
            ScaleFactor = o.SpatialScale("scale_factor"),
            Mode = Enum.Parse<UpsampleMode>(o.Text("mode", "nearest").Replace("-", "", StringComparison.Ordinal), ignoreCase: true),
            AlignCorners = o.Flag("align_corners", false),
            RecomputeScaleFactor = o.Flag("recompute_scale_factor", false),
        }),
        ["UpsamplingNearest2d"] = ([], o => new UpsamplingNearest2d { Size = o.Size("size"), ScaleFactor = o.SpatialScale("scale_factor") }),
        ["UpsamplingBilinear2d"] = ([], o => new UpsamplingBilinear2d { Size = o.Size("size"), ScaleFactor = o.SpatialScale("scale_factor") }),
        ["PixelShuffle"] = (["upscale_factor"], o => new PixelShuffle(o.Int("upscale_factor"))),
        ["PixelUnshuffle"] = (["downscale_factor"], o => new PixelUnshuffle(o.Int("downscale_factor"))),
        ["ChannelShuffle"] = (["groups"], o => new ChannelShuffle(o.Int("groups"))),
        ["Unfold"] = (["kernel_size"], o => new Unfold(o.Size("kernel_size")!.Value)
        {
            Dilation = o.Size("dilation") ?? 1,
            Padding = o.Size("padding") ?? 0,
            Stride = o.Size("stride") ?? 1,
        }),
        ["Fold"] = (["output_size", "kernel_size"], o => new Fold(o.Size("output_size")!.Value, o.Size("kernel_size")!.Value)
        {
            Dilation = o.Size("dilation") ?? 1,
            Padding = o.Size("padding") ?? 0,
            Stride = o.Size("stride") ?? 1,
        }),
    };

    internal sealed partial class Options
    {
        public int? Length(string key) => Ints(key)?[0];

        public Size3? Size3(string key) => Ints(key) is { } sizes ? (sizes[0]!.Value, sizes[sizes.Length / 2]!.Value, sizes[^1]!.Value) : null;

        public OutputSize3 OutputSize3(string key) => Ints(key) is { } sizes ? (sizes[0], sizes[sizes.Length / 2], sizes[^1]) : (null, null, null);

        public Padding1 Padding1(string key) => Get(key) switch
        {
            null => 0,
            { ValueKind: JsonValueKind.String } word => word.GetString() == "same" ? ExBurn.Padding1.Same : ExBurn.Padding1.Valid,
            _ => Length(key)!.Value,
        };

        public Padding3 Padding3(string key) => Get(key) switch
        {
            null => 0,
            { ValueKind: JsonValueKind.String } word => word.GetString() == "same" ? ExBurn.Padding3.Same : ExBurn.Padding3.Valid,
            _ => (Size3(key)!.Value.Depth, Size3(key)!.Value.Height, Size3(key)!.Value.Width),
        };

        public Sides1 Sides1() => Sides() is [var left, var right] ? (left, right) : Sides()[0];

        public Sides2 Sides2() => Sides() is [var left, var right, var top, var bottom] ? (left, right, top, bottom) : Sides()[0];

        public Sides3 Sides3() => Sides() is [var left, var right, var top, var bottom, var front, var back] ? (left, right, top, bottom, front, back) : Sides()[0];

        public SpatialSize? SpatialSize(string key) => Ints(key) switch
        {
            null => null,
            [{ } all] => all,
            [{ } height, { } width] => (height, width),
            var sizes => (sizes[0]!.Value, sizes[1]!.Value, sizes[2]!.Value),
        };

        public SpatialScale? SpatialScale(string key) => Get(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } all => all.GetDouble(),
            { } list => list.GetArrayLength() == 2
                ? (list[0].GetDouble(), list[1].GetDouble())
                : (list[0].GetDouble(), list[1].GetDouble(), list[2].GetDouble()),
        };

        private int[] Sides() => [.. Ints("padding")!.Select(side => side!.Value)];
    }
}
