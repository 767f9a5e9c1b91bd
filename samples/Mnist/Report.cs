using System.Globalization;
using System.Text;
using Spectre.Console;

namespace ExBurn.Samples.Mnist;

/// <summary>What is shown after training: how the digits were confused, and a few of them with the prediction.</summary>
internal static class Report
{
    private const int Digits = 10;
    private const string Shades = " .:-=+*#%@";

    /// <summary>A table of true digits (rows) against predicted ones (columns), with the share found of each.</summary>
    public static void Confusion(MnistDataset test, IReadOnlyList<int> predicted)
    {
        var counts = new int[Digits, Digits];
        for (var i = 0; i < test.Count; i++)
            counts[test.Label(i), predicted[i]]++;

        var table = new Table().Border(TableBorder.Simple).Title("confusion matrix: row = digit, column = prediction");
        table.AddColumn("");
        for (var digit = 0; digit < Digits; digit++)
            table.AddColumn(new TableColumn($"{digit}").RightAligned());
        table.AddColumn(new TableColumn("found").RightAligned());
        for (var row = 0; row < Digits; row++)
        {
            var total = Enumerable.Range(0, Digits).Sum(column => counts[row, column]);
            var cells = Enumerable.Range(0, Digits).Select(column => Cell(counts[row, column], row == column));
            var found = total == 0 ? "" : (100.0 * counts[row, row] / total).ToString("F1", CultureInfo.InvariantCulture) + " %";
            table.AddRow([$"[bold]{row}[/]", .. cells, found]);
        }
        AnsiConsole.Write(table);
    }

    /// <summary>Draws three digits that were recognised and three that were not, side by side.</summary>
    public static void Samples(MnistDataset test, IReadOnlyList<int> predicted)
    {
        var all = Enumerable.Range(0, test.Count).ToArray();
        Row("recognised", test, predicted, [.. all.Where(i => predicted[i] == test.Label(i)).Take(3)]);
        Row("mistaken", test, predicted, [.. all.Where(i => predicted[i] != test.Label(i)).Take(3)]);
    }

    private static string Cell(int count, bool diagonal) =>
        count == 0 ? "[grey].[/]" : diagonal ? $"[green]{count}[/]" : $"[yellow]{count}[/]";

    private static void Row(string title, MnistDataset test, IReadOnlyList<int> predicted, int[] which)
    {
        if (which.Length == 0)
            return;
        var text = new StringBuilder();
        text.Append(title).AppendLine(":");
        foreach (var i in which)
            text.Append($"digit {test.Label(i)}, predicted {predicted[i]}".PadRight(test.Columns + 2));
        text.AppendLine();
        // Two pixel rows in one line of text: a character is about twice as high as wide.
        for (var row = 0; row + 1 < test.Rows; row += 2)
        {
            foreach (var i in which)
            {
                var image = test.Image(i);
                for (var column = 0; column < test.Columns; column++)
                {
                    var ink = (image[(row * test.Columns) + column] + image[((row + 1) * test.Columns) + column]) / 2;
                    text.Append(Shades[ink * (Shades.Length - 1) / 255]);
                }
                text.Append("  ");
            }
            text.AppendLine();
        }
        Console.WriteLine(text.ToString());
    }
}
