// Signatures are blittable: no marshalling code is made at run time, so ahead-of-time compilation needs none.
#if NET8_0_OR_GREATER
[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]
#endif
