namespace ExBurn;

/// <summary>Kinds of devices.</summary>
public enum DeviceKind
{
    /// <summary>The processor, Burn's Flex backend: the fast one.</summary>
    Cpu,

    /// <summary>The processor, Burn's NdArray backend.</summary>
    NdArray,

    /// <summary>A GPU through Vulkan, Metal or DirectX 12.</summary>
    Gpu,
}

/// <summary>Which kind of GPU adapter is wanted.</summary>
public enum GpuAdapter
{
    /// <summary>The best one that the system offers.</summary>
    Default,

    /// <summary>A graphics card with its own memory.</summary>
    Discrete,

    /// <summary>Graphics inside the processor.</summary>
    Integrated,

    /// <summary>A GPU lent to a virtual machine.</summary>
    Virtual,

    /// <summary>A software driver, such as lavapipe.</summary>
    Cpu,
}
