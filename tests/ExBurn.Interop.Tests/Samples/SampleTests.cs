using System.Globalization;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Samples;

/// <summary>The samples do what they say, on the data that ship with the project.</summary>
public sealed class SampleTests
{
    [Fact]
    public void Stopping_distances_are_those_of_the_book()
    {
        var rows = File.ReadLines(Distances).Skip(1).Select(line => line.Split(',')).ToArray();
        var speeds = rows.Select(row => double.Parse(row[0], CultureInfo.InvariantCulture)).ToArray();
        var distances = rows.Select(row => double.Parse(row[1], CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal((50, 15.4, 42.98), (rows.Length, speeds.Average(), distances.Average()));
        var products = speeds.Zip(distances, (x, y) => (x - 15.4) * (y - 42.98)).Sum();
        Assert.Equal(3.9324, products / speeds.Sum(x => (x - 15.4) * (x - 15.4)), 4);
    }

    [Fact]
    public void Regression_learns_how_far_a_car_goes()
    {
        var text = new StringWriter();
        var found = ExBurn.Samples.Regression.Program.Run(Distances, text);
        // The line's figures follow from the data: residuals of 15.38 ft with 48 degrees of freedom.
        Assert.Equal(15.3796 * Math.Sqrt(48 / 50.0), found.LineError, 3);
        Assert.InRange(found.Error, 12, 15.4);
        Assert.InRange(found.R2, 0.63, 0.78);
        // The parabola through the data, 2.47 + 0.913 v + 0.1 v², gives 9.5, 38.7 and 87.8 ft.
        Assert.InRange(found.At5, 0, 20);
        Assert.InRange(found.At15, 30, 47);
        Assert.InRange(found.At25, 70, 105);
        Assert.Contains("distance = -17.5791 + 3.9324 speed", text.ToString());
    }

    [Fact]
    public void A_loop_of_ones_own_learns_digits()
    {
        var text = new StringWriter();
        var accuracy = ExBurn.Samples.CustomLoop.Program.Run(Folders.MnistSubset, epochs: 4, digits: 3000, text);
        Assert.True(accuracy > 0.88, $"{accuracy}\n{text}");
        Assert.Contains("epoch 4", text.ToString());
        Assert.Contains("backward", text.ToString());
    }

    private static string Distances => Path.Combine(AppContext.BaseDirectory, "stopping-distances", "stopping-distances.csv");
}
