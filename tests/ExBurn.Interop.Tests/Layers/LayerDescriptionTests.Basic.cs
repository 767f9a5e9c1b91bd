namespace ExBurn.Tests.Layers;

public sealed partial class LayerDescriptionTests
{
    private static (Layer, string)[] Basic =>
    [
        (new Linear(784, 256), """{"type":"Linear","config":{"in_features":784,"out_features":256,"bias":true}}"""),
        (new Linear(5, 3) { Bias = false }, """{"type":"Linear","config":{"in_features":5,"out_features":3,"bias":false}}"""),
        (
            new Conv2d(4, 8, 3),
            """{"type":"Conv2d","config":{"in_channels":4,"out_channels":8,"kernel_size":3,"stride":1,"padding":0,"dilation":1,"groups":1,"bias":true,"padding_mode":"zeros"}}"""
        ),
        (
            new Conv2d(4, 8, (3, 2)) { Stride = (2, 1), Padding = (1, 0), Dilation = 2, Groups = 4, Bias = false, PaddingMode = PaddingMode.Circular },
            """{"type":"Conv2d","config":{"in_channels":4,"out_channels":8,"kernel_size":[3,2],"stride":[2,1],"padding":[1,0],"dilation":2,"groups":4,"bias":false,"padding_mode":"circular"}}"""
        ),
        (
            new Conv2d(1, 2, 5) { Padding = Padding2.Same },
            """{"type":"Conv2d","config":{"in_channels":1,"out_channels":2,"kernel_size":5,"stride":1,"padding":"same","dilation":1,"groups":1,"bias":true,"padding_mode":"zeros"}}"""
        ),
        (new MaxPool2d(2), """{"type":"MaxPool2d","config":{"kernel_size":2,"stride":null,"padding":0,"dilation":1,"ceil_mode":false}}"""),
        (
            new MaxPool2d((3, 2)) { Stride = 2, Padding = 1, Dilation = (1, 2), CeilMode = true },
            """{"type":"MaxPool2d","config":{"kernel_size":[3,2],"stride":2,"padding":1,"dilation":[1,2],"ceil_mode":true}}"""
        ),
        (
            new AvgPool2d(2),
            """{"type":"AvgPool2d","config":{"kernel_size":2,"stride":null,"padding":0,"ceil_mode":false,"count_include_pad":true,"divisor_override":null}}"""
        ),
        (
            new AvgPool2d(3) { Stride = 2, Padding = 1, CountIncludePad = false, DivisorOverride = 4 },
            """{"type":"AvgPool2d","config":{"kernel_size":3,"stride":2,"padding":1,"ceil_mode":false,"count_include_pad":false,"divisor_override":4}}"""
        ),
        (new AdaptiveAvgPool2d(1), """{"type":"AdaptiveAvgPool2d","config":{"output_size":[1,1]}}"""),
        (new AdaptiveAvgPool2d((null, 7)), """{"type":"AdaptiveAvgPool2d","config":{"output_size":[null,7]}}"""),
        (new BatchNorm1d(4), """{"type":"BatchNorm1d","config":{"num_features":4,"eps":1E-05,"momentum":0.1,"affine":true,"track_running_stats":true}}"""),
        (
            new BatchNorm2d(3) { Eps = 0.001, Momentum = null, Affine = false, TrackRunningStats = false },
            """{"type":"BatchNorm2d","config":{"num_features":3,"eps":0.001,"momentum":null,"affine":false,"track_running_stats":false}}"""
        ),
        (new LayerNorm([3, 4]), """{"type":"LayerNorm","config":{"normalized_shape":[3,4],"eps":1E-05,"elementwise_affine":true,"bias":true}}"""),
        (new Dropout(), """{"type":"Dropout","config":{"p":0.5}}"""),
        (new Dropout(0.2), """{"type":"Dropout","config":{"p":0.2}}"""),
        (new Flatten(), """{"type":"Flatten","config":{"start_dim":1,"end_dim":-1}}"""),
        (new Unflatten(1, [3, -1]), """{"type":"Unflatten","config":{"dim":1,"unflattened_size":[3,-1]}}"""),
        (new Embedding(7, 4), """{"type":"Embedding","config":{"num_embeddings":7,"embedding_dim":4,"padding_idx":null,"max_norm":null,"norm_type":2,"scale_grad_by_freq":false}}"""),
        (new Embedding(7, 4) { PaddingIndex = 0 }, """{"type":"Embedding","config":{"num_embeddings":7,"embedding_dim":4,"padding_idx":0,"max_norm":null,"norm_type":2,"scale_grad_by_freq":false}}"""),
        (new ReLU(), """{"type":"ReLU","config":{}}"""),
        (new LeakyReLU(), """{"type":"LeakyReLU","config":{"negative_slope":0.01}}"""),
        (new GELU(), """{"type":"GELU","config":{"approximate":"none"}}"""),
        (new GELU(GeluApproximation.Tanh), """{"type":"GELU","config":{"approximate":"tanh"}}"""),
        (new SiLU(), """{"type":"SiLU","config":{}}"""),
        (new Sigmoid(), """{"type":"Sigmoid","config":{}}"""),
        (new Tanh(), """{"type":"Tanh","config":{}}"""),
        (new Softmax(1), """{"type":"Softmax","config":{"dim":1}}"""),
        (new LogSoftmax(-1), """{"type":"LogSoftmax","config":{"dim":-1}}"""),
    ];
}
