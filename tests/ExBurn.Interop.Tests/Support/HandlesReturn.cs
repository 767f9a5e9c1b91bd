using System.Reflection;
using ExBurn.Native;
using ExBurn.Tests.Support;
using Xunit.Sdk;

[assembly: HandlesReturn]

namespace ExBurn.Tests.Support;

/// <summary>
/// Stands on the assembly, so it holds for every test: the native objects that live after a test are those that lived before it. Test classes
/// do not run in parallel (xunit.runner.json), so what is left over belongs to the test that is named. Devices are not counted: an
/// opened one stays open until the process ends.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class HandlesReturnAttribute : BeforeAfterTestAttribute
{
    private static readonly HandleKind[] Kinds =
        [
            HandleKind.Error, HandleKind.Dataset, HandleKind.Model, HandleKind.Predictor, HandleKind.Cancel, HandleKind.Outputs, HandleKind.Buffer,
            HandleKind.Checkpoint, HandleKind.Gradients, HandleKind.Weights, HandleKind.Tensor, HandleKind.TensorOptimizer,
        ];

    private long[] _before = [];

    public override void Before(MethodInfo methodUnderTest) => _before = Count();

    public override void After(MethodInfo methodUnderTest)
    {
        // A test class may hold a scope, and is itself disposed later than this.
        TensorScope.Current?.Dispose();
        var after = Count();
        if (More(after))
        {
            // Objects that a test dropped without disposing are the collector's to free.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            after = Count();
        }
        if (More(after))
        {
            var left = Kinds.Select((kind, i) => (kind, count: after[i] - _before[i])).Where(one => one.count > 0);
            throw new XunitException($"{methodUnderTest.Name} leaves native objects behind: {string.Join(", ", left.Select(one => $"{one.count} {one.kind}"))}");
        }
    }

    private static long[] Count() => NativeLibrary.IsPresent ? [.. Kinds.Select(BurnBridge.LiveHandles)] : new long[Kinds.Length];

    private bool More(long[] after) => after.Where((count, i) => count > _before[i]).Any();
}
