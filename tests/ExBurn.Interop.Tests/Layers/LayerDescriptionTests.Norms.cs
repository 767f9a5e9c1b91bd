namespace ExBurn.Tests.Layers;

public sealed partial class LayerDescriptionTests
{
    private static (Layer, string)[] Norms =>
    [
        (new BatchNorm3d(2), """{"type":"BatchNorm3d","config":{"num_features":2,"eps":1E-05,"momentum":0.1,"affine":true,"track_running_stats":true}}"""),
        (new GroupNorm(2, 6), """{"type":"GroupNorm","config":{"num_groups":2,"num_channels":6,"eps":1E-05,"affine":true}}"""),
        (new InstanceNorm1d(3), """{"type":"InstanceNorm1d","config":{"num_features":3,"eps":1E-05,"momentum":0.1,"affine":false,"track_running_stats":false}}"""),
        (new InstanceNorm2d(3), """{"type":"InstanceNorm2d","config":{"num_features":3,"eps":1E-05,"momentum":0.1,"affine":false,"track_running_stats":false}}"""),
        (new InstanceNorm3d(3), """{"type":"InstanceNorm3d","config":{"num_features":3,"eps":1E-05,"momentum":0.1,"affine":false,"track_running_stats":false}}"""),
        (new InstanceNorm2d(3) { Momentum = null, Affine = true, TrackRunningStats = true }, """{"type":"InstanceNorm2d","config":{"num_features":3,"eps":1E-05,"momentum":null,"affine":true,"track_running_stats":true}}"""),
        (new RMSNorm([6]), """{"type":"RMSNorm","config":{"normalized_shape":[6],"eps":null,"elementwise_affine":true}}"""),
        (new RMSNorm([3, 4]) { Eps = 0.5, ElementwiseAffine = false }, """{"type":"RMSNorm","config":{"normalized_shape":[3,4],"eps":0.5,"elementwise_affine":false}}"""),
        (new LocalResponseNorm(5), """{"type":"LocalResponseNorm","config":{"size":5,"alpha":0.0001,"beta":0.75,"k":1}}"""),
        (new Bilinear(3, 4, 2), """{"type":"Bilinear","config":{"in1_features":3,"in2_features":4,"out_features":2,"bias":true}}"""),
        (new CosineSimilarity(), """{"type":"CosineSimilarity","config":{"dim":1,"eps":1E-08}}"""),
        (new PairwiseDistance(), """{"type":"PairwiseDistance","config":{"p":2,"eps":1E-06,"keepdim":false}}"""),
        (new PairwiseDistance(double.PositiveInfinity) { KeepDim = true }, """{"type":"PairwiseDistance","config":{"p":"inf","eps":1E-06,"keepdim":true}}"""),
    ];
}
