using System.Globalization;
using ExBurn.Tests.Checkpoints;

// fit SAVE EPOCHS RESUME|- STEPS|0 [FOLDER]: trains the scenario, prints its history as CSV, saves a checkpoint
// save PATH: trains an epoch and saves, again and again, until it is killed; says "saved" after the first
switch (args)
{
    case ["fit", var save, var epochs, var resume, var steps, .. var folder]:
        using (var scenario = new Scenario())
        {
            var history = scenario.Fit(
                int.Parse(epochs, CultureInfo.InvariantCulture), resume == "-" ? null : resume, long.Parse(steps, CultureInfo.InvariantCulture), folder.FirstOrDefault());
            scenario.Trainer.SaveCheckpoint(save);
            Console.Write(history.ToCsv());
        }
        return 0;
    case ["save", var path]:
        using (var scenario = new Scenario())
        {
            for (var i = 0; ; i++)
            {
                scenario.Fit(1, null, 0, null);
                for (var k = 0; k < 20; k++)
                    scenario.Trainer.SaveCheckpoint(path);
                if (i == 0)
                    Console.WriteLine("saved");
            }
        }
    default:
        return 2;
}
