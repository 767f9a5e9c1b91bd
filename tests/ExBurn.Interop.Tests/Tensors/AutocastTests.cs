namespace ExBurn.Tests.Tensors;

/// <summary>Autocast for tensors: types inside, scopes, gradients.</summary>
public sealed class AutocastTests
{
    [Fact]
    public void Products_are_half_and_softmax_is_single()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromArray<float>([1, 2, 3, 4], [2, 2]);
        var w = Tensor.FromArray<float>([0.1f, -2, 0.5f, 1], [2, 2]).RequiresGrad();
        Assert.Equal((false, DType.Float32), (Autocast.IsEnabled, Autocast.DType));
        using (Autocast.Enable(DType.Float16))
        {
            Assert.Equal((true, DType.Float16), (Autocast.IsEnabled, Autocast.DType));
            var product = x.MatMul(w);
            Assert.Equal(DType.Float16, product.DType);
            Assert.Equal(DType.Float32, product.Softmax(1).DType);
            Assert.Equal(DType.Float32, product.Exp().DType);
            Assert.Equal(DType.Float16, product.Tanh().DType);
            using (Autocast.Disable())
                Assert.Equal(DType.Float32, x.MatMul(w).DType);
            using (Autocast.Enable(DType.BFloat16))
                Assert.Equal(DType.BFloat16, x.MatMul(w).DType);
            Assert.Equal(DType.Float16, Autocast.DType);
            product.Sum().Backward();
        }
        Assert.False(Autocast.IsEnabled);
        var gradient = w.Grad!;
        Assert.Equal(DType.Float32, gradient.DType);
        Assert.Equal([4f, 4, 6, 6], gradient.ToArray<float>());
        Assert.Equal(DType.Float32, x.MatMul(w).DType);
    }

    [Fact]
    public async Task Scopes_end_with_exceptions_and_belong_to_their_flow()
    {
        Assert.Throws<InvalidOperationException>((Action)Failing);
        Assert.False(Autocast.IsEnabled);
        using (Autocast.Enable(DType.BFloat16))
        {
            Assert.True(await Task.Run(static () => Autocast.IsEnabled));
            await Task.Yield();
            Assert.Equal(DType.BFloat16, Autocast.DType);
        }
        Assert.False(await Task.Run(static () => Autocast.IsEnabled));
        Assert.Throws<ArgumentOutOfRangeException>(static () => Autocast.Enable(DType.Float32));
        var scope = Autocast.Enable(DType.Float16);
        scope.Dispose();
        using (Autocast.Enable(DType.BFloat16))
        {
            scope.Dispose();
            Assert.True(Autocast.IsEnabled);
        }
    }

    [Fact]
    public void A_checkpoint_runs_again_as_it_ran_first()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromArray<float>([1, 2, -1, 0.7f], [2, 2]);
        var (w, v) = (Tensor.FromArray<float>([0.3f, -0.6f], [2, 1]).RequiresGrad(), Tensor.FromArray<float>([0.3f, -0.6f], [2, 1]).RequiresGrad());
        Tensor plain, kept;
        using (Autocast.Enable(DType.BFloat16))
        {
            plain = x.MatMul(w).Exp();
            kept = GradientCheckpoint.Run(one => x.MatMul(one).Exp(), v);
        }
        Assert.Equal(plain.ToArray<float>(), kept.ToArray<float>());
        plain.Sum().Backward();
        kept.Sum().Backward();
        Assert.Equal(w.Grad!.ToArray<float>(), v.Grad!.ToArray<float>());
    }

    [Fact]
    public void Losses_are_single_and_probabilities_refused()
    {
        using var scope = new TensorScope();
        var logits = Tensor.FromArray<float>([0.5f, -1], [2]).To(DType.Float16);
        var target = Tensor.FromArray<float>([1, 0], [2]);
        using (Autocast.Enable(DType.Float16))
        {
            var loss = Loss.BinaryCrossEntropyWithLogits().Apply(logits, target);
            Assert.Equal(DType.Float32, loss.DType);
            Assert.Equal((Math.Log(1 + Math.Exp(-0.5)) + Math.Log(1 + Math.Exp(-1))) / 2, loss.Item(), 1e-6);
            var error = Assert.Throws<ExBurnException>(() => Loss.BinaryCrossEntropy().Apply(logits.Sigmoid(), target));
            Assert.Contains("BCEWithLogits", error.Message);
        }
    }

    private static void Failing()
    {
        using (Autocast.Enable(DType.Float16))
            throw new InvalidOperationException();
    }

    [Fact]
    public void Halves_convert_round_and_read_back()
    {
        using var scope = new TensorScope();
        // 2049 lies between two numbers of 11 bits, 257 between two of 8.
        var x = Tensor.FromArray<float>([2049, 257, 0.1f], [3]);
        var (half, brain) = (x.To(DType.Float16), x.To(DType.BFloat16));
        Assert.Equal((DType.Float16, 6L), (half.DType, half.ByteSize));
        Assert.Equal([2048f, 257, 0.099975586f], half.ToArray<float>());
        Assert.Equal([2048d, 256, 0.10009765625], brain.ToArray<double>());
#if NET8_0_OR_GREATER
        Assert.Equal([(Half)2048, (Half)257, (Half)0.1f], half.ToArray<Half>());
#endif
        Assert.Equal(DType.Float32, half.ToData().DType);
        Assert.Equal(DType.Float32, (half + x).DType);
        Assert.Equal(DType.Float16, (half + half).DType);
        Assert.Equal([4096f, 514, 0.19995117f], (half + half).ToArray<float>());
        Assert.Equal(DType.Float16, Tensor.Ones([2], DType.Float16).DType);
        Assert.Throws<DTypeException>(() => x.To(Device.NdArray).To(DType.Float16));
        Assert.Throws<DTypeException>(() => half.ToArray<int>());
    }

    [Fact]
    public void A_loop_with_a_scaler_is_that_without()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromArray<float>([1, 2, -1, 0.5f], [2, 2]);
        var scaler = new GradScaler(new LossScaling { InitialScale = 1024, GrowthInterval = 2 });
        var w = Tensor.FromArray<float>([0.25f, -0.5f], [2, 1]).RequiresGrad();
        using var optimizer = new SGD(0.5).For(w);
        for (var i = 0; i < 2; i++)
        {
            w.ZeroGrad();
            Tensor loss;
            using (Autocast.Enable(DType.Float16))
                loss = x.MatMul(w).Sum();
            scaler.Scale(loss).Backward();
            Assert.Equal([0f, 1024 * 2.5f], w.Grad!.ToArray<float>());
            Assert.True(scaler.Step(optimizer));
            Assert.Equal([0f, 2.5f], w.Grad!.ToArray<float>());
            Assert.Throws<InvalidOperationException>(() => scaler.Unscale(optimizer));
            scaler.Update();
        }
        Assert.Equal([0.25f, -0.5f - 2.5f], w.ToArray<float>());
        Assert.Equal(2048, scaler.CurrentScale);
        w.Grad = Tensor.FromArray<float>([float.NaN, 1], [2, 1]);
        Assert.False(scaler.Step(optimizer));
        scaler.Update();
        Assert.Equal([0.25f, -0.5f - 2.5f], w.ToArray<float>());
        Assert.Equal(1024, scaler.CurrentScale);
    }
}
