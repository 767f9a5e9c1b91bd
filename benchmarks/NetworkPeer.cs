using System.Diagnostics;
using System.Globalization;

namespace ExBurn.Benchmarks;

/// <summary>Another program that holds the same network and answers each command with a number (peer_torch_networks.py).</summary>
internal sealed class NetworkPeer : IDisposable
{
    private readonly Process _process;

    private NetworkPeer(Process process, string version) => (_process, Version) = (process, version);

    /// <summary>What the program calls itself.</summary>
    public string Version { get; }

    /// <summary>Starts the program; null when it is missing or does not answer.</summary>
    public static NetworkPeer? Start(string file, string script)
    {
        try
        {
            var process = Process.Start(new ProcessStartInfo(file, script) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            if (process.StandardOutput.ReadLine() is { } version)
                return new(process, version);
            process.Dispose();
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Sends a command and gives the number it is answered with.</summary>
    public double Ask(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{Version} ended at '{command}'");
        return double.Parse(answer, CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
