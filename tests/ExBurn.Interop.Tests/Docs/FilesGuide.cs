using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/files.md, word for word.</summary>
[Collection("current directory")]
public sealed class FilesGuide
{
    [Fact]
    public void Everything_the_text_shows_works()
    {
        using var folder = new TemporaryFolder();
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            File.Copy(Path.Combine(Folders.Reference, "files", "mlp.pt"), "digits.pt");
            using var torch = WeightsFile.Open("digits.pt");
            var (first, second) = (torch.Find("0.weight")!.Shape, torch.Find("2.weight")!.Shape);
            using var model = new Sequential(new Linear((int)first[1], (int)first[0]), new ReLU(), new Linear((int)second[1], (int)second[0]));
            model.Build();
            SaveAndLoad(model, torch);
            Precision(model);
            Json(model);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    [Fact]
    public void A_backbone_comes_from_a_checkpoint()
    {
        using var folder = new TemporaryFolder();
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "fixtures", "files", "checkpoint-ema.pt"), "pretrained.pt");
            using var model = new Sequential(new Linear(3, 4) { Name = "encoder" }, new ReLU(), new Linear(4, 2) { Name = "head" });
            model.Build();
            Backbone(model);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static void SaveAndLoad(Sequential model, WeightsFile torch)
    {
        model.Save("digits.safetensors");
        LoadReport report = model.Load("digits.safetensors");

        LoadReport loaded = model.Load("digits.pt");

        Assert.True(report.IsComplete && loaded.IsComplete);
        Assert.Equal(torch.Read("2.bias").ToSingles(), model.GetState()["2.bias"].ToSingles());
    }

    private static void Backbone(Sequential model)
    {
        LoadReport backbone = model.Load("pretrained.pt", new LoadOptions
        {
            Key = "ema.model",
            Rename = [("module.*", "$1"), ("fc.*", "head.$1")],
            Only = ["encoder.*"],
        });
        model.Freeze("encoder");

        Assert.Equal(["encoder.weight", "encoder.bias"], backbone.Loaded);
    }

    private static void Precision(Sequential model)
    {
        model.Save("half.safetensors", new SaveOptions
        {
            DType = StoredType.Float16,
            Metadata = new Dictionary<string, string> { ["trained-on"] = "mnist" },
        });
        model.Save("large.safetensors", new SaveOptions { MaxShardBytes = 2L << 30 });

        using var file = WeightsFile.Open("half.safetensors");
        foreach (StoredTensor tensor in file.Tensors)
            Console.WriteLine($"{tensor.Name} {tensor.Shape} {tensor.Type}");
        TensorData weight = file.Read("0.weight");
        string trainedOn = file.Metadata["trained-on"];

        Assert.Equal(model.GetState()["0.weight"].Shape, weight.Shape);
        Assert.Equal("mnist", trainedOn);
    }

    private static void Json(Sequential model)
    {
        var before = model.ExportState();
        model.ExportJson("digits.json");
        model.ImportJson("digits.json");
        Assert.Equal(before, model.ExportState());
    }
}
