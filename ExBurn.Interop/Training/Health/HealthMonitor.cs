using System.Globalization;

namespace ExBurn;

/// <summary>
/// Watches a run for losses and gradients that go wrong, and says so: by <see cref="Alerted"/>, in <see cref="Alerts"/> and <see cref="Report"/>. As a callback it hears of every
/// reported batch (<see cref="FitOptions.ReportEvery"/>) with the norms of its step's gradients; in a loop of one's own, <see cref="Record(double, double?, IEnumerable{KeyValuePair{string, double}}?)"/>
/// tells it. An alert is given when its condition begins, and again only after it had ended. Losses that are not finite reach it only with <see cref="FitOptions.TerminateOnNaN"/> false;
/// else they end the run with an exception. Checkpoints hold what it has seen.
/// </summary>
public sealed partial class HealthMonitor : Callback
{
    /// <summary>Losses that a mean or trend needs at least.</summary>
    internal const int LeastLosses = 10;

    /// <summary>Alerts that are kept.</summary>
    private const int MostAlerts = 1000;

    // What may be not finite.
    private const int OfLoss = 0;
    private const int OfNorm = 1;

    private readonly LossWindow _losses;
    private readonly List<HealthAlert> _alerts = [];
    private readonly List<HealthAlert> _latest = [];
    private readonly Dictionary<string, int> _zero = new(StringComparer.Ordinal);
    private long _steps;
    // A bit for each kind of alert and subject whose condition holds.
    private int _active;
    private int _vanishing;
    private double _lastLoss = double.NaN;
    private double _lastNorm = double.NaN;

    /// <summary>A monitor.</summary>
    /// <param name="options">Its limits; null for the defaults.</param>
    public HealthMonitor(HealthOptions? options = null)
    {
        Options = options ?? new();
        _losses = new(Options.Window);
    }

    /// <summary>Its limits.</summary>
    public HealthOptions Options { get; }

    /// <summary>The alerts of the run, oldest first; at most the latest 1000.</summary>
    public IReadOnlyList<HealthAlert> Alerts => _alerts;

    /// <summary>Raised at each alert, on the thread that trains.</summary>
    public event EventHandler<HealthAlert>? Alerted;

    /// <summary>True: the alerts about gradients need their norms.</summary>
    public override bool WatchesGradients => true;

    /// <summary>Tells of a step.</summary>
    /// <param name="loss">Its loss.</param>
    /// <param name="gradientNorm">Norm of all gradients, before clipping; null where it is not known.</param>
    /// <param name="parameterNorms">Norm of each parameter's gradient, NaN for one that has none; null where they are not known.</param>
    /// <returns>The alerts that it gave rise to.</returns>
    public IReadOnlyList<HealthAlert> Record(double loss, double? gradientNorm = null, IEnumerable<KeyValuePair<string, double>>? parameterNorms = null)
    {
        Begin(loss);
        if (gradientNorm is { } norm)
            CheckNorm(norm);
        if (parameterNorms is not null)
            foreach (var pair in parameterNorms)
                CheckParameter(pair.Key, pair.Value);
        return End();
    }

    /// <summary>Tells of the loss and the gradients of a batch: their norms are computed here.</summary>
    /// <param name="gradients">The gradients, before they are clipped.</param>
    /// <returns>The alerts that they gave rise to.</returns>
    public IReadOnlyList<HealthAlert> Record(Gradients gradients)
    {
        Begin(Check.NotNull(gradients, nameof(gradients)).Loss);
        CheckNorm(gradients.Norm());
        foreach (var name in gradients.Names)
            CheckParameter(name, gradients.Norm(name));
        return End();
    }

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        _losses.Clear();
        _alerts.Clear();
        _latest.Clear();
        _zero.Clear();
        (_steps, _active, _vanishing, _lastLoss, _lastNorm) = (0, 0, 0, double.NaN, double.NaN);
    }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context) => Reset();

    /// <inheritdoc/>
    public override void OnBatchEnd(TrainingContext context, in BatchResult batch)
    {
        Begin(batch.Loss);
        if (batch.ParameterNorms.Count > 0)
            CheckNorm(batch.GradientNorm);
        for (var i = 0; i < batch.ParameterNorms.Count; i++)
            CheckParameter(batch.ParameterNorms.Names[i], batch.ParameterNorms.Values[i]);
        foreach (var alert in End())
            if (alert.Severity >= Options.StopAt)
                Check.NotNull(context, nameof(context)).Stop(alert.ToString());
    }

    private void Begin(double loss)
    {
        _steps++;
        _latest.Clear();
        _lastLoss = loss;
        if (!IsFinite(loss, "the loss", OfLoss))
            return;
        var diverges = _losses.Count >= LeastLosses && _losses.Mean() is > 0 and var mean && loss > Options.DivergenceFactor * mean;
        if (Begins(HealthAlertKind.Divergence, diverges))
            Raise(HealthAlertKind.Divergence, loss, Text("the loss is {0:g6}, more than {1:g6} times the mean before it", loss, Options.DivergenceFactor));
        _losses.Add(loss);
        var (min, max) = _losses.Range();
        if (Begins(HealthAlertKind.Converged, _losses.IsFull && max - min < Options.ConvergedRange))
            Raise(HealthAlertKind.Converged, max - min, Text("the last {0} losses differ by {1:g6} only", Options.Window, max - min));
    }

    private void CheckNorm(double norm)
    {
        _lastNorm = norm;
        if (!IsFinite(norm, "the norm of the gradients", OfNorm))
            return;
        if (Begins(HealthAlertKind.ExplodingGradient, norm > Options.ExplosionNorm))
            Raise(HealthAlertKind.ExplodingGradient, norm, Text("the norm of the gradients is {0:g6}, above {1:g6}", norm, Options.ExplosionNorm));
        _vanishing = norm < Options.VanishingNorm ? _vanishing + 1 : 0;
        if (_vanishing == Options.VanishingSteps)
            Raise(HealthAlertKind.VanishingGradient, norm, Text("the norm of the gradients has been below {0:g6} for {1} steps", Options.VanishingNorm, _vanishing));
    }

    private void CheckParameter(string name, double norm)
    {
        // Without a gradient a parameter is frozen or not in use, which is another thing.
        if (double.IsNaN(norm))
            return;
        _zero.TryGetValue(name, out var steps);
        _zero[name] = steps = norm == 0 ? steps + 1 : 0;
        if (steps == Options.DeadSteps)
            Raise(HealthAlertKind.DeadParameter, 0, Text("the gradient of '{0}' has been zero for {1} steps", name, steps), name);
    }

    private HealthAlert[] End() => _latest.Count == 0 ? [] : [.. _latest];

    private bool IsFinite(double value, string what, int subject)
    {
        var (nan, infinite) = (double.IsNaN(value), double.IsInfinity(value));
        if (Begins(HealthAlertKind.NotANumber, nan, subject))
            Raise(HealthAlertKind.NotANumber, value, $"{what} is not a number");
        if (Begins(HealthAlertKind.Infinite, infinite, subject))
            Raise(HealthAlertKind.Infinite, value, $"{what} is infinite");
        return !nan && !infinite;
    }

    /// <summary>Whether a condition holds that did not hold before.</summary>
    private bool Begins(HealthAlertKind kind, bool holds, int subject = OfLoss)
    {
        var bit = 1 << (((int)kind * 2) + subject);
        var begins = holds && (_active & bit) == 0;
        _active = holds ? _active | bit : _active & ~bit;
        return begins;
    }

    private void Raise(HealthAlertKind kind, double value, string message, string? parameter = null)
    {
        var alert = new HealthAlert { Kind = kind, Severity = SeverityOf(kind), Step = _steps, Value = value, Parameter = parameter, Message = message };
        if (_alerts.Count == MostAlerts)
            _alerts.RemoveAt(0);
        _alerts.Add(alert);
        _latest.Add(alert);
        Alerted?.Invoke(this, alert);
    }

    private static HealthSeverity SeverityOf(HealthAlertKind kind) => kind switch
    {
        HealthAlertKind.NotANumber or HealthAlertKind.Infinite => HealthSeverity.Critical,
        HealthAlertKind.Converged => HealthSeverity.Information,
        _ => HealthSeverity.Warning,
    };

    private static string Text(string format, params object[] parts) => string.Format(CultureInfo.InvariantCulture, format, parts);
}
