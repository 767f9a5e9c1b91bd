// The C# compiler looks for it; .NET has it since version 9.
#if !NET9_0_OR_GREATER
#pragma warning disable IDE0130, CA1018
namespace System.Runtime.CompilerServices;

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Constructor | AttributeTargets.Property, Inherited = false)]
internal sealed class OverloadResolutionPriorityAttribute(int priority) : Attribute
{
    public int Priority { get; } = priority;
}
#endif
