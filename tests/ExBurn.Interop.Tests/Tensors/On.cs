namespace ExBurn.Tests.Tensors;

/// <summary>The devices of a test: those of the CPU, and the GPU where the run asks for one.</summary>
internal static class On
{
    public static TheoryData<string> Cpus => ["cpu", "ndarray"];

    public static TheoryData<string> All
    {
        get
        {
            var all = Cpus;
            if (Environment.GetEnvironmentVariable("EXBURN_TEST_GPU") == "1")
                all.Add("gpu");
            return all;
        }
    }

    public static Device Device(string name) => name switch
    {
        "cpu" => ExBurn.Device.Cpu,
        "ndarray" => ExBurn.Device.NdArray,
        _ => ExBurn.Device.Gpu(),
    };
}
