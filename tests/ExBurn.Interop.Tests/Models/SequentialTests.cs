namespace ExBurn.Tests.Models;

public sealed class SequentialTests
{
    [Fact]
    public void A_compiled_model_has_a_summary()
    {
        using var model = new Sequential(new Linear(784, 256), new ReLU(), new Dropout(0.2), new Linear(256, 10) { Name = "head" });
        Assert.False(model.IsBuilt);
        model.Compile(new Adam(), Loss.CrossEntropy(), [Metric.Accuracy()], inputShape: [784]);
        Assert.True(model.IsCompiled);
        var summary = model.Summary();
        Assert.Equal(203530, summary.Parameters);
        Assert.Equal(203530, summary.TrainableParameters);
        Assert.Equal(203530 * 4, summary.Bytes);
        // The weights of the linear layers are used once each; the outputs of the four layers are kept.
        Assert.Equal([784L * 256, 0L, 0L, 2560L], summary.Layers.Select(layer => layer.MultiplyAdds!.Value));
        Assert.Equal(203264, summary.MultiplyAdds);
        Assert.Equal(((3 * 256) + 10) * 4, summary.ActivationBytes);
        Assert.Equal(summary.ToJson(), ModelSummary.FromJson("Sequential", summary.ToJson()).ToJson());
        Assert.Equal(["0", "1", "2", "head"], summary.Layers.Select(layer => layer.Name));
        Assert.Equal([-1L, 10L], summary.Layers[3].OutputShape!.Value);
        Assert.Contains("203,530", summary.ToString(), StringComparison.Ordinal);
        Assert.Equal("Sequential, Float32 on cpu", model.ToString());
        Assert.Equal(["0.weight", "0.bias", "head.weight", "head.bias"], model.ListState().Select(entry => entry.Name));
    }

    [Fact]
    public void Layers_can_be_given_in_every_form()
    {
        using var added = new Sequential { new Linear(2, 3), new ReLU() };
        added.Add(new Linear(3, 1));
        Assert.Equal(3, added.Count);
        Assert.Equal(new ReLU(), added[1]);
        added.Build();
        Assert.Throws<InvalidOperationException>(() => added.Add(new ReLU()));
        Assert.Throws<ArgumentNullException>(() => new Sequential((Layer)null!));
    }

    [Fact]
    public void Layers_that_do_not_fit_are_named()
    {
        using var model = new Sequential(new Linear(4, 8), new ReLU(), new Linear(9, 2) { Name = "head" });
        var error = Assert.Throws<ShapeMismatchException>(() => model.Compile(new SGD(), Loss.MeanSquaredError()));
        Assert.Equal("head", error.Layer);
        Assert.False(model.IsBuilt);
        using var other = new Sequential(new Linear(4, 8));
        Assert.Equal(ErrorCode.Shape, Assert.Throws<ShapeMismatchException>(() => other.Compile(new SGD(), Loss.MeanSquaredError(), inputShape: [5])).ErrorCode);
        other.Compile(new SGD(), Loss.MeanSquaredError(), inputShape: [4]);
    }

    [Fact]
    public void Names_must_differ_and_there_must_be_layers()
    {
        using var twice = new Sequential(new Linear(1, 1) { Name = "1" }, new Linear(1, 1));
        Assert.Contains("'1'", Assert.Throws<InvalidOperationException>(() => twice.Build()).Message, StringComparison.Ordinal);
        using var none = new Sequential();
        Assert.Throws<InvalidOperationException>(() => none.Build());
        using var model = new Sequential(new Linear(1, 1));
        Assert.Throws<InvalidOperationException>(() => model.Summary());
        Assert.Throws<InvalidOperationException>(() => model.Predict([1f]));
        Assert.Throws<ArgumentException>(() => model.Compile(new SGD(), Loss.MeanSquaredError(), [Metric.Accuracy(), Metric.Accuracy()]));
        Assert.Throws<ArgumentNullException>(() => model.Compile(null!, Loss.MeanSquaredError()));
    }

    [Fact]
    public void An_option_that_only_the_core_can_judge_is_an_error_at_compile()
    {
        using var model = new Sequential(new Conv2d(3, 4, 3) { Groups = 2 });
        var error = Assert.ThrowsAny<Exception>(() => model.Build());
        Assert.True(error is ArgumentException or ExBurnException, error.ToString());
        Assert.Contains("groups", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_seed_gives_one_set_of_weights()
    {
        byte[] Weights(long? seed, Device? device = null)
        {
            using var model = new Sequential(new Linear(3, 5), new Linear(5, 2));
            model.Build(device, seed: seed);
            return model.ExportState();
        }
        Assert.Equal(Weights(4), Weights(4));
        Assert.Equal(Weights(4), Weights(4, Device.NdArray));
        Assert.NotEqual(Weights(4), Weights(5));
        Assert.NotEqual(Weights(null), Weights(null));
    }

    [Fact]
    public void Compiling_again_keeps_the_weights()
    {
        using var model = new Sequential(new Linear(2, 3));
        model.Compile(new Adam(0.1), Loss.CrossEntropy(), seed: 1);
        var before = model.ExportState();
        model.Compile(new SGD(0.5), Loss.MeanSquaredError(), seed: 2, device: Device.NdArray);
        Assert.Equal(before, model.ExportState());
        Assert.Equal(0.5, new Trainer(model).LearningRate);
        Assert.Equal((1L, Device.NdArray), (model.Seed, model.Device));
    }

    [Fact]
    public void Building_anew_carries_weights_and_what_is_frozen()
    {
        using var model = new Sequential(new Linear(2, 3) { Trainable = false }, new BatchNorm1d(3), new Linear(3, 3));
        model.Build(seed: 1);
        model.Freeze("2.bias");
        model.Freeze("1");
        model.Unfreeze("0.weight");
        var (state, entries) = (model.GetState(), model.ListState());
        model.Compile(new SGD(), Loss.MeanSquaredError(), inputShape: [2], seed: 9);
        Assert.Equal(entries.Select(entry => (entry.Name, entry.Trainable)), model.ListState().Select(entry => (entry.Name, entry.Trainable)));
        Assert.Equal(new[] { false, true, false }, model.Summary().Layers.Select(layer => layer.IsFrozen));
        Assert.Equal(1, model.Seed);
        Assert.Equal([-1L, 3L], model.Summary().Layers[2].OutputShape!.Value);

        model.Compile(new SGD(), Loss.MeanSquaredError(), dtype: DType.Float64);
        foreach (var (name, tensor) in model.GetState().Where(entry => !entry.Key.EndsWith("tracked", StringComparison.Ordinal)))
        {
            Assert.Equal(DType.Float64, tensor.DType);
            Assert.Equal(state[name].ToDoubles(), tensor.ToDoubles());
        }
    }
}
