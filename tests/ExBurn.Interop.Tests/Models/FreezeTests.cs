using ExBurn.Tests.Training;

namespace ExBurn.Tests.Models;

public sealed class FreezeTests
{
    [Theory]
    [InlineData("0.*", 2)]
    [InlineData("0", 2)]
    [InlineData("*.weight", 2)]
    [InlineData("0.bias", 1)]
    public void Frozen_parameters_stay_bit_for_bit(string pattern, int count)
    {
        using var model = Blobs.Model(optimizer: new SGD(0.1) { Momentum = 0.9, WeightDecay = 0.1 });
        using var train = Blobs.Dataset();
        var trainer = new Trainer(model);
        trainer.Fit(train);
        Assert.Equal(count, model.Freeze(pattern));
        var before = model.GetState();
        var frozen = model.ListState().Where(entry => !entry.Trainable).Select(entry => entry.Name).ToHashSet();
        Assert.Equal(count, frozen.Count);
        trainer.Fit(train, new() { Epochs = 2, AccumulationSteps = 2, ClipNorm = 1 });
        foreach (var (name, tensor) in model.GetState())
            Assert.Equal(frozen.Contains(name), tensor.Bytes.SequenceEqual(before[name].Bytes));

        Assert.Equal(count, model.Unfreeze(pattern));
        trainer.Fit(train);
        Assert.All(model.GetState(), entry => Assert.False(entry.Value.Bytes.SequenceEqual(before[entry.Key].Bytes)));
    }

    [Fact]
    public void A_wholly_frozen_model_has_nothing_to_train()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        Assert.Equal(4, model.Freeze());
        Assert.Throws<ArgumentException>(() => new Trainer(model).Fit(train));
        Assert.Equal(96, new Trainer(model).Evaluate(train).Samples);
    }

    [Fact]
    public void A_layer_can_be_described_as_frozen()
    {
        using var model = new Sequential(new Linear(2, 4) { Trainable = false }, new Linear(4, 3));
        model.Compile(new Adam(), Loss.CrossEntropy());
        Assert.Equal((27, 15), (model.Summary().Parameters, model.Summary().TrainableParameters));
        Assert.True(model.Summary().Layers[0].IsFrozen);
        Assert.Equal(2, model.Unfreeze("0"));
        Assert.Equal(27, model.Summary().TrainableParameters);
    }

    [Fact]
    public void A_frozen_batch_norm_does_not_update_its_statistics()
    {
        using var model = new Sequential(new Linear(2, 4), new BatchNorm1d(4), new Linear(4, 3));
        model.Compile(new Adam(), Loss.CrossEntropy());
        using var train = Blobs.Dataset();
        model.Freeze("1");
        var before = model.GetState()["1.running_mean"].ToSingles();
        new Trainer(model).Fit(train);
        Assert.Equal(before, model.GetState()["1.running_mean"].ToSingles());
        model.Unfreeze("1");
        new Trainer(model).Fit(train);
        Assert.NotEqual(before, model.GetState()["1.running_mean"].ToSingles());
    }

    [Fact]
    public void A_name_that_matches_nothing_is_an_error()
    {
        using var model = Blobs.Model();
        Assert.Contains("encoder", Assert.Throws<NameNotFoundException>(() => model.Freeze("encoder.*")).Message, StringComparison.Ordinal);
        Assert.Throws<NameNotFoundException>(() => model.Unfreeze("weight"));
        Assert.Throws<ArgumentNullException>(() => model.Freeze(null!));
    }
}
