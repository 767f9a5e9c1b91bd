using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>Statuses become exceptions.</summary>
public sealed class ErrorTests
{
    [Fact]
    public void A_panic_becomes_an_exception_with_its_location_and_the_process_lives()
    {
        var before = BurnBridge.LiveHandles(HandleKind.Error);
        for (var i = 0; i < 3; i++)
        {
            var error = Assert.Throws<InternalErrorException>(BurnBridge.DebugPanic);
            Assert.Equal(ErrorCode.Internal, error.ErrorCode);
            Assert.Contains("exb_debug_panic was called", error.Message);
            Assert.Contains("abi.rs:", error.Location);
            Assert.NotEmpty(error.NativeBacktrace!);
        }
        Assert.Equal(before, BurnBridge.LiveHandles(HandleKind.Error));
    }

    [Fact]
    public void Argument_errors_are_argument_exceptions()
    {
        using var device = BoundaryCase.OpenCpu();
        Assert.ThrowsAny<ArgumentException>(() => BurnBridge.SetThreads(0));
        Assert.ThrowsAny<ArgumentException>(() => BurnBridge.OpenDevice("{\"kind\":\"\ud800\"}"));
    }

    [Fact]
    public void A_wrong_description_is_a_format_error()
    {
        var error = Assert.Throws<ExBurnException>(() => BurnBridge.OpenDevice("{"));
        Assert.Equal(ErrorCode.Format, error.ErrorCode);
    }

    [Fact]
    public void Shapes_that_differ_carry_both_texts()
    {
        using var dataset = BurnBridge.NewDataset();
        BurnBridge.AddToDataset(dataset, DatasetRole.Input, ArrayInput.Create(BoundaryCase.Values, BoundaryCase.ValueShape));
        var error = Assert.Throws<ShapeMismatchException>(
            () => BurnBridge.AddToDataset(dataset, DatasetRole.Target, ArrayInput.Create(BoundaryCase.Classes.AsSpan(0, 3), [3])));
        Assert.Equal("4", error.Expected);
        Assert.Equal("3", error.Found);
        Assert.Equal(4, BurnBridge.DatasetLength(dataset));
    }

    [Fact]
    public void An_array_that_lies_about_its_shape_is_refused()
    {
        using var dataset = BurnBridge.NewDataset();
        Assert.Throws<ShapeMismatchException>(
            () => BurnBridge.AddToDataset(dataset, DatasetRole.Input, ArrayInput.Create(BoundaryCase.Values, [5, 3])));
        Assert.ThrowsAny<ArgumentException>(
            () => BurnBridge.AddToDataset(dataset, DatasetRole.Input, ArrayInput.Create(BoundaryCase.Values, [-4, -3])));
        Assert.ThrowsAny<ArgumentException>(
            () => BurnBridge.AddToDataset(dataset, DatasetRole.Input, ArrayInput.Create(BoundaryCase.Values, [long.MaxValue, long.MaxValue])));
    }

    [Fact]
    public void An_unknown_name_is_its_own_exception()
    {
        using var device = BoundaryCase.OpenCpu();
        using var model = BoundaryCase.NewModel(device);
        var error = Assert.Throws<NameNotFoundException>(() => BurnBridge.SetTrainable(model, "nope", false));
        Assert.Equal(ErrorCode.NotFound, error.ErrorCode);
        Assert.Contains("nope", error.Message);
        Assert.Equal(2, BurnBridge.SetTrainable(model, "0.*", false));
    }

    [Fact]
    public void Failing_loads_are_checkpoint_exceptions()
    {
        using var device = BoundaryCase.OpenCpu();
        using var model = BoundaryCase.NewModel(device);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<CheckpointException>(() => BurnBridge.Load(model, "/nowhere/x.safetensors")).ErrorCode);
        Assert.Throws<CheckpointException>(() => BurnBridge.ImportState(model, [], true));
        Assert.Contains("0.weight", BurnBridge.ImportState(model, BurnBridge.ExportState(model), true));
    }
}
