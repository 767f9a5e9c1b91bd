namespace ExBurn.Tests.Layers;

public sealed partial class LayerDescriptionTests
{
    private static (Layer, string)[] Spatial =>
    [
        (
            new Conv1d(3, 6, 3),
            """{"type":"Conv1d","config":{"in_channels":3,"out_channels":6,"kernel_size":3,"stride":1,"padding":0,"dilation":1,"groups":1,"bias":true,"padding_mode":"zeros"}}"""
        ),
        (
            new Conv1d(3, 6, 4) { Padding = Padding1.Same, Dilation = 2, Groups = 3, Bias = false, PaddingMode = PaddingMode.Replicate },
            """{"type":"Conv1d","config":{"in_channels":3,"out_channels":6,"kernel_size":4,"stride":1,"padding":"same","dilation":2,"groups":3,"bias":false,"padding_mode":"replicate"}}"""
        ),
        (
            new Conv3d(2, 3, 2) { Stride = 2, Padding = 1 },
            """{"type":"Conv3d","config":{"in_channels":2,"out_channels":3,"kernel_size":2,"stride":2,"padding":1,"dilation":1,"groups":1,"bias":true,"padding_mode":"zeros"}}"""
        ),
        (
            new Conv3d(2, 4, (1, 3, 3)) { Stride = (2, 1, 1), Padding = (0, 1, 1), Dilation = (1, 1, 2), Groups = 2, Bias = false, PaddingMode = PaddingMode.Reflect },
            """{"type":"Conv3d","config":{"in_channels":2,"out_channels":4,"kernel_size":[1,3,3],"stride":[2,1,1],"padding":[0,1,1],"dilation":[1,1,2],"groups":2,"bias":false,"padding_mode":"reflect"}}"""
        ),
        (
            new Conv3d(2, 4, 3) { Padding = Padding3.Valid },
            """{"type":"Conv3d","config":{"in_channels":2,"out_channels":4,"kernel_size":3,"stride":1,"padding":"valid","dilation":1,"groups":1,"bias":true,"padding_mode":"zeros"}}"""
        ),
        (
            new ConvTranspose1d(4, 3, 3) { Stride = 2, Padding = 1, OutputPadding = 1 },
            """{"type":"ConvTranspose1d","config":{"in_channels":4,"out_channels":3,"kernel_size":3,"stride":2,"padding":1,"output_padding":1,"dilation":1,"groups":1,"bias":true}}"""
        ),
        (
            new ConvTranspose2d(4, 2, (3, 2)) { Stride = (2, 1), Padding = (1, 0), OutputPadding = (1, 0), Dilation = 2, Groups = 2, Bias = false },
            """{"type":"ConvTranspose2d","config":{"in_channels":4,"out_channels":2,"kernel_size":[3,2],"stride":[2,1],"padding":[1,0],"output_padding":[1,0],"dilation":2,"groups":2,"bias":false}}"""
        ),
        (
            new ConvTranspose3d(2, 2, 2) { Stride = 2, OutputPadding = (1, 0, 0) },
            """{"type":"ConvTranspose3d","config":{"in_channels":2,"out_channels":2,"kernel_size":2,"stride":2,"padding":0,"output_padding":[1,0,0],"dilation":1,"groups":1,"bias":true}}"""
        ),
        (new MaxPool1d(2), """{"type":"MaxPool1d","config":{"kernel_size":2,"stride":null,"padding":0,"dilation":1,"ceil_mode":false}}"""),
        (
            new MaxPool1d(3) { Stride = 2, Padding = 1, Dilation = 2, CeilMode = true },
            """{"type":"MaxPool1d","config":{"kernel_size":3,"stride":2,"padding":1,"dilation":2,"ceil_mode":true}}"""
        ),
        (
            new MaxPool3d((1, 2, 2)) { Stride = (1, 2, 2), Padding = (0, 1, 1), Dilation = 2, CeilMode = true },
            """{"type":"MaxPool3d","config":{"kernel_size":[1,2,2],"stride":[1,2,2],"padding":[0,1,1],"dilation":2,"ceil_mode":true}}"""
        ),
        (new AvgPool1d(2), """{"type":"AvgPool1d","config":{"kernel_size":2,"stride":null,"padding":0,"ceil_mode":false,"count_include_pad":true}}"""),
        (
            new AvgPool1d(3) { Stride = 2, Padding = 1, CeilMode = true, CountIncludePad = false },
            """{"type":"AvgPool1d","config":{"kernel_size":3,"stride":2,"padding":1,"ceil_mode":true,"count_include_pad":false}}"""
        ),
        (
            new AvgPool3d(2) { Stride = (2, 1, 1), Padding = 1, DivisorOverride = 5 },
            """{"type":"AvgPool3d","config":{"kernel_size":2,"stride":[2,1,1],"padding":1,"ceil_mode":false,"count_include_pad":true,"divisor_override":5}}"""
        ),
        (new LPPool1d(2, 3), """{"type":"LPPool1d","config":{"norm_type":2,"kernel_size":3,"stride":null,"ceil_mode":false}}"""),
        (
            new LPPool2d(1.5, (3, 2)) { Stride = 1, CeilMode = true },
            """{"type":"LPPool2d","config":{"norm_type":1.5,"kernel_size":[3,2],"stride":1,"ceil_mode":true}}"""
        ),
        (new LPPool3d(2, 2) { Stride = (1, 2, 2) }, """{"type":"LPPool3d","config":{"norm_type":2,"kernel_size":2,"stride":[1,2,2],"ceil_mode":false}}"""),
        (new AdaptiveAvgPool1d(4), """{"type":"AdaptiveAvgPool1d","config":{"output_size":[4]}}"""),
        (new AdaptiveAvgPool3d((null, 2, 3)), """{"type":"AdaptiveAvgPool3d","config":{"output_size":[null,2,3]}}"""),
        (new AdaptiveMaxPool1d(null), """{"type":"AdaptiveMaxPool1d","config":{"output_size":[null]}}"""),
        (new AdaptiveMaxPool2d((2, 3)), """{"type":"AdaptiveMaxPool2d","config":{"output_size":[2,3]}}"""),
        (new AdaptiveMaxPool3d(2), """{"type":"AdaptiveMaxPool3d","config":{"output_size":[2,2,2]}}"""),
        (new ZeroPad1d(1), """{"type":"ZeroPad1d","config":{"padding":[1,1]}}"""),
        (new ZeroPad2d((1, 2, 0, -1)), """{"type":"ZeroPad2d","config":{"padding":[1,2,0,-1]}}"""),
        (new ZeroPad3d((1, 2, 3, 4, 5, 6)), """{"type":"ZeroPad3d","config":{"padding":[1,2,3,4,5,6]}}"""),
        (new ConstantPad1d((1, 2), 0.5), """{"type":"ConstantPad1d","config":{"padding":[1,2],"value":0.5}}"""),
        (new ConstantPad2d(1, 1.5), """{"type":"ConstantPad2d","config":{"padding":[1,1,1,1],"value":1.5}}"""),
        (new ConstantPad3d(1, -1), """{"type":"ConstantPad3d","config":{"padding":[1,1,1,1,1,1],"value":-1}}"""),
        (new ReflectionPad1d(1), """{"type":"ReflectionPad1d","config":{"padding":[1,1]}}"""),
        (new ReflectionPad2d((1, 2, 1, 0)), """{"type":"ReflectionPad2d","config":{"padding":[1,2,1,0]}}"""),
        (new ReflectionPad3d(1), """{"type":"ReflectionPad3d","config":{"padding":[1,1,1,1,1,1]}}"""),
        (new ReplicationPad1d(1), """{"type":"ReplicationPad1d","config":{"padding":[1,1]}}"""),
        (new ReplicationPad2d(2), """{"type":"ReplicationPad2d","config":{"padding":[2,2,2,2]}}"""),
        (new ReplicationPad3d(1), """{"type":"ReplicationPad3d","config":{"padding":[1,1,1,1,1,1]}}"""),
        (new CircularPad1d(1), """{"type":"CircularPad1d","config":{"padding":[1,1]}}"""),
        (new CircularPad2d(1), """{"type":"CircularPad2d","config":{"padding":[1,1,1,1]}}"""),
        (new CircularPad3d((0, 0, 1, 1, 2, 2)), """{"type":"CircularPad3d","config":{"padding":[0,0,1,1,2,2]}}"""),
        (
            new Upsample { ScaleFactor = 2 },
            """{"type":"Upsample","config":{"size":null,"scale_factor":2,"mode":"nearest","align_corners":null,"recompute_scale_factor":false}}"""
        ),
        (
            new Upsample { Size = 7, Mode = UpsampleMode.Linear },
            """{"type":"Upsample","config":{"size":7,"scale_factor":null,"mode":"linear","align_corners":false,"recompute_scale_factor":false}}"""
        ),
        (
            new Upsample { ScaleFactor = (2, 1.5), Mode = UpsampleMode.Bicubic, AlignCorners = true, RecomputeScaleFactor = true },
            """{"type":"Upsample","config":{"size":null,"scale_factor":[2,1.5],"mode":"bicubic","align_corners":true,"recompute_scale_factor":true}}"""
        ),
        (
            new Upsample { Size = (4, 5, 6), Mode = UpsampleMode.Trilinear },
            """{"type":"Upsample","config":{"size":[4,5,6],"scale_factor":null,"mode":"trilinear","align_corners":false,"recompute_scale_factor":false}}"""
        ),
        (
            new Upsample { Size = (4, 5), Mode = UpsampleMode.NearestExact },
            """{"type":"Upsample","config":{"size":[4,5],"scale_factor":null,"mode":"nearest-exact","align_corners":null,"recompute_scale_factor":false}}"""
        ),
        (new UpsamplingNearest2d { ScaleFactor = 2 }, """{"type":"UpsamplingNearest2d","config":{"size":null,"scale_factor":2}}"""),
        (new UpsamplingBilinear2d { Size = (5, 7) }, """{"type":"UpsamplingBilinear2d","config":{"size":[5,7],"scale_factor":null}}"""),
        (new PixelShuffle(2), """{"type":"PixelShuffle","config":{"upscale_factor":2}}"""),
        (new PixelUnshuffle(2), """{"type":"PixelUnshuffle","config":{"downscale_factor":2}}"""),
        (new ChannelShuffle(3), """{"type":"ChannelShuffle","config":{"groups":3}}"""),
        (
            new Unfold((2, 3)) { Padding = 1 },
            """{"type":"Unfold","config":{"kernel_size":[2,3],"dilation":1,"padding":1,"stride":1}}"""
        ),
        (
            new Fold((5, 4), 2) { Dilation = (1, 2), Padding = (0, 1), Stride = 2 },
            """{"type":"Fold","config":{"output_size":[5,4],"kernel_size":2,"dilation":[1,2],"padding":[0,1],"stride":2}}"""
        ),
    ];
}
