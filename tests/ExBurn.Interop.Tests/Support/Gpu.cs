namespace ExBurn.Tests.Support;

/// <summary>Whether tests can use a GPU; where the run asks for one, a missing one is a failure.</summary>
internal static class Gpu
{
    public static bool IsPresent
    {
        get
        {
            var device = Device.Gpu();
            if (Environment.GetEnvironmentVariable("EXBURN_TEST_GPU") != "1" && !device.IsAvailable)
                return false;
            Assert.True(device.IsAvailable, device.AvailabilityReason);
            return true;
        }
    }
}
