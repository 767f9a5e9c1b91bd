namespace ExBurn.Tests.Devices;

public sealed class DeviceTests
{
    [Fact]
    public void The_CPU_is_always_there()
    {
        Assert.True(Device.Cpu.IsAvailable);
        Assert.Null(Device.Cpu.AvailabilityReason);
        Assert.True(Device.NdArray.IsAvailable);
        var info = Device.Cpu.Info;
        Assert.Equal(DeviceKind.Cpu, info.Kind);
        Assert.NotEmpty(info.Name);
        Assert.Contains(DType.Float32, info.FloatTypes);
        Assert.Contains(DType.Float64, info.FloatTypes);
        Device.Cpu.Synchronize();
    }

    [Fact]
    public void A_device_that_does_not_exist_says_why()
    {
        var device = Device.Gpu(99, GpuAdapter.Discrete);
        Assert.False(device.IsAvailable);
        Assert.NotEmpty(device.AvailabilityReason!);
        Assert.Throws<DeviceException>(() => device.Info);
        using var model = new Sequential(new Linear(1, 1));
        Assert.Throws<DeviceException>(() => model.Build(device));
        model.Build();
        Assert.Throws<DeviceException>(() => model.To(device));
        Assert.Equal(Device.Cpu, model.Device);
        Assert.Single(model.Predict([1f]));
    }
}
