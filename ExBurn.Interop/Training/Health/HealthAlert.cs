namespace ExBurn;

/// <summary>What is wrong, or done, in a training run.</summary>
public enum HealthAlertKind
{
    /// <summary>The loss or the norm of the gradients is not a number.</summary>
    NotANumber,

    /// <summary>The loss or the norm of the gradients is infinite.</summary>
    Infinite,

    /// <summary>The norm of all gradients is very large.</summary>
    ExplodingGradient,

    /// <summary>The norm of all gradients has been very small for some steps.</summary>
    VanishingGradient,

    /// <summary>A parameter's gradient has been zero for many steps.</summary>
    DeadParameter,

    /// <summary>The loss is far above its moving mean.</summary>
    Divergence,

    /// <summary>The loss no longer moves.</summary>
    Converged,
}

/// <summary>How grave an alert is.</summary>
public enum HealthSeverity
{
    /// <summary>Good to know.</summary>
    Information,

    /// <summary>Training may be going wrong.</summary>
    Warning,

    /// <summary>Training has gone wrong.</summary>
    Critical,
}

/// <summary>Something that a <see cref="HealthMonitor"/> noticed.</summary>
public sealed record HealthAlert
{
    /// <summary>What it is.</summary>
    public HealthAlertKind Kind { get; init; }

    /// <summary>How grave it is.</summary>
    public HealthSeverity Severity { get; init; }

    /// <summary>Number of the record at which it was noticed, from 1.</summary>
    public long Step { get; init; }

    /// <summary>The number that gave rise to it: a loss, a norm, a range.</summary>
    public double Value { get; init; }

    /// <summary>Name of the parameter, of <see cref="HealthAlertKind.DeadParameter"/>; else null.</summary>
    public string? Parameter { get; init; }

    /// <summary>All of it in words.</summary>
    public string Message { get; init; } = "";

    /// <summary>Reads as <c>Warning at step 12: ...</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Severity} at step {Step}: {Message}");
}
