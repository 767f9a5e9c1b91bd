using System.Text;
using System.Text.Json;
using ExBurn.Native;

namespace ExBurn;

/// <summary>What the loaded native library is.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Abi">Version of its boundary, as <c>1.0</c>.</param>
/// <param name="Commit">The commit it was built from; null for a build outside the packaging.</param>
/// <param name="Features">What it was built with, as <c>gpu</c>.</param>
/// <param name="Target">Platform it was built for, as Rust names it.</param>
/// <param name="Profile">Profile it was built with.</param>
/// <param name="Functions">Number of functions it exports.</param>
public sealed record BuildInfo(string Version, string Abi, string? Commit, ValueArray<string> Features, string Target, string Profile, int Functions);

/// <summary>The native library of this process: whether it works, what it is, which devices it finds.</summary>
public static class NativeRuntime
{
    /// <summary>Whether the native library is loaded or can be. Never throws.</summary>
    public static bool IsLoaded => LoadError is null;

    /// <summary>Why the native library cannot be loaded, in words; null when it can.</summary>
    public static string? LoadError
    {
        get
        {
            try
            {
                BurnBridge.EnsureLoaded();
                return null;
            }
            catch (NativeLibraryLoadException error)
            {
                return error.Message;
            }
        }
    }

    /// <summary>Version, features and origin of the native library.</summary>
    /// <exception cref="NativeLibraryLoadException">It cannot be loaded.</exception>
    public static BuildInfo Build
    {
        get
        {
            using var document = JsonDocument.Parse(BurnBridge.BuildInfo());
            var root = document.RootElement;
            string[] features = [.. root.Texts("features")];
            return new(root.Text("version"), root.Text("abi"), root.GetProperty("commit").GetString(), features, root.Text("target"), root.Text("profile"), (int)root.Number("functions"));
        }
    }

    /// <summary>The devices that can be used: <see cref="Device.Cpu"/>, <see cref="Device.NdArray"/>, and the first GPU where there is one. Opens them.</summary>
    public static IReadOnlyList<Device> Devices => [.. new[] { Device.Cpu, Device.NdArray, Device.Gpu() }.Where(device => device.IsAvailable)];

    /// <summary>
    /// The state of things in a few lines, for a log or a report of an error: version, boundary, platform, each kind of device with its name, or why it
    /// cannot be used. Opens the devices; never throws.
    /// </summary>
    public static string Summary()
    {
        if (LoadError is { } problem)
            return $"ExBurn.Interop: the native library cannot be loaded. {problem}";
        var build = Build;
        var text = new StringBuilder();
        text.AppendLine($"ExBurn v{build.Version}").AppendLine(new string('-', 30));
        text.AppendLine($"Native: {build.Target}, {build.Profile}, boundary {build.Abi}, {build.Functions} functions");
        foreach (var device in new[] { Device.Cpu, Device.NdArray, Device.Gpu() })
            text.AppendLine(Line(device));
        text.Append($"Backends: {string.Join(", ", Devices)}");
        return text.ToString();

        static string Line(Device device) => device.AvailabilityReason is { } reason
            ? $"{Title(device)}: not available ({reason})"
            : $"{Title(device)}: {device.Info.Name}{(device.Info.Driver.Length > 0 ? $", {device.Info.Driver}" : "")} ({string.Join(", ", device.Info.FloatTypes)})";

        static string Title(Device device) => device.Kind == DeviceKind.Gpu ? "GPU" : $"Device {device}";
    }

    /// <summary>Sets the number of worker threads of the CPU devices. Before the first computation only; a second, different number is refused.</summary>
    /// <param name="count">From 1 to 4096. Default, without this call: one per processor.</param>
    /// <exception cref="ArgumentException">The number is out of range, or the threads are already running.</exception>
    public static void SetThreads(int count) => BurnBridge.SetThreads(Check.Positive(count, nameof(count)));

    /// <summary>Computes [1, 2, 3] + [4, 5, 6] with a small model on a device and compares with [5, 7, 9].</summary>
    /// <param name="device">Where; null for <see cref="Device.Cpu"/>.</param>
    /// <returns>What is wrong, in words; null when all is well.</returns>
    public static string? SmokeTest(Device? device = null)
    {
        try
        {
            using var model = new Sequential(new Linear(3, 3));
            model.Build(device, seed: 0);
            model.SetState(new Dictionary<string, TensorData>
            {
                ["0.weight"] = new(new float[,] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } }),
                ["0.bias"] = new(new float[] { 4, 5, 6 }),
            });
            var found = model.Predict(new float[,] { { 1, 2, 3 } }).ToSingles();
            return found.SequenceEqual([5f, 7f, 9f]) ? null : $"expected 5, 7, 9, found {string.Join(", ", found)}";
        }
        catch (Exception error) when (error is ExBurnException or ArgumentException)
        {
            return error.Message;
        }
    }
}
