using Family = System.Collections.Generic.Dictionary<string, (string[] Positions, System.Func<ExBurn.Tests.Layers.LayerCases.Options, ExBurn.Layer> Make)>;

namespace ExBurn.Tests.Layers;

internal static partial class LayerCases
{
    private static Family Norms => new()
    {
        ["BatchNorm3d"] = (["num_features"], o => new BatchNorm3d(o.Int("num_features"))
        {
            Eps = o.Number("eps", 1e-5),
            Momentum = o.Number("momentum", 0.1),
            Affine = o.Flag("affine", true),
            TrackRunningStats = o.Flag("track_running_stats", true),
        }),
        ["GroupNorm"] = (["num_groups", "num_channels"], o => new GroupNorm(o.Int("num_groups"), o.Int("num_channels"))
        {
            Eps = o.Number("eps", 1e-5),
            Affine = o.Flag("affine", true),
        }),
        ["InstanceNorm1d"] = (["num_features"], o => new InstanceNorm1d(o.Int("num_features"))
        {
            Eps = o.Number("eps", 1e-5),
            Momentum = o.Number("momentum", 0.1),
            Affine = o.Flag("affine", false),
            TrackRunningStats = o.Flag("track_running_stats", false),
        }),
        ["InstanceNorm2d"] = (["num_features"], o => new InstanceNorm2d(o.Int("num_features"))
        {
            Eps = o.Number("eps", 1e-5),
            Momentum = o.Number("momentum", 0.1),
            Affine = o.Flag("affine", false),
            TrackRunningStats = o.Flag("track_running_stats", false),
        }),
        ["InstanceNorm3d"] = (["num_features"], o => new InstanceNorm3d(o.Int("num_features"))
        {
            Eps = o.Number("eps", 1e-5),
            Momentum = o.Number("momentum", 0.1),
            Affine = o.Flag("affine", false),
            TrackRunningStats = o.Flag("track_running_stats", false),
        }),
        ["RMSNorm"] = (["normalized_shape", "eps"], o => new RMSNorm(o.Shape("normalized_shape"))
        {
            Eps = o.Has("eps") ? o.Number("eps", 0) : null,
            ElementwiseAffine = o.Flag("elementwise_affine", true),
        }),
        ["LocalResponseNorm"] = (["size", "alpha", "beta", "k"], o => new LocalResponseNorm(o.Int("size"))
        {
            Alpha = o.Number("alpha", 1e-4),
            Beta = o.Number("beta", 0.75),
            K = o.Number("k", 1),
        }),
    };
}
