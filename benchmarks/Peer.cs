using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ExBurn.Benchmarks;

/// <summary>
/// Another program that makes the same steps and prints <c>mlp64 step N us (median of 7; BEST to WORST)</c>. It is run in turns with ours,
/// so that both see the same machine.
/// </summary>
internal sealed partial class Peer(string name, string file, params string[] arguments)
{
    public string Name => name;

    /// <summary>Microseconds per step, median and best; null when the program is missing or says nothing of the kind.</summary>
    public (double Median, double Best)? Run()
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            var text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            var match = PerStep().Match(text);
            return process.ExitCode == 0 && match.Success ? (Number(match.Groups[1]), Number(match.Groups[2])) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"mlp64 step ([0-9.]+) us \(median of \d+; ([0-9.]+) to")]
    private static partial Regex PerStep();
}
