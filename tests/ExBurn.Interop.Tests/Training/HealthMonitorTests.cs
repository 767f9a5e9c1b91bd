namespace ExBurn.Tests.Training;

/// <summary>The rules of the health monitor, each at its limit, on both sides.</summary>
public sealed class HealthMonitorTests
{
    private static readonly HealthOptions Short = new() { Window = 10 };

    private static HealthAlertKind[] Kinds(HealthMonitor monitor) => [.. monitor.Alerts.Select(alert => alert.Kind)];

    [Fact]
    public void Numbers_that_are_not_finite_are_critical()
    {
        var monitor = new HealthMonitor();
        var heard = new List<HealthAlert>();
        monitor.Alerted += (_, alert) => heard.Add(alert);
        Assert.Empty(monitor.Record(1, 1));
        var alert = Assert.Single(monitor.Record(double.NaN));
        Assert.Equal((HealthAlertKind.NotANumber, HealthSeverity.Critical, 2L), (alert.Kind, alert.Severity, alert.Step));
        Assert.Empty(monitor.Record(double.NaN));
        Assert.Empty(monitor.Record(1));
        Assert.Single(monitor.Record(double.NaN));
        Assert.Equal(HealthAlertKind.Infinite, Assert.Single(monitor.Record(double.PositiveInfinity)).Kind);
        // Of the gradients as well, whatever the loss.
        Assert.Equal(HealthAlertKind.NotANumber, Assert.Single(monitor.Record(1, double.NaN)).Kind);
        Assert.Equal([HealthAlertKind.NotANumber, HealthAlertKind.Infinite], monitor.Record(double.NaN, double.PositiveInfinity).Select(a => a.Kind));
        Assert.Equal(monitor.Alerts, heard);
        var report = monitor.Report();
        Assert.Equal((RateAdvice.Lower, 0.1, false), (report.RateAdvice, report.RateFactor, report.IsHealthy));
        Assert.Equal((8L, 1.0), (report.Steps, report.MeanLoss));
    }

    [Fact]
    public void Exploding_gradients_are_above_100()
    {
        var monitor = new HealthMonitor();
        Assert.Empty(monitor.Record(1, 100));
        var alert = Assert.Single(monitor.Record(1, 100.001));
        Assert.Equal((HealthAlertKind.ExplodingGradient, HealthSeverity.Warning, 100.001), (alert.Kind, alert.Severity, alert.Value));
        Assert.Empty(monitor.Record(1, 1e6));
        Assert.Empty(monitor.Record(1, 1));
        Assert.Single(monitor.Record(1, 101));
        Assert.Equal((RateAdvice.Lower, 0.5), (monitor.Report().RateAdvice, monitor.Report().RateFactor));
    }

    [Fact]
    public void Vanishing_gradients_are_below_1e_8_for_10_steps()
    {
        var monitor = new HealthMonitor();
        for (var i = 0; i < 9; i++)
            Assert.Empty(monitor.Record(1, 9e-9));
        Assert.Empty(monitor.Record(1, 1e-8));
        for (var i = 0; i < 9; i++)
            Assert.Empty(monitor.Record(1, 0));
        Assert.Equal(HealthAlertKind.VanishingGradient, Assert.Single(monitor.Record(1, 9e-9)).Kind);
        Assert.Empty(monitor.Record(1, 9e-9));
        Assert.Equal((RateAdvice.Raise, 2.0), (monitor.Report().RateAdvice, monitor.Report().RateFactor));
    }

    [Fact]
    public void A_parameter_without_gradient_for_50_steps_is_dead()
    {
        var monitor = new HealthMonitor();
        KeyValuePair<string, double>[] norms(double b) => [new("a", 1e-30), new("b", b), new("frozen", double.NaN)];
        for (var i = 0; i < 49; i++)
            Assert.Empty(monitor.Record(1 + i, 1, norms(0)));
        var alert = Assert.Single(monitor.Record(1, 1, norms(0)));
        Assert.Equal((HealthAlertKind.DeadParameter, "b", 50L), (alert.Kind, alert.Parameter, alert.Step));
        Assert.Contains("'b'", alert.Message, StringComparison.Ordinal);
        Assert.Empty(monitor.Record(1, 1, norms(0)));
        Assert.Empty(monitor.Record(1, 1, norms(0.1)));
        for (var i = 0; i < 49; i++)
            Assert.Empty(monitor.Record(1 + i, 1, norms(0)));
        Assert.Single(monitor.Record(1, 1, norms(0)));
    }

    [Fact]
    public void A_loss_above_ten_times_its_moving_mean_diverges()
    {
        var monitor = new HealthMonitor();
        for (var i = 0; i < 9; i++)
            monitor.Record(i % 2 == 0 ? 1 : 3);
        // Nine losses are too few for a mean.
        Assert.Empty(monitor.Record(1));
        // Ten of mean 1.8.
        Assert.Empty(monitor.Record(18));
        // Eleven of mean 36 / 11.
        var most = (360.0 / 11) - 1e-9;
        Assert.Empty(monitor.Record(most));
        var mean = (36 + most) / 12;
        var alert = Assert.Single(monitor.Record((10 * mean) + 1e-9));
        Assert.Equal((HealthAlertKind.Divergence, HealthSeverity.Warning), (alert.Kind, alert.Severity));
    }

    [Fact]
    public void A_loss_that_no_longer_moves_has_converged()
    {
        var monitor = new HealthMonitor();
        for (var i = 0; i < 99; i++)
            Assert.Empty(monitor.Record(0.5 + (i % 2 * 9e-7)));
        var alert = Assert.Single(monitor.Record(0.5));
        Assert.Equal((HealthAlertKind.Converged, HealthSeverity.Information, 100L), (alert.Kind, alert.Severity, alert.Step));
        var report = monitor.Report();
        Assert.Equal((RateAdvice.Keep, true, LossTrend.Stable), (report.RateAdvice, report.IsHealthy, report.Trend));
        monitor.Record(0.5 + 2e-6);
        for (var i = 0; i < 99; i++)
            Assert.Empty(monitor.Record(0.5));
        Assert.Single(monitor.Record(0.5));
    }

    [Fact]
    public void Trends_are_those_of_a_fitted_line()
    {
        LossTrend Trend(Func<int, double> loss, int count = 10)
        {
            var monitor = new HealthMonitor(Short);
            for (var i = 0; i < count; i++)
                monitor.Record(loss(i));
            return monitor.Report().Trend;
        }
        Assert.Equal(LossTrend.Unknown, Trend(i => i, 9));
        Assert.Equal(LossTrend.Decreasing, Trend(i => 10 - i));
        Assert.Equal(LossTrend.Increasing, Trend(i => 10 + i));
        Assert.Equal(LossTrend.Oscillating, Trend(i => i % 2 == 0 ? 1 : 3));
        // A change of 9 x 0.01 of a mean of 2 is 4.5 %, of 9 x 0.012 5.4 %.
        Assert.Equal(LossTrend.Stable, Trend(i => 2.045 - (0.01 * i)));
        Assert.Equal(LossTrend.Decreasing, Trend(i => 2.054 - (0.012 * i)));
        // Only the window counts: the rise comes after the fall.
        Assert.Equal(LossTrend.Increasing, Trend(i => i < 10 ? 100 - i : i, 20));
        Assert.Equal(LossTrend.Decreasing, Trend(i => -10 - i));
    }

    [Fact]
    public void A_report_tells_the_window()
    {
        var monitor = new HealthMonitor(Short);
        var empty = monitor.Report();
        Assert.True(double.IsNaN(empty.MeanLoss) && double.IsNaN(empty.MinLoss) && double.IsNaN(empty.LastGradientNorm) && empty.Alerts.Count == 0);
        for (var i = 1; i <= 15; i++)
            monitor.Record(i, 2 * i);
        var report = monitor.Report();
        // 6 to 15.
        Assert.Equal((15L, 15.0, 10.5, 6.0, 15.0, 30.0), (report.Steps, report.LastLoss, report.MeanLoss, report.MinLoss, report.MaxLoss, report.LastGradientNorm));
        Assert.Equal((LossTrend.Increasing, RateAdvice.Lower), (report.Trend, report.RateAdvice));
        Assert.Contains("step 15: loss 15 (mean 10.5), increasing", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_restart_goes_on_where_it_was()
    {
        var (whole, first, second) = (new HealthMonitor(Short), new HealthMonitor(Short), new HealthMonitor(Short));
        var random = new Random(3);
        (double Loss, double Norm, double Part)[] steps = [.. Enumerable.Range(0, 200).Select(i => (
            i % 40 == 39 ? double.NaN : i > 100 && i < 130 ? 1 : random.NextDouble(), i % 50 < 12 ? 0 : 200 * random.NextDouble(), i < 80 ? 0 : 1.0))];
        void Run(HealthMonitor monitor, IEnumerable<(double Loss, double Norm, double Part)> part)
        {
            foreach (var step in part)
                monitor.Record(step.Loss, step.Norm, [new("w", step.Part)]);
        }
        Run(whole, steps);
        Run(first, steps.Take(45));
        second.LoadState(null!, first.SaveState());
        Run(second, steps.Skip(45));
        Assert.True(whole.Alerts.Count > 10);
        Assert.Equal(whole.Alerts, second.Alerts);
        Assert.Equal(whole.Report().ToString(), second.Report().ToString());
        Assert.Throws<CheckpointException>(() => second.LoadState(null!, new("{}")));
        Assert.Throws<CheckpointException>(() => second.LoadState(null!, new("no JSON")));
        second.Reset();
        Assert.Equal(0, second.Report().Steps);
    }

    /// <summary>A layer that a large negative bias has silenced gets no gradient.</summary>
    [Fact]
    public void In_a_run_it_sees_gradients_and_losses()
    {
        using var data = Blobs.Dataset();
        using var model = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 3));
        model.Compile(new SGD(0.1), Loss.CrossEntropy(), seed: 1);
        model.SetState(new Dictionary<string, TensorData> { ["0.bias"] = new(new float[] { -100, -100, -100, -100 }) }, strict: false);
        var monitor = new HealthMonitor(new() { DeadSteps = 5 });
        new Trainer(model).Fit(data, new() { Epochs = 2, BatchSize = 32, Callbacks = [monitor] });
        // What a silent layer gives is zero too, so the weights after it learn nothing either.
        Assert.Equal(["0.weight", "0.bias", "2.weight"], monitor.Alerts.Where(a => a.Kind == HealthAlertKind.DeadParameter).Select(a => a.Parameter));
        Assert.All(monitor.Alerts, alert => Assert.Equal(5, alert.Step));
        Assert.Equal(6, monitor.Report().Steps);
        Assert.True(monitor.Report().LastGradientNorm > 0);
    }

    [Fact]
    public void It_can_end_a_run()
    {
        using var data = Blobs.Dataset();
        using var model = Blobs.Model(7, new SGD(1e30));
        var monitor = new HealthMonitor(new() { StopAt = HealthSeverity.Critical });
        var history = new Trainer(model).Fit(data, new() { Epochs = 50, BatchSize = 32, TerminateOnNaN = false, Callbacks = [monitor] });
        Assert.Equal(StopReason.Callback, history.StopReason);
        Assert.Contains("Critical at step", history.StopMessage, StringComparison.Ordinal);
        Assert.True(history.Epochs.Count < 50);
        Assert.Contains(HealthSeverity.Critical, monitor.Alerts.Select(alert => alert.Severity));
    }

    [Fact]
    public void In_a_loop_of_ones_own_it_takes_gradients()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var model = Blobs.Model();
        using var gradients = new Trainer(model).ComputeGradients(points, labels);
        var monitor = new HealthMonitor(new() { ExplosionNorm = gradients.Norm() * 0.99 });
        Assert.Equal([HealthAlertKind.ExplodingGradient], monitor.Record(gradients).Select(alert => alert.Kind));
        Assert.Equal((gradients.Loss, gradients.Norm()), (monitor.Report().LastLoss, monitor.Report().LastGradientNorm));
        Assert.Equal([HealthAlertKind.ExplodingGradient], Kinds(monitor));
    }

    [Fact]
    public void Wrong_limits_are_errors()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { Window = 9 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { ExplosionNorm = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { VanishingNorm = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { VanishingSteps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { DeadSteps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { DivergenceFactor = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { ConvergedRange = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthOptions { TrendTolerance = 0 });
    }
}
