namespace ExBurn.Tests.Models;

/// <summary>A built model keeps its weights where it becomes a layer of another one.</summary>
public sealed class InnerModelTests
{
    private static readonly TensorData s_x = new(new TensorView(new double[] { 1, 2, -0.5, 0.25 }, [2, 2]));

    [Fact]
    public void The_weights_of_a_built_model_come_along()
    {
        using var inner = new Sequential(new Linear(2, 3), new BatchNorm1d(3), new Tanh());
        inner.Build(dtype: DType.Float64, seed: 1);
        var buffers = new Dictionary<string, TensorData> { ["1.running_mean"] = new(new TensorView(new double[] { 0.5, 1, -2 }, [3])) };
        inner.SetState(buffers, strict: false);
        using var outer = new Sequential(inner.AsLayer("body"), new Identity());
        outer.Build(dtype: DType.Float64, seed: 2);
        Assert.Equal(inner.Predict([s_x])[0].ToDoubles(), outer.Predict([s_x])[0].ToDoubles());

        // From then on each goes its own way, also where the outer model is built anew.
        inner.Initialize("*", Initializer.Zeros);
        var before = outer.Predict([s_x])[0].ToDoubles();
        outer.Build(inputShape: [2]);
        Assert.Equal(before, outer.Predict([s_x])[0].ToDoubles());
    }

    [Fact]
    public void Models_within_models_come_along_too()
    {
        using var deep = new Sequential(new Linear(2, 3));
        deep.Build(dtype: DType.Float64, seed: 1);
        using var middle = new Sequential(deep.AsLayer("deep"), new Tanh());
        var g = new Graph();
        using var outer = g.Build(g.Input("x", 2).Apply(middle.AsLayer("middle")));
        outer.Build(dtype: DType.Float64, seed: 9);
        Assert.Equal(deep.Predict([s_x])[0].ToDoubles().Select(Math.Tanh).Select(v => Math.Round(v, 12)),
            outer.Predict([s_x])[0].ToDoubles().Select(v => Math.Round(v, 12)));
    }

    [Fact]
    public void A_model_that_was_disposed_has_no_weights_to_give()
    {
        var inner = new Sequential(new Linear(2, 3));
        inner.Build();
        using var outer = new Sequential(inner.AsLayer("body"));
        inner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => outer.Build());
        Assert.False(outer.IsBuilt);
    }
}
