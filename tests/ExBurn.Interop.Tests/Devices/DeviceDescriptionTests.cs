namespace ExBurn.Tests.Devices;

public sealed class DeviceDescriptionTests
{
    [Fact]
    public void Devices_are_values()
    {
        Assert.Equal(Device.Gpu(), Device.Gpu(0, GpuAdapter.Default));
        Assert.NotEqual(Device.Gpu(1), Device.Gpu());
        Assert.NotEqual(Device.Cpu, Device.NdArray);
        Assert.Equal("cpu", Device.Cpu.ToString());
        Assert.Equal("ndarray", Device.NdArray.ToString());
        Assert.Equal("gpu:1", Device.Gpu(1).ToString());
        Assert.Equal("gpu:0 (discrete)", Device.Gpu(adapter: GpuAdapter.Discrete).ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => Device.Gpu(-1));
    }

    [Fact]
    public void A_device_is_described()
    {
        Assert.Equal("""{"kind":"cpu","adapter":"default","index":0}""", Device.Cpu.ToJson());
        Assert.Equal("""{"kind":"ndarray","adapter":"default","index":0}""", Device.NdArray.ToJson());
        Assert.Equal("""{"kind":"gpu","adapter":"integrated","index":2}""", Device.Gpu(2, GpuAdapter.Integrated).ToJson());
    }
}
