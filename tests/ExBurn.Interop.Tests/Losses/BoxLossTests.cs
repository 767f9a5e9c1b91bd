namespace ExBurn.Tests.Losses;

/// <summary>Losses of boxes at places where they are known by hand; torchvision's formulas in general are in losses_boxes.json.</summary>
public sealed class BoxLossTests
{
    private static readonly double[] Unit = [0, 0, 1, 1];

    private static TensorData Boxes(double[] corners, params int[] shape) => new(new TensorView(corners, shape));

    /// <summary>In the order generalised, distance, complete.</summary>
    private static Loss[] All(double eps = 1e-7)
        => [Loss.GeneralizedBoxIoU() with { Eps = eps }, Loss.DistanceBoxIoU() with { Eps = eps }, Loss.CompleteBoxIoU() with { Eps = eps }];

    public static TheoryData<double[], double[]> Known => new()
    {
        // The same box; a unit apart; with a half in common; a point in the corner.
        { [0, 0, 1, 1], [0, 0, 0] },
        { [2, 0, 3, 1], [4 / 3.0, 1.4, 1.4] },
        { [0.5, 0, 1.5, 1], [2 / 3.0, 2 / 3.0 + 1 / 13.0, 2 / 3.0 + 1 / 13.0] },
        { [1, 1, 1, 1], [1, 1.25, 1.3] },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Boxes_at_places_that_are_known(double[] box, double[] values)
    {
        foreach (var (loss, value) in All(1e-12).Zip(values))
            Assert.Equal(value, loss.Compute(Boxes(box, 1, 4), Boxes(Unit, 1, 4)), 1e-11);
    }

    [Fact]
    public void The_mean_is_over_boxes_and_weights_are_of_samples()
    {
        double[] predicted = [2, 0, 3, 1, .. Unit, 0.5, 0, 1.5, 1, .. Unit], marked = [.. Unit, .. Unit, .. Unit, .. Unit];
        // Two samples of two boxes: losses 4/3 and 0, 2/3 and 0.
        var loss = Loss.GeneralizedBoxIoU() with { Eps = 1e-12 };
        TensorData x = Boxes(predicted, 2, 2, 4), t = Boxes(marked, 2, 2, 4);
        Assert.Equal(0.5, loss.Compute(x, t), 1e-11);
        Assert.Equal(2, (loss with { Reduction = Reduction.Sum }).Compute(x, t), 1e-11);
        using var model = new Sequential(new Dropout(0));
        model.Compile(new SGD(), loss, dtype: DType.Float64);
        Assert.Equal((4 / 3.0 + 3 * 2 / 3.0) / 8, new Trainer(model).EvaluateStep([x], [t], new(new double[] { 1, 3 })).Loss, 1e-11);
    }

    [Fact]
    public void A_box_that_touches_nothing_is_drawn_to_its_mark()
    {
        foreach (var loss in All())
        {
            using var scope = new TensorScope();
            var box = Tensor.FromArray<double>([3, 2, 4, 3.5], [1, 4]).RequiresGrad();
            var mark = Tensor.FromArray<double>(Unit, [1, 4]);
            using var optimizer = new Adam(0.02).For(box);
            for (var step = 0; step < 500; step++)
            {
                optimizer.ZeroGrad();
                loss.Apply(box, mark).Backward();
                optimizer.Step();
            }
            Assert.InRange(loss.Apply(box, mark).Item(), 0, 0.1);
            Assert.All(box.ToArray<double>().Zip(Unit), pair => Assert.Equal(pair.Second, pair.First, 0.1));
        }
    }

    [Fact]
    public void Half_precision_is_computed_in_single()
    {
        using var scope = new TensorScope();
        // Areas of 90000 and 120000 pixels: infinite in half precision.
        var boxes = Tensor.FromArray<float>([0, 0, 300, 300], [1, 4]).To(DType.Float16);
        var marks = Tensor.FromArray<float>([0, 0, 300, 400], [1, 4]);
        using (Autocast.Enable(DType.Float16))
        {
            var loss = Loss.GeneralizedBoxIoU().Apply(boxes, marks);
            Assert.Equal(DType.Float32, loss.DType);
            Assert.Equal(0.25, loss.Item(), 1e-6);
        }
    }

    [Fact]
    public void Wrong_shapes_and_options_are_named()
    {
        foreach (var loss in All())
        {
            var five = Assert.Throws<ShapeMismatchException>(() => loss.Compute(Boxes(new double[10], 2, 5), Boxes(new double[10], 2, 5)));
            Assert.Contains("[samples, .., 4] of x1, y1, x2, y2", five.Message);
            Assert.Contains("[2, 5]", five.Message);
            Assert.Throws<ShapeMismatchException>(() => loss.Compute(Boxes(new double[8], 2, 4), Boxes(new double[4], 1, 4)));
            Assert.Throws<ShapeMismatchException>(() => loss.Apply(Tensor.Ones([4]), Tensor.Ones([4])));
            Assert.Throws<ArgumentException>(() => loss with { Reduction = Reduction.BatchMean });
        }
        Assert.Equal("Eps", Assert.Throws<ArgumentOutOfRangeException>(() => Loss.GeneralizedBoxIoU() with { Eps = 0 }).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => Loss.DistanceBoxIoU() with { Eps = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Loss.CompleteBoxIoU() with { Eps = double.NaN });
    }
}
