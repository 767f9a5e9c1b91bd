namespace ExBurn;

// What it makes of it all.
public sealed partial class HealthMonitor
{
    /// <summary>The state of the run so far, with advice on the learning rate.</summary>
    public HealthReport Report()
    {
        var recent = _alerts.Where(alert => alert.Step > _steps - Options.Window).ToArray();
        var (min, max) = _losses.Range();
        var trend = _losses.Trend(Options.TrendTolerance);
        var (advice, factor, text) = Advise(recent, trend);
        return new()
        {
            Steps = _steps,
            LastLoss = _lastLoss,
            MeanLoss = _losses.Mean(),
            MinLoss = min,
            MaxLoss = max,
            LastGradientNorm = _lastNorm,
            Trend = trend,
            Alerts = [.. _alerts],
            IsHealthy = recent.All(alert => alert.Severity == HealthSeverity.Information),
            RateAdvice = advice,
            RateFactor = factor,
            Advice = text,
        };
    }

    /// <summary>The gravest reason counts.</summary>
    private static (RateAdvice Advice, double Factor, string Text) Advise(HealthAlert[] recent, LossTrend trend)
    {
        bool Had(HealthAlertKind kind) => recent.Any(alert => alert.Kind == kind);
        if (Had(HealthAlertKind.NotANumber) || Had(HealthAlertKind.Infinite))
            return (RateAdvice.Lower, 0.1, "numbers are not finite: lower the learning rate to a tenth, clip the gradients, go back to an earlier checkpoint");
        if (Had(HealthAlertKind.ExplodingGradient))
            return (RateAdvice.Lower, 0.5, "the gradients explode: halve the learning rate or clip the gradients");
        if (Had(HealthAlertKind.Divergence) || trend == LossTrend.Increasing)
            return (RateAdvice.Lower, 0.5, "the loss rises: halve the learning rate");
        if (Had(HealthAlertKind.VanishingGradient))
            return (RateAdvice.Raise, 2, "the gradients vanish: double the learning rate; look at initial weights, activations and normalisation");
        if (trend == LossTrend.Oscillating)
            return (RateAdvice.Lower, 0.5, "the loss oscillates: halve the learning rate or enlarge the batches");
        if (Had(HealthAlertKind.Converged))
            return (RateAdvice.Keep, 1, "the loss no longer moves: the run can end");
        return Had(HealthAlertKind.DeadParameter)
            ? (RateAdvice.Keep, 1, "some parameters get no gradient: look at initial weights and activations")
            : (RateAdvice.Keep, 1, "no reason to change the learning rate");
    }
}
