using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ExBurn.Benchmarks;

/// <summary>Another program that does the same steps and prints <c>N us/step</c>. Run in turns with ours, so that both see the same machine.</summary>
internal sealed partial class Peer(string name, string file, params string[] arguments)
{
    public string Name => name;

    /// <summary>Microseconds per step; null when the program is missing or says nothing of the kind.</summary>
    public double? Run(int batch, int steps)
    {
        var start = new ProcessStartInfo(file, [.. arguments, "--batch", $"{batch}", "--steps", $"{steps}"])
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
            return process.ExitCode == 0 && match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"([0-9.]+) us/step")]
    private static partial Regex PerStep();
}
