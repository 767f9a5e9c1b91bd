using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>GradScaler against PyTorch's protocol and the facts of its peers.</summary>
public sealed class GradScalerTests
{
    private static Gradients Filled(Trainer trainer, params float[] values)
    {
        var gradients = trainer.ComputeGradients(new float[1, 3], new float[1, 1]);
        gradients.Set("0.weight", new TensorView(values.AsSpan(), [1, 3]));
        return gradients;
    }

    private static Sequential Model()
    {
        var model = new Sequential(new Linear(3, 1) { Bias = false });
        model.Compile(new SGD(1), Loss.MeanSquaredError(), seed: 1);
        return model;
    }

    /// <summary>torch 1.13, growth_interval 3: the scale after each update of a pattern of overflows.</summary>
    [Fact]
    public void The_scale_moves_as_in_PyTorch()
    {
        using var model = Model();
        var trainer = new Trainer(model);
        var scaler = new GradScaler(new LossScaling { GrowthInterval = 3 });
        int[] pattern = [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0];
        double[] expected = [65536, 65536, 131072, 65536, 65536, 65536, 32768, 16384, 16384, 16384, 32768];
        for (var i = 0; i < pattern.Length; i++)
        {
            using var gradients = Filled(trainer, 1, pattern[i] == 1 ? float.PositiveInfinity : 2, 3);
            Assert.Equal(pattern[i] == 0, scaler.Step(trainer, gradients));
            scaler.Update();
            Assert.Equal(expected[i], scaler.CurrentScale);
        }
    }

    [Fact]
    public void Defaults_and_numbers_are_those_of_the_peers()
    {
        var scaler = new GradScaler();
        Assert.Equal((65536.0, 2.0, 0.5, 2000), (scaler.CurrentScale, scaler.Options.GrowthFactor, scaler.Options.BackoffFactor, scaler.Options.GrowthInterval));
        using var model = Model();
        var trainer = new Trainer(model);

        var hundred = new GradScaler(new LossScaling { InitialScale = 100, GrowthInterval = 3 });
        Assert.Equal(50, hundred.Scale(0.5));
        using (var gradients = Filled(trainer, 100, 200, 300))
        {
            Assert.True(hundred.Unscale(gradients));
            Close.Check([1, 2, 3], gradients["0.weight"].ToDoubles(), 1e-7, 0, "gradient");
        }
        hundred.Update();
        for (var i = 0; i < 2; i++)
        {
            using var gradients = Filled(trainer, 1, 1, 1);
            hundred.Unscale(gradients);
            hundred.Update();
        }
        Assert.Equal(200, hundred.CurrentScale);

        foreach (var bad in new[] { float.NaN, float.NegativeInfinity })
        {
            var thousand = new GradScaler(new LossScaling { InitialScale = 1000 });
            using var gradients = Filled(trainer, 1, bad, 1);
            Assert.False(thousand.Unscale(gradients));
            thousand.Update();
            Assert.Equal(500, thousand.CurrentScale);
        }
    }

    [Fact]
    public void Gradients_of_the_scaled_loss_make_the_step_of_the_plain_one()
    {
        var (points, labels) = Blobs.Arrays(16);
        using var plain = Blobs.Model();
        using var scaled = Blobs.Model();
        var (one, two) = (new Trainer(plain), new Trainer(scaled));
        var scaler = new GradScaler();
        for (var i = 0; i < 3; i++)
        {
            var options = new StepOptions { ClipNorm = 0.1 };
            var step = one.TrainStep(points, labels, options);
            using var gradients = two.ComputeGradients(points, labels, new GradientOptions { Scaler = scaler });
            Assert.Equal(step.Loss, gradients.Loss);
            Assert.True(gradients.Norm() > 65536 * step.GradientNorm * 0.99);
            Assert.True(scaler.Step(two, gradients, options));
            scaler.Update();
        }
        // The scale is a power of two: nothing is rounded by it.
        Assert.Equal(Blobs.State(plain), Blobs.State(scaled));
    }

    [Fact]
    public void A_step_with_overflow_changes_nothing()
    {
        using var model = Model();
        var trainer = new Trainer(model);
        var before = Blobs.State(model);
        var scaler = new GradScaler();
        using var gradients = Filled(trainer, 1, float.PositiveInfinity, 1);
        Assert.False(scaler.Step(trainer, gradients));
        Assert.Equal(before, Blobs.State(model));
    }

    [Fact]
    public void The_protocol_is_kept()
    {
        using var model = Model();
        var trainer = new Trainer(model);
        var scaler = new GradScaler();
        using var gradients = Filled(trainer, 1, 2, 3);
        Assert.Throws<InvalidOperationException>(scaler.Update);
        scaler.Unscale(gradients);
        Assert.Throws<InvalidOperationException>(() => scaler.Unscale(gradients));
        Assert.True(scaler.Step(trainer, gradients));
        Assert.Throws<InvalidOperationException>(() => scaler.Step(trainer, gradients));
        scaler.Update();
        scaler.Unscale(gradients);
        scaler.Update(8);
        Assert.Equal((8.0, 1), (scaler.CurrentScale, scaler.GrowthTracker));
        Assert.Throws<ArgumentOutOfRangeException>(() => scaler.Update(0));
        Assert.Throws<ArgumentNullException>(() => scaler.Unscale((Gradients)null!));
        Assert.Throws<ArgumentNullException>(() => scaler.Step(null!, gradients));
    }

    [Fact]
    public void Disabled_it_only_steps()
    {
        using var model = Model();
        var trainer = new Trainer(model);
        var scaler = new GradScaler(LossScaling.None);
        Assert.Equal((false, 1.0, 0.5), (scaler.IsEnabled, scaler.CurrentScale, scaler.Scale(0.5)));
        using var gradients = Filled(trainer, 1, 2, 3);
        var before = Blobs.State(model);
        Assert.True(scaler.Step(trainer, gradients));
        scaler.Update();
        Assert.NotEqual(before, Blobs.State(model));
        Assert.Equal(1, scaler.CurrentScale);
    }

    [Fact]
    public void A_state_goes_on_where_it_was_saved()
    {
        using var model = Model();
        var trainer = new Trainer(model);
        var scaler = new GradScaler(new LossScaling { InitialScale = 100, GrowthInterval = 3 });
        for (var i = 0; i < 2; i++)
        {
            using var gradients = Filled(trainer, 1, 1, 1);
            scaler.Unscale(gradients);
            scaler.Update();
        }
        var state = scaler.Save();
        Assert.Equal(new GradScalerState(100, 2, 0.5, 3, 2), state);
        var other = new GradScaler();
        other.Load(state);
        using (var gradients = Filled(trainer, 1, 1, 1))
            other.Unscale(gradients);
        other.Update();
        Assert.Equal((200.0, 0), (other.CurrentScale, other.GrowthTracker));
        Assert.Throws<ArgumentOutOfRangeException>(() => other.Load(state with { Scale = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => other.Load(state with { GrowthTracker = -1 }));
        Assert.Equal(200, other.CurrentScale);
    }
}
