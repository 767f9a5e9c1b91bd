namespace ExBurn;

/// <summary>How <see cref="MnistDataset"/> lays out its images for a model.</summary>
public enum MnistLayout
{
    /// <summary>One row of rows x columns pixels per image: [count, 784].</summary>
    Flat,

    /// <summary>Channels first, one grey channel: [count, 1, 28, 28].</summary>
    Image,
}
