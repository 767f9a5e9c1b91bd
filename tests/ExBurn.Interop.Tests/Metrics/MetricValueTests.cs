namespace ExBurn.Tests.Metrics;

/// <summary>Metrics through a whole evaluation. The model is the identity, so that predictions are the inputs.</summary>
public sealed class MetricValueTests
{
    private static Evaluation Evaluate(float[,] scores, TensorView targets, Loss loss, params Metric[] metrics)
    {
        var width = scores.GetLength(1);
        using var model = new Sequential(new Linear(width, width) { Bias = false });
        model.Compile(new SGD(0.1), loss, metrics);
        var identity = new float[width, width];
        for (var i = 0; i < width; i++)
            identity[i, i] = 1;
        model.SetState(new Dictionary<string, TensorData> { ["0.weight"] = ((TensorView)identity).ToData() });
        using var data = Dataset.FromArrays(scores, targets);
        // Batches of 4 and 2: metrics are of the epoch, not means of batches.
        return new Trainer(model).Evaluate(data, batchSize: 4);
    }

    [Fact]
    public void Values_per_class_and_a_matrix_come_by_name_and_together()
    {
        // Predicted 0, 2, 1, 0, 0, 1 where 0, 1, 2, 0, 1, 2 is true: scikit-learn's documented example.
        var scores = new float[,] { { 1, 0, 0 }, { 0, 0, 1 }, { 0, 1, 0 }, { 1, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 } };
        var recall = Metric.Recall(Average.None) with { Classes = 3 };
        var matrix = Metric.ConfusionMatrix(3);
        var precision = Metric.Precision();
        var found = Evaluate(scores, new long[] { 0, 1, 2, 0, 1, 2 }, Loss.CrossEntropy(), recall, Metric.Accuracy(), matrix, precision).Metrics;
        Assert.Equal([1.0, 0, 0], recall.PerClass(found));
        Assert.Equal(new double[,] { { 2, 0, 0 }, { 1, 0, 1 }, { 0, 2, 0 } }, matrix.Matrix(found));
        Assert.Equal(2, found["confusion_matrix[2,1]"]);
        Assert.Equal(1.0 / 3, found["accuracy"], 12);
        Assert.Equal(2.0 / 9, found["precision"], 12);
    }

    [Fact]
    public void Curves_and_errors_are_of_the_epoch()
    {
        var scores = new float[,] { { 0.1f }, { 0.4f }, { 0.35f }, { 0.8f } };
        var found = Evaluate(scores, new float[,] { { 0 }, { 0 }, { 1 }, { 1 } }, Loss.BinaryCrossEntropyWithLogits(), Metric.RocAuc(), Metric.AveragePrecision()).Metrics;
        Assert.Equal(0.75, found["roc_auc"], 12);
        Assert.Equal(5.0 / 6, found["average_precision"], 12);
        scores = new float[,] { { 2.5f }, { 0 }, { 2 }, { 8 } };
        found = Evaluate(
            scores, new float[,] { { 3 }, { -0.5f }, { 2 }, { 7 } }, Loss.MeanSquaredError(),
            Metric.MeanAbsoluteError(), Metric.RootMeanSquaredError(), Metric.R2()).Metrics;
        Assert.Equal(0.5, found["mean_absolute_error"], 6);
        Assert.Equal(Math.Sqrt(0.375), found["root_mean_squared_error"], 6);
        Assert.Equal(1 - (1.5 / 29.1875), found["r2"], 6);
    }

    [Fact]
    public void F_scores_and_top_k_are_scikit_learns_examples()
    {
        var scores = new float[,] { { 1, 0, 0 }, { 0, 0, 1 }, { 0, 1, 0 }, { 1, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 } };
        var found = Evaluate(
            scores, new long[] { 0, 1, 2, 0, 1, 2 }, Loss.CrossEntropy(), Metric.FBeta() with { Name = "f1" }, Metric.FBeta(0.5) with { Name = "half" },
            Metric.Precision(Average.Micro) with { Name = "micro" }, Metric.Recall() with { Name = "recall" }).Metrics;
        // Precision 2/3 and recall 1 of class 0, nothing right of the others.
        Assert.Equal(0.8 / 3, found["f1"], 12);
        Assert.Equal(1.25 * (2.0 / 3) / ((0.25 * 2 / 3) + 1) / 3, found["half"], 12);
        Assert.Equal(1.0 / 3, found["micro"], 12);
        Assert.Equal(1.0 / 3, found["recall"], 12);

        scores = new float[,] { { 0.5f, 0.2f, 0.1f }, { 0.3f, 0.4f, 0.2f }, { 0.2f, 0.4f, 0.3f }, { 0.7f, 0.2f, 0.1f }, { 0.7f, 0.2f, 0.1f } };
        var k = Evaluate(scores, new long[] { 0, 1, 2, 2, 0 }, Loss.CrossEntropy(), Metric.TopKAccuracy(2), Metric.Perplexity());
        Assert.Equal(0.8, k.Metrics[0], 12);
        // The perplexity of a classifier is e to its mean cross-entropy.
        Assert.Equal(Math.Exp(k.Loss), k.Metrics["perplexity"], 5);
    }

    [Fact]
    public void Squared_errors_are_the_loss()
    {
        var found = Evaluate(
            new float[,] { { 1, 2 }, { 3, 4 }, { -1, 0 } }, new float[,] { { 1, 4 }, { 0, 4 }, { -2, 0 } }, Loss.MeanSquaredError(),
            Metric.MeanSquaredError());
        Assert.Equal(14.0 / 6, found.Loss, 6);
        Assert.Equal(14.0 / 6, found.Metrics["mean_squared_error"], 6);
    }
}
