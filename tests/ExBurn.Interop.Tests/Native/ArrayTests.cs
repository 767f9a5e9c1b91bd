using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>Arrays on their way in.</summary>
public sealed class ArrayTests
{
    [Fact]
    public void Element_types_have_their_numbers()
    {
        Assert.Equal(NativeDType.F32, ArrayInput.Create(new float[1], [1]).DType);
        Assert.Equal(NativeDType.F64, ArrayInput.Create(new double[1], [1]).DType);
        Assert.Equal(NativeDType.I32, ArrayInput.Create(new int[1], [1]).DType);
        Assert.Equal(NativeDType.I64, ArrayInput.Create(new long[1], [1]).DType);
        Assert.Equal(NativeDType.U8, ArrayInput.Create(new byte[1], [1]).DType);
        Assert.Throws<NotSupportedException>(() => ArrayInput.Create<short>(new short[1], [1]));
    }

    [Fact]
    public void Eight_arrays_fit_and_a_ninth_is_refused()
    {
        var inputs = default(ArrayInputs);
        for (var i = 0; i < ArrayInputs.Capacity; i++)
            inputs.Add(ArrayInput.Create(new float[i + 1], new long[] { i + 1 }));
        for (var i = 0; i < ArrayInputs.Capacity; i++)
            Assert.Equal(4 * (i + 1), inputs[i].Data.Length);
        var refused = false;
        try
        {
            inputs.Add(ArrayInput.Create(new float[1], new long[] { 1 }));
        }
        catch (ArgumentException)
        {
            refused = true;
        }
        Assert.True(refused);
    }

    [Fact]
    public void Texts_of_any_length_go_through()
    {
        Span<byte> scratch = stackalloc byte[8];
        foreach (var text in new[] { "", "grün", new string('ü', 5000) })
        {
            using var encoded = Utf8.Encode(text, scratch);
            Assert.Equal(text, System.Text.Encoding.UTF8.GetString(encoded.Bytes));
        }
    }
}
