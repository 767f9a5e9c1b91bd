using System.Text;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

/// <summary>Image files of fixtures/images against what Pillow (libjpeg-turbo, libpng) decodes from them.</summary>
public sealed class ImageFileTests
{
    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", "images", name);

    private static readonly ImageOptions Gray = new() { Color = ImageColor.Gray };

    /// <summary>Bytes of a binary PPM or PGM, as planes.</summary>
    private static (int Channels, int Height, int Width, byte[] Planes) Expected(string name)
    {
        var bytes = File.ReadAllBytes(PathOf(name + ".pnm"));
        var end = 0;
        for (var lines = 0; lines < 3; end++)
            lines += bytes[end] == '\n' ? 1 : 0;
        var header = Encoding.ASCII.GetString(bytes, 0, end).Split('\n', ' ');
        var (channels, width, height) = (header[0] == "P6" ? 3 : 1, int.Parse(header[1], null), int.Parse(header[2], null));
        var planes = new byte[channels * height * width];
        for (var i = 0; i < planes.Length; i++)
            planes[(i % channels * height * width) + (i / channels)] = bytes[end + i];
        return (channels, height, width, planes);
    }

    /// <summary>Largest difference in levels of 255, and the mean of all.</summary>
    private static (double Worst, double Mean) Difference(string file, string expected, ImageOptions? options = null)
    {
        var (channels, height, width, planes) = Expected(expected);
        var found = ImageFolder.Read(PathOf(file), (options ?? new()) with { Color = channels == 1 ? ImageColor.Gray : ImageColor.Rgb });
        Assert.Equal([1, channels, height, width], found.Shape);
        double[] differences = [.. found.ToSingles().Select((value, i) => Math.Abs(Math.Round(value * 255.0) - planes[i]))];
        return (differences.Max(), differences.Average());
    }

    /// <summary>
    /// JPEG (T.81) leaves the rounding of the IDCT open, and the upsampling of colours altogether. A level in brightness, up to 1.8 in red and blue for a level in a colour
    /// difference; colours that were halved are compared with libjpeg's triangle filter, whose rounding makes one more. A filter that repeats pixels differs by tens at the edge.
    /// </summary>
    [Theory]
    [InlineData("gray", 1, 0.02)]
    [InlineData("gray-progressive", 1, 0.02)]
    [InlineData("baseline-444", 2, 0.05)]
    [InlineData("progressive-444", 2, 0.05)]
    [InlineData("baseline-422", 3, 0.3)]
    [InlineData("progressive-422", 3, 0.3)]
    [InlineData("baseline-420", 3, 0.5)]
    [InlineData("progressive-420", 3, 0.5)]
    [InlineData("restart-420", 3, 0.5)]
    [InlineData("coarse-420", 3, 0.5)]
    public void Jpegs_are_those_of_libjpeg(string name, double worst, double mean)
    {
        var found = Difference(name + ".jpg", name);
        Assert.True(found.Worst <= worst && found.Mean <= mean, $"{name}: {found}");
    }

    /// <summary>The brightness of a colour JPEG is its first component.</summary>
    [Fact]
    public void A_colour_jpeg_in_grey_is_its_luminance()
    {
        var found = Difference("baseline-420.jpg", "baseline-420-luminance");
        Assert.True(found.Worst <= 1 && found.Mean <= 0.02, $"{found}");
    }

    [Theory]
    [InlineData("colours")]
    [InlineData("interlaced")]
    [InlineData("palette")]
    [InlineData("palette-4-bits")]
    [InlineData("black-white")]
    [InlineData("alpha")]
    [InlineData("gray-alpha")]
    [InlineData("gray-16")]
    [InlineData("colours-16")]
    public void Pngs_are_those_of_libpng(string name) => Assert.Equal(0, Difference(name + ".png", name).Worst);

    /// <summary>All eight, in both formats, as Pillow's exif_transpose turns them.</summary>
    [Fact]
    public void Images_are_turned_upright()
    {
        foreach (var name in Enumerable.Range(1, 8).Select(orientation => $"orientation-{orientation}"))
        {
            Assert.Equal(0, Difference(name + ".jpg", name).Worst);
            Assert.Equal(0, Difference(name + ".png", name).Worst);
        }
        Assert.Equal(0, Difference("orientation-big-endian.jpg", "orientation-6").Worst);
        // The expectations are eight different ones.
        Assert.Equal(8, Enumerable.Range(1, 8).Select(i => Convert.ToHexString(File.ReadAllBytes(PathOf($"orientation-{i}.pnm")))).Distinct().Count());
    }

    [Fact]
    public void The_orientation_can_be_left()
    {
        var left = new ImageOptions { ApplyOrientation = false };
        foreach (var format in new[] { "jpg", "png" })
            foreach (var orientation in Enumerable.Range(1, 8))
                Assert.Equal(0, Difference($"orientation-{orientation}.{format}", "orientation-1", left).Worst);
    }

    /// <summary>Turned images have their sizes turned too, so that they do not fit beside the others until they are resized.</summary>
    [Fact]
    public void Sizes_turn_with_the_images()
    {
        string[] files = [PathOf("orientation-1.jpg"), PathOf("orientation-6.jpg")];
        using (var raw = ImageFolder.FromFiles(files, [0, 1], null, Gray with { ApplyOrientation = false }))
            Assert.Equal([2, 1, 16, 24], raw.Data.GetInput().Shape);
        using var turned = ImageFolder.FromFiles(files, [0, 1], null, Gray);
        var error = Assert.Throws<ShapeMismatchException>(() => turned.Data.GetInput());
        Assert.Contains("orientation-6.jpg", error.Message, StringComparison.Ordinal);
        using var resized = ImageFolder.FromFiles(files, [0, 1], null, Gray with { Transforms = [new Resize((8, 8))] });
        Assert.Equal([2, 1, 8, 8], resized.Data.GetInput().Shape);
    }
}
