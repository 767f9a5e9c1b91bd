namespace ExBurn.Tests.Tensors;

/// <summary>Modes nest and restore what was before; they belong to the logical flow.</summary>
public sealed class GradModeTests : IDisposable
{
    private readonly TensorScope _scope = new();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Modes_nest_and_restore_the_previous_state()
    {
        var seen = new List<bool> { GradMode.IsEnabled };
        using (GradMode.NoGrad())
        {
            seen.Add(GradMode.IsEnabled);
            using (GradMode.Enable())
            {
                seen.Add(GradMode.IsEnabled);
                using (GradMode.NoGrad())
                    seen.Add(GradMode.IsEnabled);
                seen.Add(GradMode.IsEnabled);
            }
            seen.Add(GradMode.IsEnabled);
        }
        seen.Add(GradMode.IsEnabled);
        Assert.Equal([true, false, true, false, true, false, true], seen);
    }

    [Fact]
    public void An_exception_ends_a_mode_too()
    {
        static void Fail()
        {
            using (GradMode.NoGrad())
                throw new InvalidOperationException();
        }
        Assert.Throws<InvalidOperationException>((Action)Fail);
        Assert.True(GradMode.IsEnabled);
    }

    [Fact]
    public void Disposing_twice_restores_once()
    {
        var outer = GradMode.NoGrad();
        var inner = GradMode.Enable();
        inner.Dispose();
        outer.Dispose();
        inner.Dispose();
        Assert.True(GradMode.IsEnabled);
    }

    [Fact]
    public void Nothing_is_recorded_without_gradients()
    {
        var x = Tensor.Ones([2]).RequiresGrad();
        using (GradMode.NoGrad())
        {
            Assert.False((x * 2).RequiresGradient);
            Assert.False(new Linear(2, 1) { Bias = false }.Apply(Tensor.Ones([1, 2]), Tensor.Ones([1, 2]).RequiresGrad()).RequiresGradient);
            Assert.False(Loss.MeanSquaredError().Apply(x, Tensor.Zeros([2])).RequiresGradient);
            Assert.False(x.To(DType.Float64).RequiresGradient);
            using (GradMode.Enable())
                Assert.True((x * 2).RequiresGradient);
            // A new leaf may be made here.
            Assert.True(Tensor.Ones([1]).RequiresGrad().RequiresGradient);
        }
        using (GradMode.SetEnabled(true))
            Assert.True((x * 2).RequiresGradient);
        using (GradMode.SetEnabled(false))
            Assert.False((x * 2).RequiresGradient);
        Assert.False(GradMode.WithoutGrad(() => x * 2).RequiresGradient);
    }

    [Fact]
    public void Inference_tensors_can_never_take_part()
    {
        var w = Tensor.Ones([2]).RequiresGrad();
        Tensor fixedOnes, product;
        using (GradMode.Inference())
        {
            Assert.False(GradMode.IsEnabled);
            using (GradMode.Enable())
                Assert.False(GradMode.IsEnabled);
            fixedOnes = Tensor.Ones([2]);
            product = w * 3;
        }
        Assert.True(GradMode.IsEnabled);
        Assert.True(product.IsInference);
        Assert.False(product.RequiresGradient);
        Assert.Throws<InvalidOperationException>(() => fixedOnes.RequiresGrad());
        Assert.Throws<InvalidOperationException>(() => product * w);
        Assert.Throws<InvalidOperationException>(() => Loss.MeanSquaredError().Apply(w, fixedOnes));
        // Without anything tracked, or without a graph, it is a tensor like any other.
        Assert.Equal([3, 3], (fixedOnes * product).ToArray<float>());
        using (GradMode.NoGrad())
            Assert.Equal([3, 3], (w * product).ToArray<float>());
    }

    [Fact]
    public async Task Modes_follow_the_logical_flow()
    {
        using (GradMode.NoGrad())
        {
            await Task.Yield();
            Assert.False(GradMode.IsEnabled);
            Assert.False(await Task.Run(() => GradMode.IsEnabled));
        }
        await Task.Yield();
        Assert.True(GradMode.IsEnabled);
        await Task.Run(async () =>
        {
            var mode = GradMode.NoGrad();
            await Task.Yield();
            Assert.False(GradMode.IsEnabled);
            mode.Dispose();
        });
        Assert.True(GradMode.IsEnabled);
    }
}
